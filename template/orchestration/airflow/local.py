"""Airflow on this machine, for `make airflow`: its services, until Ctrl-C stops them.

What `airflow standalone` does, but without an open port of its log servers on every network, and
with the many lines that the services print in .home/logs/ instead of here. AIRFLOW__API__PORT is
the port of its page, by default 8080.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PORT = int(os.environ.get("PORT") or 8080)
URL = f"http://127.0.0.1:{PORT}"
SERVICES = {
    "api-server": ["--host", "127.0.0.1"],
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
}
SECONDS = 120  # until all services have to be well
GRACE = 20  # seconds that a service has to stop


def port_is_free() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) != 0


def well() -> bool:
    """Whether each service says so of itself."""
    try:
        with urllib.request.urlopen(f"{URL}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except (OSError, ValueError):
        return False
    return all(health[name]["status"] == "healthy" for name in ("scheduler", "dag_processor"))


def start(name: str, logs: Path) -> subprocess.Popen:
    """A service in a process group of its own: Ctrl-C in the terminal reaches only this program."""
    command = [Path(sys.executable).with_name("airflow"), name, *SERVICES[name]]
    variables = {
        **os.environ,
        "AIRFLOW__API__PORT": str(PORT),
        "AIRFLOW__API__BASE_URL": URL,
    }
    with (logs / f"{name}.log").open("w") as log:
        return subprocess.Popen(
            command, env=variables, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )


def stop(services: dict[str, subprocess.Popen]) -> None:
    for service in services.values():
        service.terminate()
    until = time.monotonic() + GRACE
    for service in services.values():
        try:
            service.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(service.pid, signal.SIGKILL)  # what it started and left
        except ProcessLookupError:
            pass
        service.wait()


def main() -> int:
    if not port_is_free():
        print(f"Port {PORT} is taken. Choose another: PORT=8081 make airflow")
        return 1
    logs = Path(__file__).resolve().parent / ".home" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    services: dict[str, subprocess.Popen] = {}
    try:
        print("Starting Airflow ...", flush=True)
        for name in SERVICES:
            services[name] = start(name, logs)
        started, told = time.monotonic(), False
        while True:
            time.sleep(1)
            for name, service in services.items():
                if service.poll() is not None:
                    print((logs / f"{name}.log").read_text("utf-8", "replace")[-2000:])
                    print(f"Airflow's {name} ended: see above, and {logs}.")
                    return 1
            if not told and well():
                print(f"Airflow is at {URL}, without a password. Switch the DAG on there.")
                print("Ctrl-C stops it.", flush=True)
                told = True
            if not told and time.monotonic() - started > SECONDS:
                print(f"Airflow was not ready after {SECONDS} s: see {logs}.")
                return 1
    except KeyboardInterrupt:
        print("\nStopping Airflow ...", flush=True)
        return 0
    finally:
        stop(services)


if __name__ == "__main__":
    sys.exit(main())

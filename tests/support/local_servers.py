"""Servers that a project starts on this machine (`make airflow`, `make dagster`), and talks with them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

READY = 150  # seconds that a server has to come up, on a busy machine
RUN = 400  # seconds that a run may take


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(url: str, data: Any = None, method: str | None = None, **headers: str) -> Any:
    """The JSON that an address answers; `data` is sent as JSON."""
    body = None if data is None else json.dumps(data).encode()
    headers["Content-Type"] = "application/json"
    asked = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def wait_for(what: Callable[[], Any], seconds: float, process: subprocess.Popen, log: Path) -> Any:
    """What `what` returns once it is true; the process has to live until then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if found := what():
                return found
        except OSError:
            pass  # nobody answers yet
        time.sleep(0.5)
    raise AssertionError(f"not there after {seconds} s\n{log.read_text()}")


@contextmanager
def started(
    target: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen, Path]]:
    """`make target` in a project's folder: its process and its log. Ctrl-C ends it, as typed.

    Nothing that it started may be left a few seconds later.
    """
    log = folder / f"{target}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", target], cwd=folder, env=environment, start_new_session=True,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    alive: list[psutil.Process] = []
    try:
        yield process, log
    finally:
        below = psutil.Process(process.pid).children(recursive=True)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        finally:
            _, alive = psutil.wait_procs(below, timeout=10)
            for left in alive:
                left.kill()
    assert not alive, f"left behind: {alive}\n{log.read_text()}"


def addresses(process: subprocess.Popen) -> set[tuple[str, int]]:
    """Where a process and those below it take connections."""
    started = psutil.Process(process.pid)
    pids = {each.pid for each in (started, *started.children(recursive=True))}
    found = psutil.net_connections("inet")
    return {tuple(each.laddr) for each in found if each.status == "LISTEN" and each.pid in pids}


class Airflow:
    """The interface of an Airflow that lets everybody in, with one DAG."""

    def __init__(self, port: int, dag_id: str):
        self.url = f"http://127.0.0.1:{port}"
        self.dag = f"/dags/{dag_id}"

    def call(self, path: str, data: Any = None, method: str | None = None) -> Any:
        token = request(f"{self.url}/auth/token")["access_token"]
        authorization = {"Authorization": f"Bearer {token}"}
        return request(f"{self.url}/api/v2{path}", data, method, **authorization)

    def dags(self) -> list[dict]:
        return self.call("/dags")["dags"]

    def start_run(self, **conf: Any) -> Callable[[], dict | None]:
        """Start a run; the function returns it once it is over."""
        self.call(self.dag, {"is_paused": False}, "PATCH")
        run = self.call(f"{self.dag}/dagRuns", {"logical_date": None, "conf": conf})
        path = f"{self.dag}/dagRuns/{run['dag_run_id']}"

        def over() -> dict | None:
            now = self.call(path)
            return now if now["state"] in ("success", "failed") else None

        return over

    def scheduled_runs(self) -> list[dict]:
        """The runs that the scheduler started, once there are some and all are over."""
        runs = self.call(f"{self.dag}/dagRuns?run_type=scheduled")["dag_runs"]
        over = all(run["state"] in ("success", "failed") for run in runs)
        return runs if over else []

"""From nothing to the answers on this machine: `make demo`, `SF=0.1 make demo`.

Makes the data, builds every model, prints the answers and draws the dashboard, if the project has
one; always on the target `local`. Says how long each step took, and at the end where everything is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

from data import MARKER, data_folder, has_tpch, write_marker
from settings import PROJECT, Problem, run_program

DASHBOARD = PROJECT / "dashboard" / "render.py"
BUILD_LINE = re.compile(r"\b(\d+) of (\d+) (?!START)")


def step(name: str, run: Callable[[], object]) -> None:
    """Run a step of the demo, and say how long it took."""
    start = time.monotonic()
    print(f"== {name} ...", flush=True)
    run()
    print(f"== {name} took {time.monotonic() - start:.1f} s\n", flush=True)


def script(path: str) -> None:
    """Run a program of the project, with its output as it is."""
    if subprocess.run([sys.executable, path], check=False).returncode:
        raise Problem(f"The demo stopped in {path}: see its message above.")


def build() -> None:
    """Run `dbt build` with one line that counts, and all of its output only when it fails."""
    output = []
    shown = 0.0
    # a terminal gets one line that changes, a log a line every few seconds
    end, pause = ("\r", 0.2) if sys.stdout.isatty() else ("\n", 5)
    dbt = Path(sysconfig.get_path("scripts")) / "dbt"
    with subprocess.Popen(
        [str(dbt), "--no-use-colors", "build"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        for line in process.stdout:
            output.append(line)
            found = BUILD_LINE.search(line)
            last = found and found[1] == found[2]
            if found and (last or time.monotonic() - shown >= pause):
                print(f"  {found[1]:>4} of {found[2]}", end=end, flush=True)
                shown = time.monotonic()
    summary = [line.split("  ", 1)[-1].strip() for line in output if "Done. PASS=" in line]
    if process.returncode:
        sys.stdout.writelines(output)
        raise Problem("The demo stopped at the build: see dbt's messages above.")
    print(f"  {''.join(summary):<40}")


def database() -> Path:
    """The DuckDB file of the local target."""
    return PROJECT / (os.environ.get("LOCAL_DUCKDB") or "data/local.duckdb")


def set_aside_old_database() -> None:
    """Begin with a new database when the data was replaced by another scale since the last demo.

    Incremental models and the snapshot would otherwise keep rows of the old data.
    """
    if not has_tpch():
        return
    folder = data_folder()
    marker = json.loads((folder / MARKER).read_text("utf-8"))
    if marker.get("rebuild") and database().exists():
        old = database().with_name(database().name + ".old")
        database().replace(old)
        print(f"The data is of another scale now: the old database is kept as {old}.\n")
    write_marker(folder, **{**marker, "rebuild": False})


def main() -> None:
    start = time.monotonic()
    os.environ["DBT_TARGET"] = "local"
    step("data", lambda: script("scripts/data.py"))
    set_aside_old_database()
    step("build", build)
    step("answers", lambda: script("scripts/answers.py"))
    if DASHBOARD.is_file():
        step("dashboard", lambda: script(str(DASHBOARD)))
    print(f"The demo took {time.monotonic() - start:.1f} s. Look at:")
    print(f"  project   {PROJECT}")
    print(f"  database  {database()}")
    print(f"  answers   {PROJECT / 'answers'}")
    if DASHBOARD.is_file():
        print(f"  dashboard {DASHBOARD.parent / 'build' / 'index.html'}")


if __name__ == "__main__":
    run_program(main, "Interrupted.")

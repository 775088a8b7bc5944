"""Render a project with the default answers into build/demo, and run its `make install demo`.

The template is taken as it stands in the working tree, uncommitted changes included: its files are
copied to build/template first, because Copier would take the newest tag of a git repository. No
settings of the developer take part. What a demo before has left (environment, data, database) is
used again; everything else in build/demo is rendered anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "build" / "template"
PROJECT = ROOT / "build" / "demo"
PARTS = ("copier.yml", "includes", "template", "hooks")
KEPT = (".venv", ".env", "data", "target", "logs")


def export_template() -> None:
    """Copy the parts of the template that Copier reads to build/template."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            skip = shutil.ignore_patterns("__pycache__", ".ruff_cache")
            shutil.copytree(ROOT / part, SOURCE / part, ignore=skip, symlinks=True)
        elif (ROOT / part).exists():
            shutil.copy2(ROOT / part, SOURCE / part)


def environment() -> dict[str, str]:
    """The environment of the demo: without settings that are meant for another project."""
    settings = SOURCE / "no-settings.yml"
    settings.write_text("{}\n", "utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DBT_") and name not in ("TPCH_DATA", "LOCAL_DUCKDB", "PYTHONPATH")
    }
    return {**kept, "COPIER_SETTINGS_PATH": str(settings)}


def render() -> None:
    """Render build/demo with the default answers."""
    export_template()
    PROJECT.mkdir(parents=True, exist_ok=True)
    for path in PROJECT.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    command = ["copy", "--defaults", "--overwrite", "--quiet", str(SOURCE), str(PROJECT)]
    run([sys.executable, "-m", "copier", *command])


def run(command: list[str]) -> None:
    """Run a command in the environment of the demo; exits as it does when it fails."""
    done = subprocess.run(command, check=False, env=environment())
    if done.returncode:
        sys.exit(done.returncode)


def step(name: str, action: Callable[[], None]) -> None:
    """Run a step, and say how long it took."""
    start = time.monotonic()
    print(f"== {name} ...", flush=True)
    action()
    print(f"== {name} took {time.monotonic() - start:.1f} s\n", flush=True)


def main() -> None:
    start = time.monotonic()
    step("render", render)
    step("install", lambda: run(["make", "--no-print-directory", "-C", str(PROJECT), "install"]))
    run(["make", "--no-print-directory", "-C", str(PROJECT), "demo"])
    print(f"\nFrom the template to the answers: {time.monotonic() - start:.1f} s.")


if __name__ == "__main__":
    main()

"""Environments of other programs (Airflow, Dagster), made from the locks that a project carries."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import rendering

FOLDER = rendering.ROOT / "build" / "environments"
PYTHONS = ("3.11", "3.12", "3.13")
"""What the template promises to run on, the newest last."""


@cache
def interpreter(version: str) -> str | None:
    """The path of a Python of that version, from pyenv or from where uv finds it; None without one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in sorted(pyenv.glob(f"{version}.*/bin/python")):
        return str(path)
    search = ["uv", "python", "find", "--no-project", "--no-python-downloads", version]
    done = subprocess.run(search, check=False, capture_output=True, text=True)
    return done.stdout.strip() or None


def python_of(lock: bytes, name: str) -> Path:
    """The Python of an environment with exactly the packages of a lock; made once, then kept.

    Older environments of the same name are removed.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = FOLDER / f"{name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    with (FOLDER / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # workers of xdist share them
        if not (folder / ".made-from").is_file():
            for old in FOLDER.glob(f"{name}-*"):
                shutil.rmtree(old)
            requirements = FOLDER / f"{name}.txt"
            requirements.write_bytes(lock)
            venv = ["uv", "venv", "--quiet", "--no-project", "--python", sys.executable, folder]
            subprocess.run(venv, check=True)
            subprocess.run(
                ["uv", "pip", "sync", "--quiet", "--python", folder / "bin" / "python"]
                + ["--require-hashes", requirements],
                check=True,
            )
            # as scripts/environment.sh of a project leaves it
            made_from = subprocess.run(
                ["cksum"], input=lock, check=True, capture_output=True
            ).stdout
            (folder / ".made-from").write_bytes(made_from)
    return folder / "bin" / "python"


def lend(folder: Path) -> None:
    """Give a project the environment of the tests as its own, so that make installs nothing."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "dbt"):  # no links: Python would not know its environment
        own = Path(sys.executable).with_name(name)
        (programs / name).write_text(f'#!/bin/sh\nexec "{own}" "$@"\n')
        (programs / name).chmod(0o755)
    (folder / ".venv" / ".made-from").touch()


def link(folder: Path, orchestrator: str) -> None:
    """Give a project environments that are there already: the tests' own, and an orchestrator's."""
    lend(folder)
    place = folder / "orchestration" / orchestrator
    python = python_of((place / "requirements.txt").read_bytes(), orchestrator)
    (place / ".venv").symlink_to(python.parent.parent)

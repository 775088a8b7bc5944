"""A project for PostgreSQL on the server of `postgres.running`: its answers, its files run, its load."""

import os
import subprocess
import sys
from pathlib import Path

from . import postgres
from .engine_project import EngineProject

ANSWERS = {"warehouse": "postgres", "elementary": False}
DATABASE = "analytics"
SERVICES = ("loader", "transformer", "reporter")
PASSWORD = "of-a-test"


def psql(server: postgres.Server, folder: Path, file: str) -> subprocess.CompletedProcess:
    """Run a file of warehouse/ in the way that its first lines tell."""
    return subprocess.run(
        ["psql", "--dbname", DATABASE, "--set", "ON_ERROR_STOP=1", "--single-transaction"]
        + ["--quiet", "--file", f"warehouse/{file}"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PGHOST": postgres.HOST,
            "PGPORT": str(server.port),
            "PGUSER": "postgres",
            "PGPASSWORD": server.password,
        },
        check=False,
        capture_output=True,
        text=True,
    )


def load(
    project: EngineProject, server: postgres.Server, fails: bool = False, user: str = "loader"
) -> str:
    """Run `make load`'s program as the loader, or as another."""
    with project.using(**server.settings(f"{user}_service", PASSWORD, role=user)):
        return project.run(sys.executable, "scripts/load.py", fails=fails)

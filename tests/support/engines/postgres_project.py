"""A project for PostgreSQL on the server of `postgres.running`: its answers, its files run, its load."""

import os
import subprocess
import sys
from pathlib import Path

from . import postgres
from .engine_project import EngineProject

ANSWERS = {"warehouse": "postgres", "elementary": False}
DATABASE = "analytics"
SERVICES = {
    "loader": "loader_service",
    "transformer": "transformer_service",
    "developer": "ci_service",
    "reporter": "reporter_service",
}
"""The service user of each role."""
PASSWORD = "of-a-test"
ADMINISTRATOR = "administrator"
"""Who runs the files: the owner of the database, who may make roles and databases, and nothing else."""


def make_database(server: postgres.Server) -> None:
    server.query("postgres", f"create role {ADMINISTRATOR} login createrole createdb")
    server.query("postgres", f"alter role {ADMINISTRATOR} password '{PASSWORD}'")
    server.query("postgres", f"create database {DATABASE}", user=ADMINISTRATOR, password=PASSWORD)


def psql(
    server: postgres.Server, folder: Path, file: str, user: str = ADMINISTRATOR, **options: str
) -> subprocess.CompletedProcess:
    """Run a file of warehouse/ in the way that its first lines tell."""
    return subprocess.run(
        ["psql", "--dbname", DATABASE, "--set", "ON_ERROR_STOP=1", "--single-transaction"]
        + ["--quiet", "--file", f"warehouse/{file}"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PGHOST": postgres.HOST,
            "PGPORT": str(server.port),
            "PGUSER": user,
            "PGPASSWORD": PASSWORD if user == ADMINISTRATOR else server.password,
            **options,
        },
        check=False,
        capture_output=True,
        text=True,
    )


def load(
    project: EngineProject, server: postgres.Server, fails: bool = False, user: str = "loader"
) -> str:
    """Run `make load`'s program as the loader, or as another."""
    with project.using(**server.settings(SERVICES[user], PASSWORD, role=user)):
        return project.run(sys.executable, "scripts/load.py", fails=fails)

"""Airflow for the tests: an environment of its own, a probe that runs in it, projects to ask about."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import rendering
from environments import python_of
from projects import (
    Project,
)

PROBE = Path(__file__).with_name("airflow_probe.py")
DAGS = "orchestration/airflow/dags"
LOCK = "orchestration/airflow/requirements.txt"
BIN = Path(sys.executable).parent
MANIFEST = {"airflow_style": "manifest"}


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory) -> Path:
    """A folder with Airflow's database, made once; each use takes a copy."""
    python = python_of(rendering.render({})[LOCK].content, "airflow")
    home = tmp_path_factory.mktemp("airflow")
    subprocess.run(
        [python.with_name("airflow"), "db", "migrate"],
        env={**os.environ, "AIRFLOW_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    return home


@pytest.fixture(scope="module")
def airflow(airflow_home):
    """A function that asks airflow_probe.py; returns each answer and what was printed before it."""
    python = python_of(rendering.render({})[LOCK].content, "airflow")

    def ask(*arguments: str | Path, **environment: str) -> list[tuple[dict, str]]:
        done = subprocess.run(
            [python, PROBE, *arguments],
            check=False,
            env={**os.environ, "AIRFLOW_HOME": str(airflow_home), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stdout
        parts = re.split(r"^=== (.*)$", done.stdout, flags=re.MULTILINE)
        return [
            (json.loads(answer), printed)
            for printed, answer in zip(parts[::2], parts[1::2], strict=False)
        ]

    return ask


@dataclass
class Run:
    """A DAG run to be made: of the project in a folder, with its parameters and variables."""

    folder: Path
    variables: dict[str, str]
    conf: dict = field(default_factory=dict)


def run(airflow, *runs: Run) -> list[tuple[dict, str]]:
    """Make the runs, one after the other; the answers of the probe."""
    made = [[str(each.folder / DAGS), each.conf, each.variables] for each in runs]
    return airflow("run", json.dumps(made))


def written(answers: dict, folder: Path) -> Path:
    return rendering.write(rendering.render(answers), folder)


def parsed(built: Project, answers: dict, folder: Path) -> Path:
    """A project with these answers, and the manifest of the project that the tests built."""
    written(answers, folder)
    (folder / "target").mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copy(built.folder / "target" / name, folder / "target" / name)
    return folder


def switch(folder: Path, fuse: bool) -> None:
    path = folder / "orchestration" / "schedule.yml"
    path.write_text(path.read_text().replace("fuse: false", f"fuse: {str(fuse).lower()}"))

"""Airflow for the tests: an environment of its own, a probe that runs in it, projects to ask about."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import rendering
from projects import Project
from virtual_environments import python_of

PROBE = Path(__file__).with_name("airflow_probe.py")
DAGS = "orchestration/airflow/dags"
LOCK = "orchestration/airflow/requirements.txt"
BIN = Path(sys.executable).parent
MANIFEST = {"airflow_style": "manifest"}
LONGEST = 500  # seconds that an answer may take, on a busy machine


def python() -> Path:
    """The Python of Airflow's environment."""
    return python_of(rendering.render({})[LOCK].content, "airflow")


class Probe:
    """airflow_probe.py, at work until `stop`; `work` is describe or run."""

    def __init__(self, work: str, home: Path):
        self.process = subprocess.Popen(
            [python(), PROBE, work], env={**os.environ, "AIRFLOW_HOME": str(home)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def ask(self, *question: Any) -> tuple[dict, str]:
        """The answer, and what was printed before it."""
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        too_late = Timer(LONGEST, self.process.kill)
        too_late.start()
        printed = []
        try:
            for line in self.process.stdout:
                if line.startswith("=== "):
                    return json.loads(line[4:]), "".join(printed)
                printed.append(line)
        finally:
            too_late.cancel()
        raise AssertionError("".join(printed))  # it has ended

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass
class Run:
    """A DAG run to be made: of the project in a folder, with its parameters and variables."""

    folder: Path
    variables: dict[str, str]
    conf: dict = field(default_factory=dict)


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """A function that tells what Airflow makes of folders of DAGs, under some variables."""
    probe = Probe("describe", tmp_path_factory.mktemp("airflow"))  # it needs no database
    yield lambda *folders, **variables: [probe.ask(str(each), variables)[0] for each in folders]
    probe.stop()


@pytest.fixture(scope="module")
def dag_run(tmp_path_factory):
    """A function that makes a run: what became of it, and what it printed."""
    home = tmp_path_factory.mktemp("airflow")
    subprocess.run(
        [python().with_name("airflow"), "db", "migrate"],
        env={**os.environ, "AIRFLOW_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    probe = Probe("run", home)
    yield lambda made: probe.ask(str(made.folder / DAGS), made.variables, made.conf)
    probe.stop()


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

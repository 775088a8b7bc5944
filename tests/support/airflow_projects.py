"""Airflow for the tests: an environment of its own, a probe that runs in it, projects to ask about."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from types import MappingProxyType
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
LONGEST = 1500  # seconds that an answer may take, on a machine that does other things too


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


def airflow(*command: str, home: Path, **variables: str) -> str:
    """What a command of Airflow prints, with its database in `home`."""
    return subprocess.run(
        [python().with_name("airflow"), *command],
        env={**os.environ, "AIRFLOW_HOME": str(home), **variables},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout


@pytest.fixture(scope="module")
def dag_runs(tmp_path_factory):
    """A function that runs each DAG in a folder: what became of them, and what they printed."""
    home = tmp_path_factory.mktemp("airflow")
    airflow("db", "migrate", home=home)
    probe = Probe("run", home)
    yield lambda folder, variables, conf: probe.ask(str(folder), variables, conf)
    probe.stop()


@pytest.fixture(scope="module")
def dag_run(dag_runs):
    """A function that makes a run: what became of it, and what it printed."""

    def run(made: Run) -> tuple[dict, str]:
        done, printed = dag_runs(made.folder / DAGS, made.variables, made.conf)
        [only] = done.values()
        return only, printed

    return run


def written(answers: dict, folder: Path) -> Path:
    return rendering.write(rendering.render(answers), folder)


def parsed(built: Project, answers: dict, folder: Path) -> Path:
    """A project with these answers, and the manifest of the project that the tests built."""
    written(answers, folder)
    (folder / "target").mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copy(built.folder / "target" / name, folder / "target" / name)
    return folder


def write_manifest(
    project: Path, slug: str, meta: Mapping[str, dict] = MappingProxyType({})
) -> None:
    """A manifest of the project's models, of which two are built; `meta` by a model's name."""
    nodes = {}
    for path in sorted((project / "models").rglob("*.sql")):
        text = path.read_text().strip().encode()
        built = path.stem in ("stg_tpch__orders", "fct_orders")
        nodes[f"model.{slug}.{path.stem}"] = {
            "name": path.stem,
            "resource_type": "model",
            "package_name": slug,
            "fqn": [slug, path.stem],
            "description": "One of them.",
            "original_file_path": path.relative_to(project).as_posix(),
            "checksum": {"checksum": hashlib.sha256(text).hexdigest()},
            "config": {
                "materialized": "table" if built else "ephemeral",
                "meta": meta.get(path.stem, {}),
            },
        }
    manifest = {"metadata": {"project_name": slug}, "nodes": nodes, "parent_map": {}}
    (project / "target").mkdir(exist_ok=True)
    (project / "target" / "manifest.json").write_text(json.dumps(manifest))


def switch(folder: Path, fuse: bool) -> None:
    path = folder / "orchestration" / "schedule.yml"
    path.write_text(path.read_text().replace("fuse: false", f"fuse: {str(fuse).lower()}"))

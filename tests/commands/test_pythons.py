"""Every Python that the template promises, 3.11 to 3.13, with every lock that it ships.

The tests run on one of them, and test_windows.py takes a project through all its programs on the newest.
"""

import os
import re
from pathlib import Path

import pytest
import rendering
from documented_commands import typed
from independent_sql.queries import NAMES
from parsing import ELEMENTARY_STUB, EXAMPLE_FILE, environment
from virtual_environments import PYTHONS, interpreter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("TEST_ALL" not in os.environ, reason="takes minutes: TEST_ALL=1 runs it"),
]


def python_of(version: str) -> str:
    python = interpreter(version)
    return python or pytest.skip(f"there is no Python {version} on this machine")


def installed(version: str, answers: dict, folder: Path) -> Path:
    """A project in git after `make install` with that Python: the shipped lock, hashes checked."""
    rendering.write(rendering.render(answers), folder)
    typed("git init -q && git add -A && git commit -qm All", folder)
    printed = typed(
        "make install", folder, PYTHON=python_of(version), PACKAGES_FOLDER=str(ELEMENTARY_STUB)
    )
    assert f"Making .venv with Python {version}." in printed
    return folder


# refreshed, because uv takes a folder for unchanged as long as its pyproject.toml is
HAND_OVER = (
    "uvx --refresh-package customer-360-template --python .venv/bin/python "
    f"--from {rendering.ROOT} customer-360 handover ."
)
COMMANDS = (
    "make build",
    HAND_OVER,  # runs answers, dashboard and docs
    "make schedule",
    "make yaml-check",
    "make lint SQL=analysis/q06_cac_by_segment.sql",  # all of it is linted in test_lint.py
    "SKIP=sql .venv/bin/prek run --all-files",
    "! make update-check",  # it was not made by copier copy
)


@pytest.mark.parametrize("warehouse", rendering.choices("warehouse"))
@pytest.mark.parametrize("version", PYTHONS)
def test_a_project_is_built_and_looked_after(version, warehouse, tmp_path, tpch_data):
    """On the local twin; the adapter of its warehouse, to which there is no connection, parses."""
    folder = installed(version, {"warehouse": warehouse, "elementary": False}, tmp_path / "project")
    data = {"TPCH_DATA": str(tpch_data)}
    assert f"Python {version}." in typed("make doctor", folder, **data)
    for command in COMMANDS:
        typed(command, folder, **data)
    assert {path.stem for path in (folder / "answers").glob("*.csv")} == set(NAMES)
    assert typed("git status --porcelain", folder) == ""
    settings = environment((folder / EXAMPLE_FILE).read_bytes())
    del settings["PATH"]
    typed("dbt parse --no-partial-parse --target dev", folder, **settings)


@pytest.mark.parametrize("warehouse", rendering.choices("warehouse"))
@pytest.mark.parametrize("version", PYTHONS)
def test_elementary_is_installed(version, warehouse, tmp_path):
    folder = installed(version, {"warehouse": warehouse, "elementary": True}, tmp_path / "project")
    assert "0.25.1" in typed("edr --version", folder)
    typed("dbt parse", folder)


@pytest.mark.parametrize("orchestrator", ["airflow", "dagster"])
@pytest.mark.parametrize("version", PYTHONS)
def test_an_orchestrator_finds_its_definitions(version, orchestrator, tmp_path, tpch_data):
    """Its environment has the Python of the project."""
    folder = installed(version, {"orchestrator": orchestrator}, tmp_path / "project")
    if orchestrator == "dagster":
        assert "All definitions loaded successfully" in typed("make dagster-check", folder)
        return
    printed = typed("make airflow-test", folder, TPCH_DATA=str(tpch_data))
    assert re.search(r"state=success|DagRun Finished.*success", printed)


@pytest.mark.parametrize("version", PYTHONS)
def test_the_template_itself(version, template_repository, tmp_path):
    """What renders, and the migrations, in an environment from the lock for tests."""
    folder = tmp_path / "template"
    typed(f"git clone -q file://{template_repository} {folder}", rendering.ROOT)
    typed("make setup", folder, PYTHON=python_of(version))
    typed(
        "python -m pytest -n 0 -q tests/copy/test_render.py tests/lifecycle/test_migrations.py",
        folder,
    )

"""Every command that a README tells its reader to type, and every make target, is run.

Here, in the order in which a newcomer would type them, or in the test that ELSEWHERE names. A
command that is in a README and in neither place fails `test_every_command_has_a_place`; so does a
target of make. To add one: run it here (ORDER), or say where it is run (ELSEWHERE, TARGETS_ELSEWHERE).
"""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
import rendering
from documented_commands import commands, targets, typed
from projects import output

pytestmark = pytest.mark.slow

README = rendering.ROOT / "README.md"
PROJECT_PAGES = ("README.md", "docs/manual.md")
TESTS = rendering.ROOT / "tests"
PLACEHOLDERS = {"<name>": "segment_summary", "../other": "../tpch"}

# What a newcomer types, in this order, in a project with the default answers.
ORDER = (
    "make",
    "make schedule",
    "make deps",
    "make source",
    "make doctor",
    "make load",
    "make build",
    "make build FULL_REFRESH=1",
    "make build SELECT=fct_orders+",
    "make build SELECT=<name>",
    "TPCH_DATA=../other make build",
    "make test",
    "make answers",
    "make dashboard",
    "make docs",
    "make handover",
    "make yaml",
    "make lint yaml-check",
    "make format",
    "make update-check",
    "make lock",
    "SF=1 make data",
    "make clean",
)

PARTS = {
    "make lint": "make lint yaml-check",
    "make yaml-check": "make lint yaml-check",
}
"""Commands that are run as a part of another, which is in ORDER."""

ELSEWHERE = {
    "make install": "test_install.py::test_install_makes_env_from_the_example",
    "source .venv/bin/activate": "test_install.py::test_tools_work_as_typed_after_activating",
    "dbt debug": "test_install.py::test_tools_work_as_typed_after_activating",
    "dbt seed": "test_install.py::test_tools_work_as_typed_after_activating",
    "dbt run": "test_install.py::test_tools_work_as_typed_after_activating",
    "dbt test": "test_install.py::test_tools_work_as_typed_after_activating",
    "dbt build": "test_windows.py::test_it_can_be_typed_behind_uv_run",
    "make source-scan SYSTEM=shop FROM=../exports": "test_source_scan.py",
    "make source-remove SYSTEM=tpch": "test_source.py",
    "make sample SYSTEM=shop": "test_sample.py",
    "make data": "test_data.py",
    "make update": "test_update_command.py::test_update_tells_what_it_means_for_the_data",
    ".venv/bin/python scripts/update.py update": "test_update_command.py::test_update_tells_what_it_means_for_the_data",
    "make switch ORCHESTRATOR=dagster": "test_updates.py::test_another_answer_gives_what_a_fresh_copy_has",
    "make switch WAREHOUSE=snowflake": "test_update_command.py::test_switch_of_the_warehouse_takes_its_sources_along",
    # the template's own README
    "copier copy <address of this repository> my-client": "test_documented_commands.py::client",
    "cd my-client": "test_documented_commands.py::client",
    "uv tool install copier": "test_documented_commands.py::test_copier_comes_by_uv",
    "make demo": "test_demo.py::demo",
    "python scripts/file_sets.py": "test_documented_commands.py::test_what_is_generated_is_up_to_date",
    "make golden": "test_dialects.py::test_the_sql_is_as_it_was_reviewed",
    "make reference": "test_documented_commands.py::test_what_is_generated_is_up_to_date",
    "make locks": "test_documented_commands.py::test_the_locks_are_up_to_date",
}
"""Commands that other tests run, with the test or fixture."""

NOT_RUN = {
    "make test": "it is what runs these tests",
    "make test-all": "it is `make test` with TEST_ALL=1",
}
"""Commands of the template's README that no test can run, and why."""

TARGETS_ELSEWHERE = {
    "source-scan": "test_source_scan.py",
    "source-remove": "test_source.py",
    "sample": "test_sample.py",
    "update": "test_update_command.py",
    "switch": "test_update_command.py",
    "airflow": "test_airflow_services.py",
    "airflow-test": "test_airflow_services.py",
    "dagster": "test_dagster.py",
    "dagster-check": "test_dagster.py",
    "report": "test_documented_commands.py::test_make_report_without_elementary_says_how_to_get_it",
    "demo": "test_documented_commands.py::client",
    "install": "test_documented_commands.py::client",
    "help": "test_install.py::test_make_lists_every_target_in_80_columns",
}
"""Targets of a project that other modules run, because they need an answer of their own."""


def placed() -> set[str]:
    return {*ORDER, *PARTS, *ELSEWHERE, *NOT_RUN}


def project_pages() -> list[str]:
    """README and manual of a project for every warehouse, with and without what is chosen."""
    trees = [
        rendering.render({"warehouse": warehouse, "elementary": chosen, "dashboard": chosen})
        for warehouse in rendering.choices("warehouse")
        for chosen in (True, False)
    ]
    return [tree[page].content.decode() for tree in trees for page in PROJECT_PAGES]


def homeless(texts: Iterable[str]) -> set[str]:
    """Commands of these texts that nothing runs."""
    found = set().union(*(commands(text) for text in texts))
    targets = {f"make {name}" for name in TARGETS_ELSEWHERE}
    return found - placed() - targets


def test_every_command_has_a_place():
    assert homeless([README.read_text("utf-8"), *project_pages()]) == set()


def test_a_command_without_a_place_is_found():
    planted = "Then type:\n\n```bash\nmake nothing  # really\n```\n\nor `dbt nothing --at all`.\n"
    assert homeless([planted]) == {"make nothing", "dbt nothing --at all"}


def test_the_places_exist():
    for place in {*ELSEWHERE.values(), *TARGETS_ELSEWHERE.values()}:
        file, _, name = place.partition("::")
        [path] = TESTS.rglob(file)
        text = path.read_text("utf-8")
        assert f"def {name}(" in text if name else "def test_" in text, place


# ---------------------------------------------------------------- targets of make


def test_every_target_of_make_is_run():
    typed = {word for command in (*ORDER, *PARTS) for word in command.split() if "=" not in word}
    assert targets() - typed - TARGETS_ELSEWHERE.keys() == set()
    assert set(PARTS.values()) <= set(ORDER)
    assert TARGETS_ELSEWHERE.keys() - targets() == set()
    assert {command.split()[-1] for command in ORDER if command.startswith("make ")} > {"test"}


def recipe(command: str, folder: Path) -> set[str]:
    """The lines that a command of make would run."""
    return set(output([*command.split(), "--dry-run"], folder, os.environ).splitlines())


def test_parts_are_run_by_what_they_are_a_part_of(project):
    for part, whole in PARTS.items():
        assert recipe(part, project()) <= recipe(whole, project()), part
    assert not recipe("make format", project()) <= recipe("make lint yaml-check", project())


# ---------------------------------------------------------------- typed by a newcomer


@pytest.fixture(scope="module")
def client(template_repository, tmp_path_factory) -> Path:
    """A project made by what the README says, every question answered by Enter; in git."""
    block = README.read_text("utf-8").split("```bash\n")[3].split("```")[0]
    copy, cd, *rest = block.splitlines()
    assert copy.startswith("copier copy <address of this repository> my-client")
    assert (cd, rest) == ("cd my-client", ["make install", "make demo"])
    folder = tmp_path_factory.mktemp("client")
    address = f"file://{template_repository}"
    typed(copy.replace("<address of this repository>", address) + " --defaults", folder)
    project = folder / "my-client"
    for command in ("git init -q", "git add -A", "git commit -qm All", *rest):
        printed = typed(command, project)
    assert "The demo took" in printed
    shutil.copytree(project / "data" / "tpch", folder / "tpch")
    return project


@pytest.mark.parametrize("command", ORDER)
def test_it_works(command, client):
    """And leaves nothing to commit: what it makes is ignored, what it formats was in order."""
    for placeholder, value in PLACEHOLDERS.items():
        command = command.replace(placeholder, value)
    environment = {"COLUMNS": "80"}
    if re.search(r"make (lint|format)", command):
        # of SQL one file: all of it is linted and formatted in test_lint.py
        environment["MAKEFLAGS"] = "SQL=analysis/q06_cac_by_segment.sql"
    if command == "make clean":
        assert (client / "target").exists()
    if "../tpch" in command:
        environment["LOCAL_DUCKDB"] = "data/other.duckdb"
    if command == "SF=1 make data":
        environment["TPCH_DATA"] = "data/large"
    if command == "make load":
        assert "Nothing to load" in typed(command, client, **environment)
        return
    typed(command, client, **environment)
    if command == "make lock":
        typed("git checkout -q requirements.txt", client)  # newer versions may be there
    assert typed("git status --porcelain", client) == ""
    if command == "make clean":
        assert not (client / "target").exists()


def test_make_report_without_elementary_says_how_to_get_it(client):
    """With it, it is run in test_elementary.py."""
    assert "make switch ELEMENTARY=yes adds it" in typed("! make report", client)


# ---------------------------------------------------------------- typed by an author
@pytest.fixture(scope="module")
def clone(template_repository, tmp_path_factory) -> Path:
    """A clone of this repository with its environment."""
    folder = tmp_path_factory.mktemp("author") / "template"
    typed(f"git clone -q file://{template_repository} {folder}", rendering.ROOT)
    typed("make setup", folder)
    return folder


def test_what_is_generated_is_up_to_date(clone):
    typed("python scripts/file_sets.py", clone)
    typed("make reference", clone)
    assert typed("git status --porcelain", clone) == ""


@pytest.mark.skipif("TEST_ALL" not in os.environ, reason="takes a minute: TEST_ALL=1 runs it")
def test_the_locks_are_up_to_date(clone):
    """Every lock still answers its requirements, without an upgrade."""
    typed("make locks", clone)
    assert typed("git status --porcelain", clone) == ""


def test_copier_comes_by_uv(tmp_path):
    environment = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    typed("uv tool install copier", tmp_path, **environment)
    assert "copier" in typed(f"{tmp_path}/bin/copier --version", tmp_path)

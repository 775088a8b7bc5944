"""`make deps` takes dbt packages from a folder or from a git mirror, and says where else to look."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from parsing import ELEMENTARY_STUB
from projects import output

PACKAGES = {"elementary": "0.25.1", "dbt_utils": "1.4.1"}


@pytest.fixture
def folder(project, tmp_path) -> Path:
    """A project that lists packages."""
    return shutil.copytree(project(warehouse="snowflake"), tmp_path / "project")


def deps(project: Path, code: int = 0, **environment: str) -> str:
    """Run the program of `make deps`; returns what it printed."""
    return output(
        [sys.executable, "scripts/deps.py"],
        project,
        {**os.environ, "DBT_PROFILES_DIR": "profiles", **environment},
        code,
    )


def installed(project: Path) -> set[str]:
    return {path.parent.name for path in project.glob("dbt_packages/*/dbt_project.yml")}


def test_from_a_folder(folder):
    deps(folder, PACKAGES_FOLDER=str(ELEMENTARY_STUB))
    assert installed(folder) == set(PACKAGES)


def test_from_a_git_mirror(folder, tmp_path):
    for package, version in PACKAGES.items():
        repository = shutil.copytree(
            ELEMENTARY_STUB / package, tmp_path / "mirror" / f"{package}.git"
        )
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "All"], ["tag", version]):
            subprocess.run(["git", *command], cwd=repository, check=True)
    deps(folder, PACKAGES_GIT=f"file://{tmp_path}/mirror/{{package}}.git")
    assert installed(folder) == set(PACKAGES)
    assert not list(folder.glob("dbt_packages/*/.git"))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PACKAGES_FOLDER", "nowhere", "has no package elementary: put version 0.25.1 there"),
        ("PACKAGES_GIT", "file:///nowhere/{package}.git", "check PACKAGES_GIT in .env"),
    ],
)
def test_what_cannot_be_had_leaves_what_was_there(variable, value, message, folder):
    deps(folder, PACKAGES_FOLDER=str(ELEMENTARY_STUB))
    assert message in deps(folder, code=1, **{variable: value})
    assert installed(folder) == set(PACKAGES)
    assert not (folder / ".dbt_packages.partial").exists()


def test_without_the_hub_it_says_where_else_to_look(folder):
    """dbt tries a hub that is not there a few times, then it is told in three lines."""
    said = deps(folder, code=1, DBT_PACKAGE_HUB_URL="http://127.0.0.1:9/")
    assert "did not come from the dbt hub: set PACKAGES_FOLDER or PACKAGES_GIT" in said
    assert "Traceback" not in said and len(said.splitlines()) <= 4
    assert max(map(len, said.splitlines())) <= 160


def test_a_project_without_packages_has_nothing_to_do(project, tmp_path):
    folder = shutil.copytree(project(), tmp_path / "project")
    assert deps(folder) == "packages.yml lists no package.\n"

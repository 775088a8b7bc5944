"""Fixtures that several modules share, and what the summary says about rendering."""

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import rendering
from projects import DATABASE, Project
from releases import TemplateRepository

pytest_plugins = ["airflow_projects", "incremental_batches", "parse_summary"]

# Programs of the projects start in half the time where Python keeps their bytecode, its default.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The make that runs the tests is no business of the make that a test runs.
for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
    os.environ.pop(name, None)

# A run in the background of a shell ignores Ctrl-C, and so would every program that a test stops.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

IDENTITY = {
    "GIT_AUTHOR_NAME": "Tests",
    "GIT_AUTHOR_EMAIL": "tests@example.com",
    "GIT_COMMITTER_NAME": "Tests",
    "GIT_COMMITTER_EMAIL": "tests@example.com",
}


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_developer(tmp_path_factory):
    """Keep the developer's settings and caches of Copier, and git identity, out of every test."""
    folder = tmp_path_factory.mktemp("copier")
    settings = folder / "settings.yml"
    settings.write_text("{}\n")  # an empty file makes Copier crash
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(settings))
        patch.setenv("COPIER_CACHE_DIR", str(folder / "cache"))
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def template_repository(tmp_path_factory, no_settings_of_the_developer) -> Path:
    """A git repository of the working tree, uncommitted changes included, in one tagged commit.

    Its name ends in .git: Copier takes no other file:// address for a repository.
    """
    folder = tmp_path_factory.mktemp("repository") / "template.git"
    return TemplateRepository.of_working_tree(folder, "v0.0.1").folder


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A function from answers to the folder of that project, written once a process and shared.

    Tests must not change what is in it.
    """
    folders: dict[tuple, Path] = {}

    def written(**answers) -> Path:
        key = tuple(sorted(answers.items()))
        if key not in folders:
            folder = tmp_path_factory.mktemp("project")
            folders[key] = rendering.write(rendering.render(answers), folder)
        return folders[key]

    return written


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, pytestconfig):
    """A function from a name and a maker to a folder that all workers of xdist share.

    The first worker that asks makes it; `make` gets the path, which is not there yet.
    """
    place = tmp_path_factory.getbasetemp()
    # not by the environment: a pytest that a test starts has that of its worker
    if hasattr(pytestconfig, "workerinput"):
        place = place.parent  # of the folders of the workers

    def once(name: str, make: Callable[[Path], object]) -> Path:
        with (place / f"{name}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not (made := place / f"{name}.made").exists():
                make(place / name)
                made.touch()
        return place / name

    return once


@pytest.fixture(scope="session")
def tpch_data(made_once, project) -> Path:
    """The folder with TPC-H at scale 0.01, as `make data` of a project makes it."""

    def make(folder: Path) -> None:
        subprocess.run(
            [sys.executable, project() / "scripts" / "data.py"],
            env={**os.environ, "TPCH_DATA": str(folder), "SF": "0.01"},
            stdout=subprocess.DEVNULL,
            check=True,
        )

    return made_once("tpch", make)


@pytest.fixture(scope="session")
def built(tmp_path_factory, made_once, project, tpch_data) -> Project:
    """A project with the default answers, built once on the target local, tests and all.

    Tests must not change it; one that does takes a `copy`.
    """
    rendered = Project(project(), tpch_data, Path("never built"))
    folder = made_once("built", lambda folder: rendered.fresh(folder).build())
    whole = Project(folder, tpch_data, folder / DATABASE)
    return whole.copy(tmp_path_factory.mktemp("built") / "project")


# ---------------------------------------------------------------- summary
# What the tests looked at: variants, paths, hashes of contents. Workers of xdist send theirs.
covered: dict[str, set] = {"variants": set(), "files": set(), "contents": set()}


@cache
def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="session")
def cover():
    """A function that counts a variant and its files for the summary."""

    def count(name: str, tree: rendering.Tree) -> None:
        covered["variants"].add(name)
        covered["files"].update(tree)
        contents = (file.content for path, file in tree.items() if path != ".copier-answers.yml")
        covered["contents"].update(map(_digest, contents))

    return count


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["covered"] = {k: list(v) for k, v in covered.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    for kind, values in getattr(node, "workeroutput", {}).get("covered", {}).items():
        covered[kind].update(values)


def pytest_terminal_summary(terminalreporter):
    if covered["variants"]:
        terminalreporter.write_line(
            f"rendered {len(covered['variants'])} variants: {len(covered['files'])} different "
            f"paths, {len(covered['contents'])} distinct files, each checked once"
        )
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "told":  # what a test wants to be read although it passed
                terminalreporter.write_line(value)

"""What a Windows user types without make, on Linux: the table of docs/runbook.md as it is written.

On the newest Python that the template promises, so that all programs of a project are run on it.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import rendering
from projects import output
from virtual_environments import PYTHONS, interpreter

PREFIX = "uv run --no-project --python .venv"
SQL = ("models analysis tests snapshots", "analysis/q06_cac_by_segment.sql")
"""What the linters of SQL look at, and what they get here; test_lint.py gives them everything."""

LEFT_OUT = {
    "help",
    "install",
    "clean",
    "lock",
    "handover",
    "airflow",
    "airflow-test",
    "dagster",
    "dagster-check",
}
"""Targets that are not in the table; the text around it says what to do."""


def table(runbook: str) -> dict[str, list[str]]:
    """What to type instead of each command of make, in the table's order."""
    found = {}
    for left, right in re.findall(r"^\| (`make .+?) \| (.+) \|$", runbook, re.MULTILINE):
        targets, typed = (re.findall(r"`(.+?)`", cell) for cell in (left, right))
        if len(targets) == 1:
            found[targets[0]] = typed
        else:
            assert len(targets) == len(typed), left
            found |= {target: [command] for target, command in zip(targets, typed, strict=True)}
    return found


def differences(folder: Path) -> list[str]:
    """Commands of a project's table that make does not run, and targets that it leaves out."""
    rows = table((folder / "docs" / "runbook.md").read_text())
    wrong = []
    for target, typed in rows.items():
        recipe = subprocess.run(
            [*shlex.split(target), "--dry-run", "--no-print-directory"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        lines = [re.sub(r"\.venv/bin/| +(?= )", "", line) for line in recipe.splitlines()]
        for command in typed:
            if not any(line.startswith(command) or command.startswith(line) for line in lines):
                wrong.append(f"{target} does not run {command}")
    makefiles = [folder / "makefile", *folder.glob("orchestration/*/targets.mk")]
    targets = re.findall(
        r"^([a-z][a-z-]*):.*##", "".join(path.read_text() for path in makefiles), re.MULTILINE
    )
    told = {command.split()[1] for command in rows} | LEFT_OUT
    return wrong + [f"make {target} is left out" for target in targets if target not in told]


@pytest.mark.parametrize("chosen", [True, False])
def test_the_table_has_what_make_runs(chosen, project, tmp_path):
    orchestrator = "airflow" if chosen else "dagster"
    folder = project(elementary=chosen, dashboard=chosen, orchestrator=orchestrator)
    absent = [] if chosen else ["make dashboard is left out", "make report is left out"]
    assert differences(folder) == absent
    planted = rendering.write(rendering.render({}), tmp_path)
    runbook = planted / "docs" / "runbook.md"
    text = re.sub(r"\| `make doctor` .*\n", "", runbook.read_text())
    runbook.write_text(text.replace("`dbt test`", "`dbt tests`"))
    assert set(differences(planted)) >= {
        "make test does not run dbt tests",
        "make doctor is left out",
    }


# ---------------------------------------------------------------- typed
@pytest.fixture(scope="module")
def installed(template_repository, tmp_path_factory) -> Path:
    """A project in git after `bash setup_venv.sh`, made by Copier, so that it can be updated."""
    folder = tmp_path_factory.mktemp("windows") / "project"
    rendering.copy_stock({}, folder, source=f"file://{template_repository}")
    runbook = (folder / "docs" / "runbook.md").read_text()
    assert f"`{PREFIX}`" in runbook and "`bash setup_venv.sh`" in runbook
    newest = interpreter(PYTHONS[-1])
    chosen = {"PYTHON": newest} if newest else {}
    for command in ("bash setup_venv.sh", "git init -q", "git add -A", "git commit -qm All"):
        output(command.split(), folder, environment() | chosen)
    return folder


def environment() -> dict[str, str]:
    """What a shell has in which nothing was activated."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR", "LANG")
        or name.startswith(("UV_", "SSL_", "GIT_", "COPIER_"))
    }


TABLE = table(rendering.render({})["docs/runbook.md"].content.decode())


LONG = "make switch CI=none"
# test_documented_commands.py runs what they run
SKIPPED = pytest.mark.skipif(
    "TEST_ALL" not in os.environ, reason="half a minute: TEST_ALL=1 runs it"
)
SLOW = (LONG, "make demo", "make test", "make yaml")
# they want a source of the client's: test_source_scan.py, test_source.py and test_sample.py have one
WANTING = ("make source-scan", "make source-remove", "make sample")


@pytest.mark.slow
@pytest.mark.parametrize(
    "target",
    [
        pytest.param(name, marks=SKIPPED if name in SLOW else ())
        for name in TABLE
        if name not in WANTING
    ],
)
def test_it_can_be_typed_behind_uv_run(target, installed):
    for command in TABLE[target]:
        output(shlex.split(f"{PREFIX} {command.replace(*SQL)}"), installed, environment())
    if target != LONG:
        assert output(["git", "status", "--porcelain"], installed, environment()) == ""


@pytest.mark.slow
@pytest.mark.skipif(not interpreter(PYTHONS[-1]), reason=f"there is no Python {PYTHONS[-1]}")
def test_all_of_it_ran_on_the_newest_python(installed):
    version = output(shlex.split(f"{PREFIX} python -V"), installed, environment())
    assert version.startswith(f"Python {PYTHONS[-1]}.")


@pytest.mark.slow
def test_a_program_that_fails_is_heard(installed):
    typed = shlex.split(f"{PREFIX} dbt ls --target nowhere")
    assert "nowhere" in output(typed, installed, environment(), code=2)

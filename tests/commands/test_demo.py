"""The two commands of the README, in a clone: `make demo`, and the project that it leaves behind."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import rendering
from independent_sql.comparison import differences
from independent_sql.queries import connect
from projects import HISTORY, differing_tables, output

pytestmark = pytest.mark.slow


def make(folder: Path, *targets: str) -> str:
    """Run make as a user does, outside of the tests' own environment; returns what it printed."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "TPCH_DATA", "LOCAL_DUCKDB", "MAKEFLAGS", "MAKELEVEL")
        and not name.startswith("DBT_")
    }
    return output(["make", *targets], folder, kept, 0)


@pytest.fixture(scope="module")
def clone(template_repository, tmp_path_factory) -> Path:
    """A clone of the repository, in a path with a space, as a new user has it."""
    folder = tmp_path_factory.mktemp("new user") / "template"
    subprocess.run(["git", "clone", "-q", str(template_repository), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def demo(clone) -> str:
    """What `make demo` prints in the clone; the project is in build/demo after it."""
    return make(clone, "demo")


def test_the_demo_shows_the_answers_and_says_where_they_are(demo, clone):
    project = clone / "build" / "demo"
    for question in ("geographic distribution", "top 20 %", "product category loyalty"):
        assert question in demo
    for step in ("render", "install", "data", "build", "answers", "dashboard"):
        assert f"{step} took" in demo
    assert max(len(line) for line in demo.splitlines()) <= 100 + len(str(clone))
    for path in ("answers", "data/local.duckdb", "dashboard/build/index.html"):
        assert (project / path).exists()
        assert path in demo
    reference = connect(project / "data" / "tpch", project / "seeds")
    assert differences(project / "answers", reference) == {}


# ---------------------------------------------------------------- the onboarding page
def steps_of_onboarding() -> dict[str, list[str]]:
    """Each command of the page with the lines that it is said to print."""
    page = (rendering.ROOT / "docs" / "onboarding.md").read_text("utf-8")
    blocks = re.findall(r"```console\n +\$ (.*?)\n(.*?) +```", page, re.DOTALL)
    return {command: said.splitlines() for command, said in blocks}


def not_printed(said: list[str], printed: str) -> list[str]:
    """Lines that a command does not print, or not in this order.

    `...` stands for any lines, or for any end of a line; numbers may be others.
    """

    def plain(line: str) -> str:
        line = re.sub(r"\x1b\[[\d;]*m", "", line)
        return " ".join(re.sub(r"[\d.,]*\d", "0", line).split())

    lines = map(plain, printed.splitlines())
    expected = {line: plain(line.split("...")[0]) for line in said}
    return [
        line
        for line, start in expected.items()
        if start and not any(start in each for each in lines)
    ]


@pytest.mark.parametrize("command", steps_of_onboarding())
def test_a_step_of_onboarding_prints_what_its_page_says(command, demo, clone):
    said = steps_of_onboarding()[command]
    if command == "make demo":
        printed = demo
    else:
        # of the SQL one file: all of it takes a minute, and test_lint.py looks at it
        one = ["SQL=analysis/q06_cac_by_segment.sql"] if command == "make lint" else []
        printed = make(clone / "build" / "demo", *command.split()[1:], *one)
    assert not_printed(said, printed) == []


def test_a_line_that_is_not_printed_is_found():
    printed = "one 1.5 s\n\x1b[0m10:10:10  two\nthree 3\n"
    assert not_printed(["one 7 s", "...", "two", "three 4"], printed) == []
    assert not_printed(["two", "one 7 s"], printed) == ["one 7 s"]
    assert not_printed(["four"], printed) == ["four"]


def test_a_second_build_and_a_full_refresh_change_nothing(demo, clone, tmp_path):
    project = clone / "build" / "demo"
    database = project / "data" / "local.duckdb"
    first = shutil.copy2(database, tmp_path / "first.duckdb")
    make(project, "build")
    assert differing_tables(first, database) == {}
    make(project, "build", "FULL_REFRESH=1")
    assert differing_tables(first, database) == {}
    with pytest.raises(AssertionError, match="dim_customers_history"):
        # the comparison sees a change
        copy = shutil.copy2(database, tmp_path / "changed.duckdb")
        _execute(copy, f"delete from {HISTORY} where customer_key = 1")
        assert differing_tables(first, copy) == {}


def _execute(database: Path, sql: str) -> None:
    import duckdb

    with duckdb.connect(str(database)) as connection:
        connection.execute(sql)


def test_new_data_of_another_scale_gives_its_own_answers(demo, clone):
    """`SF=... make demo` after another scale leaves nothing of the old one behind."""
    project = clone / "build" / "demo"
    make(project, "demo", "SF=0.02")
    reference = connect(project / "data" / "tpch", project / "seeds")
    assert differences(project / "answers", reference) == {}

"""The code of a generated project is clean under its own linters, and a planted fault is not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rendering

SQL = ("models", "analysis", "tests", "snapshots")
EXCLUDED = "AM04,ST06"  # as .sqlfluff has it, whose setting the option replaces
WAREHOUSES = rendering.choices("warehouse")


def sqlfluff(action: str, folder: Path, *paths: str) -> subprocess.CompletedProcess:
    """What `make lint` and `make format` run."""
    return subprocess.run(
        [Path(sys.executable).parent / "sqlfluff", action, "--nocolor", *(paths or SQL)],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )


TEST_ALL = "TEST_ALL" in os.environ


@pytest.mark.slow
@pytest.mark.parametrize(
    "warehouse",
    [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                name not in ("bigquery", "snowflake") and not TEST_ALL,
                reason="TEST_ALL=1 lints in the other dialects; test_dialects.py parses them",
            ),
        )
        for name in WAREHOUSES
        if name != "duckdb"
    ],
)
def test_the_sql_is_clean_in_the_dialect_of_every_warehouse(project, warehouse):
    """Layout, half of the time, hardly depends on the dialect: TEST_ALL looks at it too."""
    folder = project(warehouse=warehouse)
    rules = [] if TEST_ALL else ["--exclude-rules", f"{EXCLUDED},layout"]
    done = sqlfluff("lint", folder, *rules, *SQL)
    assert done.returncode == 0, done.stdout


# ---------------------------------------------------------------- make lint, hooks
@pytest.fixture
def fresh(project, tmp_path):
    """A function from answers to a project in git, with the tests' environment as its .venv."""

    def made(**answers) -> Path:
        folder = shutil.copytree(project(**answers), tmp_path / "project")
        (folder / ".venv").mkdir()
        for path in Path(sys.prefix).iterdir():
            if path.name != ".made-from":
                (folder / ".venv" / path.name).symlink_to(path)
        (folder / ".venv" / ".made-from").touch()
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
        subprocess.run(["git", "commit", "-qm", "All"], cwd=folder, check=True)
        return folder

    return made


def make_lint(folder: Path) -> subprocess.CompletedProcess:
    """`make lint`, of SQL one file only: the tests above have all of it."""
    return run(folder, "make", "lint", "SQL=analysis/q06_cac_by_segment.sql")


def run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command,
        check=False,
        cwd=folder,
        # a real .venv sets it by itself
        env={**os.environ, "DBT_PROFILES_DIR": str(folder / "profiles")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_make_lint_finds_nothing_in_a_fresh_project(fresh, system):
    """Whatever tools left there: GitLab keeps uv's cache in the project, dbt an id in profiles/."""
    folder = fresh(ci=system)
    for left in (".cache/uv/a.yml", "profiles/.user.yml", "orchestration/airflow/.venv/a.yaml"):
        (folder / left).parent.mkdir(parents=True, exist_ok=True)
        (folder / left).write_text("a:   1\na: 2")
    done = make_lint(folder)
    assert done.returncode == 0 and "No complaints." in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("path", "fault", "finding"),
    [
        ("dbt_project.yml", "name: again\n", "duplication of key"),
        ("setup_venv.sh", "\nrm $nothing/*\n", "SC2"),
        ("scripts/demo.py", "\nimport string\n", "F401"),
        ("scripts/demo.py", "\n\n\n\nX = {  }\n", "make format would change Python"),
        (".github/workflows/ci.yml", "nonsense: true\n", "nonsense"),
        ("makefile", "\nbroken\n", "missing separator"),
    ],
)
def test_make_lint_finds_a_fault(fresh, path, fault, finding):
    folder = fresh()
    with (folder / path).open("a") as file:
        file.write(fault)
    done = make_lint(folder)
    assert done.returncode != 0 and finding in done.stdout, done.stdout


TOKEN = "ghp_" + "0123456789abcdefghijABCDEFGHIJ456789"


@pytest.mark.parametrize(
    ("path", "content", "finding"),
    [
        ("notes.md", f"token: {TOKEN}\n", "GitHub Token"),
        ("big.md", "x" * 1_000_001, "larger than"),
        ("README.md", "<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs\n", "markers of a merge"),
        ("README.md.rej", "@@ -1 +1 @@\n", "could not be applied"),
        ("a.yml", "a: 1\na: 2\n", "duplication of key"),
        ("models/marts/broken.sql", "SELECT 1 AS x", "CP01"),
        ("models/marts/broken.sql", "select * from {{ ref('nothing') }}\n", "nothing"),
    ],
)
def test_a_hook_refuses(fresh, path, content, finding):
    folder = fresh()
    (folder / path).write_text(content)
    run(folder, "git", "add", "--force", path)
    skip = "sql" if finding == "nothing" else "parse"  # what cannot find it, and takes seconds
    done = run(folder, "env", f"SKIP={skip}", ".venv/bin/prek", "run")
    assert done.returncode != 0 and finding in done.stdout, done.stdout


def test_the_hooks_let_a_fresh_project_pass(fresh):
    done = run(fresh(), "env", "SKIP=sql", ".venv/bin/prek", "run", "--all-files")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Passed") == 4, done.stdout


@pytest.mark.slow
def test_the_hooks_work_with_pre_commit_too(fresh):
    """It knows less than prek does; SQL and the parse are the same programs in both."""
    folder = fresh()
    hooks = ("env", "SKIP=sql,parse", "uvx", "pre-commit", "run", "--all-files")
    done = run(folder, *hooks)
    assert done.returncode == 0 and done.stdout.count("Passed") == 3, done.stdout
    (folder / "README.md.rej").write_text("@@ -1 +1 @@\n")
    run(folder, "git", "add", "--force", "README.md.rej")
    done = run(folder, *hooks)
    assert done.returncode != 0 and "could not be applied" in done.stdout, done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not TEST_ALL, reason="test_windows.py runs make format; TEST_ALL=1 this too")
def test_formatting_a_clean_project_changes_nothing(project, tmp_path):
    """And finds nothing that it cannot mend, so DuckDB needs no test above."""
    folder = shutil.copytree(project(), tmp_path / "project")
    before = {path: path.read_bytes() for path in folder.rglob("*.sql")}
    done = sqlfluff("fix", folder)
    assert done.returncode == 0, done.stdout
    assert {path: path.read_bytes() for path in folder.rglob("*.sql")} == before


@pytest.mark.parametrize(
    "fault, rule",
    [
        ("SELECT * FROM renamed", "CP01"),
        ("select * from renamed\nwhere order_key != 1", "CV01"),
        (f"select {', '.join(f'column_{number}' for number in range(12))} from renamed", "LT05"),
        ("select * from renamed where where", "PRS"),
    ],
)
def test_a_fault_in_the_sql_is_told_with_its_rule(project, tmp_path, fault, rule):
    folder = shutil.copytree(project(), tmp_path / "project")
    model = folder / "models" / "staging" / "tpch" / "stg_tpch__orders.sql"
    model.write_text(model.read_text().replace("select * from renamed", fault))
    done = sqlfluff("lint", folder, str(model.relative_to(folder)))
    assert done.returncode == 1 and rule in done.stdout, done.stdout


def test_no_line_of_sql_is_longer_than_the_rest_of_the_code(project):
    """Macros too, which sqlfluff does not look at."""
    long = [
        f"{path.name}:{number}"
        for path in project().rglob("*.sql")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 100
    ]
    assert not long, long

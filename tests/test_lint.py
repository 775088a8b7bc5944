"""The code of a generated project is clean under its own linters, and a planted fault is not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rendering

SQL = ("models", "analysis", "tests", "snapshots")
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


@pytest.mark.slow
@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_the_sql_is_clean_in_the_dialect_of_every_warehouse(project, warehouse):
    done = sqlfluff("lint", project(warehouse=warehouse))
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_formatting_a_clean_project_changes_nothing(project, tmp_path):
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

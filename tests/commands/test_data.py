"""`make data` makes what it says, keeps what it made, and touches nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from projects import TABLES, output


def data(project: Path, folder: Path, code: int = 0, **environment: str) -> str:
    """Run the program of `make data` into a folder; returns what it printed."""
    return output(
        [sys.executable, project / "scripts" / "data.py"],
        project,
        {**os.environ, "TPCH_DATA": str(folder), "SF": "0.01", **environment},
        code,
    )


def test_every_table_has_its_rows_and_one_load_time(tpch_data):
    rows = {
        table: duckdb.sql(f"select count(*) from '{tpch_data}/{table}.parquet'").fetchall()[0][0]
        for table in TABLES
    }
    assert rows == {
        "customer": 1500,
        "orders": 15000,
        "lineitem": 60175,
        "part": 2000,
        "partsupp": 8000,
        "supplier": 100,
        "nation": 25,
        "region": 5,
    }
    times = {
        time
        for table in TABLES
        for (time,) in duckdb.sql(
            f"select distinct _loaded_at from '{tpch_data}/{table}.parquet'"
        ).fetchall()
    }
    assert len(times) == 1


def test_a_second_run_keeps_the_data_and_force_makes_it_anew(project, tmp_path):
    folder = tmp_path / "tpch"
    data(project(), folder)
    before = (folder / "orders.parquet").stat().st_mtime_ns
    assert "already" in data(project(), folder)
    assert (folder / "orders.parquet").stat().st_mtime_ns == before
    data(project(), folder, FORCE="1")
    assert (folder / "orders.parquet").stat().st_mtime_ns > before
    assert "must be a full refresh" in data(project(), folder, SF="0.02")
    assert json.loads((folder / ".tpch.json").read_text())["scale"] == 0.02


@pytest.mark.parametrize("scale", ["0", "-1", "abc", "nan", "inf", "0.001", "0.012", "1;rm"])
def test_a_scale_that_cannot_be_made_is_refused(scale, project, tmp_path):
    output = data(project(), tmp_path / "tpch", code=1, SF=scale)
    assert output == (
        f"SF={scale} is not a scale that TPC-H can make: give 0.01, 0.02 or a number from 0.03 up.\n"
    )
    assert not (tmp_path / "tpch").exists()


def test_a_folder_with_other_files_is_left_alone(project, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    output = data(project(), tmp_path, code=1)
    assert "was not made by `make data`" in output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupted_run_leaves_the_old_data(project, tmp_path):
    folder = tmp_path / "tpch"
    data(project(), folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    process = subprocess.Popen(
        [sys.executable, project() / "scripts" / "data.py"],
        env={**os.environ, "TPCH_DATA": str(folder), "SF": "0.2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    work = tmp_path / ".tpch.partial"
    deadline = time.monotonic() + 60
    while not work.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) != 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not work.exists()

"""The page on a source of your own, followed to the letter with a shop's export."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import how_to
import pytest
import rendering
import yaml
from projects import output
from shop_shapes import CLASSIC

PAGE = "own-source.md"


@pytest.mark.slow
def test_four_commands_take_a_shop_from_files_to_answers(project, tmp_path):
    folder = shutil.copytree(project(), tmp_path / "project")
    exports = folder / "data" / "shop"
    exports.mkdir(parents=True)
    with duckdb.connect() as con:
        for table, sql in CLASSIC.items():
            con.execute(f"create table {table} as {sql}")
            if table == "orders":  # of customers who are there
                con.execute("delete from orders where user_id > 120")
            con.execute(f"copy {table} to '{exports / table}.csv' (format csv)")
        con.execute("create table paid as from payments join orders on order_id = orders.id")
        [(revenue,)] = con.sql("select sum(amount) from paid where status <> 'Void'").fetchall()
        orders = con.sql("select count(*) from orders where status <> 'Void'").fetchall()[0][0]
    # the programs of this Python, in place of a .venv
    make = f"make -o installed BIN={Path(sys.executable).parent}"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DBT_PROFILES_DIR"},
        "DBT_PROFILES_DIR": "profiles",
        "LOCAL_DUCKDB": "local.duckdb",
    }
    section = how_to.section(PAGE, "In four commands")
    [block] = [block for block in how_to.blocks(section) if block.language == "bash"]
    assert len(block.lines) == 4
    printed = ""
    for line in block.lines:
        done = subprocess.run(
            re.sub(r"^make\b", make, line),
            shell=True,
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, line + done.stdout + done.stderr
        printed += done.stdout
    assert "Skipped because your data has no segments: q02, q08." in printed
    assert "Skipped because your data has no products (var left_out)" in printed
    with (folder / "answers" / "q04_growth_by_month.csv").open() as file:
        months = list(csv.DictReader(file))
    assert round(sum(float(month["revenue"]) for month in months), 4) == float(revenue)
    assert sum(int(month["orders"]) for month in months) == orders
    assert not (folder / "answers" / "q02_customers_by_segment.csv").exists()


def test_the_mappings_of_the_page_are_mappings(project, tmp_path):
    text = (rendering.ROOT / "docs" / "how-to" / PAGE).read_text("utf-8")
    shown = [block for block in how_to.blocks(text) if block.language == "yaml"]
    assert len(shown) == 3
    folder = shutil.copytree(project(), tmp_path / "project")
    for number, block in enumerate(shown):
        parsed = yaml.safe_load("".join(block.lines))
        parsed.setdefault("orders", {"table": "o", "columns": {"order_date": "d", "amount": "a"}})
        (folder / "mappings" / f"shown{number}.yml").write_text(yaml.safe_dump(parsed))
    program = "from mapping import mappings; print(len(mappings()))"
    python = [sys.executable, "-c", program]
    paths = {**os.environ, "PYTHONPATH": str(folder / "scripts")}
    assert output(python, folder, paths) == "4\n"

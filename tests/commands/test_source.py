"""`make source`: staging from a mapping, faults of a mapping in sentences, edits that are kept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import rendering
import yaml
from projects import output

LOG = """\
orders:
  table: sales
  columns:
    customer_key: customer
    order_date: sold_on
    amount: amount
"""
TILL = """\
loaded_at: loaded
freshness:
  warn_after: 36 hours
orders:
  table: till
  grouped: true
  columns:
    order_key: invoice
    order_date: min(sold_on)
    order_status:
      sql: status
      values:
        1: placed
        x: cancelled
order_lines:
  table: till
  deleted: gone
  columns:
    order_key: invoice
    quantity: quantity
    unit_price: unit_price
    channel:
      sql: channel
      description: Where it was sold, online or not.
      personal: true
"""
PLACES = "mappings", "models/staging", "macros"


@pytest.fixture
def project(tmp_path) -> Path:
    """A rendered project with the programs and files that `make source` needs."""
    for path, file in rendering.render({}).items():
        if path.startswith(("scripts/", *PLACES, "models/_columns.md")) or path in (
            ".sqlfluff",
            "dbt_project.yml",
        ):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(file.content)
    return tmp_path


def source(project: Path, code: int = 0, **environment: str) -> str:
    """Run `make source`'s program; returns what it printed."""
    return output([sys.executable, "scripts/source.py"], project, environment, code)


def content(project: Path) -> dict[str, bytes]:
    """All files that `make source` may write, by path."""
    paths = [path for place in PLACES for path in (project / place).rglob("*") if path.is_file()]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def test_generating_tpch_again_changes_nothing(project):
    before = content(project)
    assert source(project).strip() == "Nothing to change."
    assert content(project) == before
    record = json.loads(before["mappings/.written.json"])
    staging = {path for path in before if path.startswith("models/staging/")}
    assert record.keys() == staging | {"macros/mappings.sql"}


def test_staging_of_other_shops_is_in_our_style(project):
    """A log without keys, and a till whose orders are groups of rows."""
    (project / "mappings" / "log.yml").write_text(LOG)
    (project / "mappings" / "till.yml").write_text(TILL)
    assert "reads the staging of tpch only. To use log and till" in source(project)
    made = content(project)
    assert source(project).startswith("Nothing to change.")
    staging = project / "models" / "staging"
    subprocess.run(
        [Path(sys.executable).with_name("sqlfluff"), "lint", staging / "log", staging / "till"],
        cwd=project,
        check=True,
    )
    orders = made["models/staging/log/stg_log__orders.sql"].decode()
    assert 'stable_key([\n            "customer",\n            "sold_on",' in orders
    lines = made["models/staging/till/stg_till__order_lines.sql"].decode()
    assert "where not coalesce(gone, false)" in lines
    till = yaml.safe_load(made["models/staging/till/_till__models.yml"])
    columns = {column["name"]: column for model in till["models"] for column in model["columns"]}
    assert columns["channel"]["description"] == "Where it was sold, online or not."
    assert columns["channel"]["config"] == {"tags": ["pii"]}
    assert {"order_state", "line_number", "extended_price"} <= columns.keys()
    [declared] = yaml.safe_load(made["models/staging/till/_till__sources.yml"])["sources"]
    assert declared["config"]["freshness"] == {"warn_after": {"count": 36, "period": "hour"}}
    assert declared["config"]["loaded_at_field"] == "loaded"


def test_an_edited_file_is_not_overwritten_in_silence(project):
    mapping = project / "mappings" / "log.yml"
    mapping.write_text(LOG)
    source(project, SYSTEM="log")
    staging = project / "models" / "staging" / "log" / "stg_log__orders.sql"
    staging.write_text(staging.read_text() + "-- ours\n")
    mapping.write_text(LOG.replace("customer_key: customer", "customer_key: client"))
    before = content(project)
    refused = source(project, code=1, SYSTEM="log")
    assert "models/staging/log/stg_log__orders.sql" in refused and "FORCE=1" in refused
    assert content(project) == before
    assert "Edits are lost in models/staging/log/stg_log__orders.sql" in source(
        project, SYSTEM="log", FORCE="1"
    )
    assert "cast(client as" in staging.read_text() and "ours" not in staging.read_text()


def test_an_entity_that_is_left_out_takes_its_view_with_it(project):
    (project / "mappings" / "till.yml").write_text(TILL)
    source(project, SYSTEM="till")
    (project / "mappings" / "till.yml").write_text(LOG)
    assert "removed models/staging/till/stg_till__order_lines.sql" in source(project, SYSTEM="till")


FAULTS = [
    ("table: sales", "tabel: sales", "2:3: orders has no tabel. Did you mean table?"),
    ("amount: amount", "amount:", "6:5: orders.columns.amount is an expression"),
    ("    amount: amount\n", "", "3:3: Without order_lines, orders needs an amount."),
    ("order_date: sold_on", "ordered: sold_on", "3:3: orders.columns has no order_date."),
    ("table: sales", "view: sales", "1:1: orders names its rows once"),
    (
        "columns:\n",
        "columns:\n    order_key: row_number() over (order by sold_on)\n",
        "4:5: order_key is made by row_number",
    ),
    ("amount: amount", "amount: amount\n    amount: price", "6:5: amount is there twice."),
    ("orders:", "orders: [", "3:10: this isn't YAML"),
    (
        "amount: amount",
        "amount: amount\n    order_status: {sql: status, values: {paid: done}}",
        "7:33: done isn't a word of ours. Use placed or cancelled.",
    ),
]
READ_ALL = """
from mapping import MAPPINGS, Problem, read_mapping
for path in sorted(MAPPINGS.glob("s*.yml")):
    try:
        read_mapping(path)
    except Problem as problem:
        print(str(problem).replace("\\n", " "))
    else:
        print(path.name, "is right")
"""


def test_a_fault_of_a_mapping_is_a_sentence(project):
    for number, (old, new, _) in enumerate([("", "", ""), *FAULTS]):
        assert old in LOG
        text = LOG.replace(old, new) if old else LOG
        (project / "mappings" / f"s{number}.yml").write_text(text)
    (project / "scripts" / "read_all.py").write_text(READ_ALL)
    command = [sys.executable, "scripts/read_all.py"]
    right, *lines = subprocess.run(
        command, cwd=project, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert right == "s0.yml is right"
    for line, (_, _, sentence) in zip(lines, FAULTS, strict=True):
        assert sentence in line


def test_a_system_without_a_mapping(project):
    assert "mappings/crm.yml doesn't exist." in source(project, code=1, SYSTEM="crm")

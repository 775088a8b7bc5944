"""`make source`: staging from a mapping, faults of a mapping in sentences, edits that are kept."""

import ast
import json
import re
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
    needed = "scripts/", *PLACES, "models/_columns.md", "models/marts/_", "analysis/", "seeds/"
    for path, file in rendering.render({}).items():
        if path.startswith(needed) or path in (".sqlfluff", "dbt_project.yml"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(file.content)
    return tmp_path


@pytest.fixture
def own(project) -> Path:
    """The project without TPC-H, with the mapping of a log in its place."""
    (project / "mappings" / "log.yml").write_text(LOG)
    source(project, remove=True, SYSTEM="tpch")
    source(project)
    return project


def source(project: Path, code: int = 0, remove: bool = False, **environment: str) -> str:
    """Run the program of `make source`, or of `make source-remove`; returns what it printed."""
    command = [sys.executable, "scripts/source.py", *(["remove"] if remove else [])]
    return output(command, project, environment, code)


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


def test_models_and_schema_know_the_same_columns(project):
    """What models read of an entity stands in a macro, because dbt reads no JSON."""
    macro = (project / "macros" / "entities.sql").read_text()
    read = ast.literal_eval(re.search(r"do return\((.*?)\[entity\]", macro, re.DOTALL)[1])
    schema = json.loads((project / "mappings" / "mapping.schema.json").read_text())
    described = {
        name: {
            column: about["x-type"]
            for column, about in entity["properties"]["columns"]["properties"].items()
        }
        for name, entity in schema["properties"].items()
        if "x-row" in entity
    }
    # what make source makes of others: a status in our words, the price of a line, an order's line
    assert read["orders"].pop("order_state") == "string"
    assert described["order_lines"].pop("unit_price") == "amount"
    assert [described["orders"].pop(name) for name in ("amount", "tax")] == ["amount", "rate"]
    assert read == described


def test_staging_of_other_shops_is_in_our_style(project):
    """A log without keys, and a till whose orders are groups of rows."""
    settings = project / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("key_type: bigint", "key_type: string"))
    (project / "mappings" / "log.yml").write_text(LOG)
    (project / "mappings" / "till.yml").write_text('key_prefix: "till:"\n' + TILL)
    source(project, remove=True, SYSTEM="tpch")
    printed = source(project)
    assert "log: there are no lines, so each order gets one" in printed
    assert "till: the orders name no customer, so every order is a guest's." in printed
    made = content(project)
    assert "Nothing to change." in source(project)
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
    assert "'till:' || cast(invoice as {{ dbt.type_string() }})" in lines
    till = made["models/staging/till/_till__models.yml"].decode()
    # in the quotes of dbt-osmosis, which `make yaml-check` runs
    assert "description: 'What the status means: `placed` or `cancelled`.'\n" in till
    till = yaml.safe_load(till)
    columns = {column["name"]: column for model in till["models"] for column in model["columns"]}
    assert columns["channel"]["description"] == "Where it was sold, online or not."
    assert columns["channel"]["config"] == {"tags": ["pii"]}
    assert {"order_state", "line_number", "extended_price"} <= columns.keys()
    [declared] = yaml.safe_load(made["models/staging/till/_till__sources.yml"])["sources"]
    assert declared["config"]["freshness"] == {"warn_after": {"count": 36, "period": "hour"}}
    assert declared["config"]["loaded_at_field"] == "loaded"


def test_what_the_data_lacks_is_left_out(own):
    left_out = "left_out: [segments, geography, products, spend]"
    assert left_out in (own / "dbt_project.yml").read_text()
    assert (own / "seeds" / "marketing_spend.csv").read_text().count("\n") == 1
    mapping = own / "mappings" / "log.yml"
    mapping.write_text(
        LOG + "customers:\n  table: people\n  columns: {customer_key: id, market_segment: tier}\n"
    )
    printed = source(own)
    assert "Skipped because your data has no geography: q01, q03, q05." in printed
    assert "no spend: q06" in printed and "q02" not in printed
    assert "left_out: [geography, products, spend]" in (own / "dbt_project.yml").read_text()


def test_a_spend_of_your_own_stays_when_tpch_goes(project):
    seed = project / "seeds" / "marketing_spend.csv"
    seed.write_text("spend_month,market_segment,channel,spend_amount\n2025-01-01,,mail,5\n")
    (project / "mappings" / "log.yml").write_text(LOG)
    source(project, remove=True, SYSTEM="tpch")
    assert "mail" in seed.read_text()
    assert "spend]" not in (project / "dbt_project.yml").read_text()


def test_the_only_system_and_edited_staging_are_not_removed(project):
    assert "tpch is the only system" in source(project, 1, remove=True, SYSTEM="tpch")
    assert "There are: tpch." in source(project, 1, remove=True, SYSTEM="till")
    assert "Say which system" in source(project, 1, remove=True)
    (project / "mappings" / "log.yml").write_text(LOG)
    staging = project / "models" / "staging" / "tpch" / "stg_tpch__orders.sql"
    staging.write_text(staging.read_text() + "-- ours\n")
    before = content(project)
    assert "stg_tpch__orders.sql" in source(project, 1, remove=True, SYSTEM="tpch")
    assert content(project) == before
    assert "tpch is gone. Next: make source" in source(
        project, remove=True, SYSTEM="tpch", FORCE="1"
    )
    assert not staging.parent.exists()


def test_keys_of_two_systems_can_not_be_mistaken(own):
    assert "Remove it first" in source_beside_tpch(own)
    second = own / "mappings" / "outlet.yml"
    second.write_text(LOG)
    before = content(own)
    assert "key_prefix: 'outlet:'" in source(own, code=1)
    second.write_text("key_prefix: 'outlet:'\n" + LOG)
    assert "Set the var key_type to string" in source(own, code=1)
    assert content(own) == before | {"mappings/outlet.yml": second.read_bytes()}
    settings = own / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("key_type: bigint", "key_type: string"))
    (own / "mappings" / "third.yml").write_text("key_prefix: 'outlet:'\n" + LOG)
    assert "Two systems have the key_prefix 'outlet:'" in source(own, code=1)


def source_beside_tpch(project: Path) -> str:
    """What `make source` says where the mapping of TPC-H is there beside another; it goes again."""
    tpch = project / "mappings" / "tpch.yml"
    tpch.write_bytes(rendering.render({})["mappings/tpch.yml"].content)
    printed = source(project, code=1)
    tpch.unlink()
    return printed


def test_an_edited_file_is_not_overwritten_in_silence(own):
    project = own
    mapping = project / "mappings" / "log.yml"
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


def test_an_entity_that_is_left_out_takes_its_view_with_it(own):
    mapping = own / "mappings" / "log.yml"
    mapping.write_text(TILL)
    source(own, SYSTEM="log")
    mapping.write_text(LOG)
    assert "removed models/staging/log/stg_log__order_lines.sql" in source(own, SYSTEM="log")


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
        "customer_key: customer",
        "customer_key: max(customer)",
        "4:5: max(customer) can't be the key of a customer.",
    ),
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
        (project / "mappings" / f"s{number:02}.yml").write_text(text)
    (project / "scripts" / "read_all.py").write_text(READ_ALL)
    command = [sys.executable, "scripts/read_all.py"]
    right, *lines = subprocess.run(
        command, cwd=project, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert right == "s00.yml is right"
    for line, (_, _, sentence) in zip(lines, FAULTS, strict=True):
        assert sentence in line


def test_a_system_without_a_mapping(project):
    assert "mappings/crm.yml doesn't exist." in source(project, code=1, SYSTEM="crm")

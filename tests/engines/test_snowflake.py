"""The real adapter for Snowflake over Snowflake's protocol: what engines/snowflake_emulator.py says."""

import datetime
import os
import re
import shutil
import subprocess

import pytest
from engines.engine_project import engine_project
from engines.snowflake_server import make_key, running
from independent_sql.comparison import differences
from independent_sql.queries import connect
from personal_data import columns
from projects import give_answers
from rendering import copy_stock

ANSWERS = {"warehouse": "snowflake", "elementary": False}
SAMPLE = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def emulator(tpch_data):
    with running(tpch_data) as server:
        yield server


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("key"))


# The newest order of the first build, orders that arrive 35 days late, and customers who change.
NEWEST = datetime.date(1998, 7, 1)
LATE = f"(o_orderdate > '{NEWEST}' or o_orderdate = '{NEWEST - datetime.timedelta(35)}')"
MOVED = (1, 2, 3)


@pytest.fixture(scope="module")
def chain(emulator, key, project, tpch_data, tmp_path_factory):
    """A project built on dev twice, with new, late and changed rows between, then once on prod.

    TPC-H in Snowflake has no load time, so what a run reads again goes by order date.
    """
    folder = shutil.copytree(project(**ANSWERS), tmp_path_factory.mktemp("snowflake") / "project")
    built = engine_project(
        folder,
        tpch_data,
        **emulator.settings(key),
        DBT_TARGET="dev",
        DBT_SCHEMA="dev_test",
    )
    emulator.query("create schema kept")
    for table, where in {
        "lineitem": f"l_orderkey in (select o_orderkey from {SAMPLE}.orders where {LATE})",
        "orders": LATE,
    }.items():
        emulator.query(f"create table kept.{table} as select * from {SAMPLE}.{table} where {where}")
        assert emulator.query(f"select count(*) from kept.{table}") > [(0,)]
        emulator.query(f"delete from {SAMPLE}.{table} where {where}")
    keys = ", ".join(map(str, MOVED))
    moved = f"update {SAMPLE}.customer set c_acctbal = c_acctbal {{}} 1 where c_custkey in ({keys})"
    emulator.query(moved.format("-"))
    built.build()
    for table in ("orders", "lineitem"):
        emulator.query(f"insert into {SAMPLE}.{table} select * from kept.{table}")
    emulator.query(moved.format("+"))
    built.build()
    with built.using(DBT_TARGET="prod"):
        built.build()
    return built


# gates and lists of faults, which good data leaves empty
EMPTY = ("RECONCILIATION", "MARKETING_SPEND_CHECKS", "ROWS_SET_ASIDE")


def test_the_answers_equal_the_reference(chain, tpch_data):
    """After an incremental run, on dev."""
    reference = connect(tpch_data, chain.folder / "seeds")
    assert differences(give_answers(chain), reference) == {}


def test_an_incremental_run_equals_a_full_refresh(chain, emulator):
    tables = emulator.query(
        """select table_schema, table_name from analytics.information_schema.tables
        where table_schema in ('CORE', 'MARTS') and table_type = 'BASE TABLE'"""
    )
    assert len(tables) > 20
    different = {}
    for schema, table in tables:
        if table == "DIM_CUSTOMERS_HISTORY":
            continue
        dev, prod = f"analytics.dev_test_{schema}.{table}", f"analytics.{schema}.{table}"
        for one, other in ((dev, prod), (prod, dev)):
            [(rows,)] = emulator.query(
                f"select count(*) from (select * from {one} minus select * from {other})"
            )
            if rows:
                different[table] = rows
        [counts] = emulator.query(
            f"select (select count(*) from {dev}), (select count(*) from {prod})"
        )
        assert counts[0] == counts[1], table
        assert (counts[0] == 0) == (table in EMPTY), table
    assert different == {}


def test_the_history_has_a_version_for_each_change(chain, emulator):
    versions = emulator.query(
        """select customer_key, count(*) from analytics.dev_test_core.dim_customers_history
        group by customer_key having count(*) > 1 order by 1"""
    )
    assert versions == [(key, 2) for key in MOVED]


def test_personal_columns_are_masked_on_prod(chain):
    """The statements as dbt sent them: for each marked column of the tables, and on prod alone."""
    log = (chain.folder / "logs" / "dbt.log").read_text()
    statement = r": alter table (\S+) modify column (\S+) set masking policy (\S+) force"
    sent = re.findall(statement, log)
    assert {policy for _, _, policy in sent} == {"ANALYTICS.GOVERNANCE.PERSONAL_DATA"}
    marked = {
        (f"{schema}.{model}", name)
        for (model, name), mark in columns(**ANSWERS).items()
        for schema in ["snapshots" if model == "customers_snapshot" else "core"]
        if mark and not model.startswith(("stg_", "int_"))  # views show what their tables show
    }
    masked = [(table.lower().removeprefix("analytics."), name) for table, name, _ in sent]
    assert sorted(masked) == sorted(marked)


def test_the_documentation_is_made(chain):
    chain.dbt("docs", "generate", "--static")
    assert (chain.folder / "target" / "static_index.html").stat().st_size > 1_000_000


def test_the_emulator_says_what_is_wrong_at_once(emulator):
    """And works after that: an error must neither be tried again nor lock the session."""
    from snowflake.connector.errors import ProgrammingError

    with pytest.raises(ProgrammingError, match="NO_SUCH_TABLE"):
        emulator.query("select * from no_such_table")
    assert emulator.query("select 1") == [(1,)]


# ---------------------------------------------------------------- as a newcomer types it
def fill(example: str, settings: dict[str, str]) -> str:
    """The text of .env with settings filled in, on the lines that .env.example has for them."""
    for name, value in settings.items():
        example, found = re.subn(rf"(?m)^(# )?{name}=.*$", f"{name}={value}", example)
        assert found == 1, name
    return example


@pytest.fixture(scope="module")
def installed(tmp_path_factory, emulator, key):
    """A function that runs the manual's commands in a project after `make install`, .env filled."""
    folder = tmp_path_factory.mktemp("newcomer") / "project"
    copy_stock(ANSWERS, folder)

    def type_in(*lines: str) -> subprocess.CompletedProcess:
        # nothing of the tests' own environment that a project looks at
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DBT_", "SNOWFLAKE_", "VIRTUAL_ENV", "TPCH_", "LOCAL_DUCKDB"))
        }
        return subprocess.run(
            ["bash", "-c", "\n".join(["set -e", *lines])],
            cwd=folder,
            env=kept,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    done = type_in("make install")
    assert done.returncode == 0, done.stdout
    env = folder / ".env"
    settings = emulator.settings(key) | {"DBT_TARGET": "dev", "DBT_SCHEMA": "dev_newcomer"}
    env.write_text(fill(env.read_text(), settings))
    type_in.folder = folder
    return type_in


def commands(manual: str) -> list[str]:
    """The commands of the manual under the words on the warehouse."""
    block = re.search(r"To work on the warehouse.*?```bash\n(.*?)```", manual, flags=re.DOTALL)
    return [line.partition("#")[0].strip() for line in block[1].splitlines()]


@pytest.mark.skipif("TEST_ALL" not in os.environ, reason="two minutes: TEST_ALL=1 runs it")
def test_the_commands_of_the_manual_work_as_they_are_typed(installed, emulator):
    typed = commands((installed.folder / "docs" / "manual.md").read_text())
    assert {"dbt debug", "dbt run", "dbt test"} < set(typed)
    done = installed("source .venv/bin/activate", *typed)
    assert done.returncode == 0, done.stdout
    assert "All checks passed!" in done.stdout
    assert emulator.query("select count(*) from analytics.dev_newcomer_marts.customer_360") == [
        (1500,)
    ]


def test_the_doctor_finds_all_well(installed):
    done = installed("make doctor")
    assert done.returncode == 0 and "All is well" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("SNOWFLAKE_ACCOUNT=", "SNOWFLAKE_ACCOUNT is not set"),
        ("SNOWFLAKE_PRIVATE_KEY_PATH=/none.p8", "SNOWFLAKE_PRIVATE_KEY_PATH is /none.p8, which"),
        ("SNOWFLAKE_PORT=1", "127.0.0.1 cannot be reached: "),
        ("SNOWFLAKE_HOST=no-such-host.invalid", "no-such-host.invalid cannot be reached: "),
    ],
)
def test_the_doctor_says_what_is_wrong(setting, said, installed):
    env = installed.folder / ".env"
    before = env.read_text()
    name, _, value = setting.partition("=")
    env.write_text(fill(before, {name: value}))
    try:
        done = installed("make doctor")
    finally:
        env.write_text(before)
    assert done.returncode != 0 and said in done.stdout
    assert "Traceback" not in done.stdout

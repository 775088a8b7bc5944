"""PostgreSQL itself: bootstrap, load, incremental builds, answers, and who may read what."""

import json
import os
import re
import shutil
import subprocess
import sys

import psycopg2
import pytest
from engines import postgres
from engines.engine_project import engine_project
from engines.postgres_project import ANSWERS, DATABASE, PASSWORD, SERVICES, load, psql
from independent_sql.comparison import differences
from independent_sql.queries import connect
from projects import HISTORY, give_answers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    """A server with an empty database; without PostgreSQL, tests are skipped, but fail in CI."""
    if not postgres.programs() and not os.environ.get("CI"):
        pytest.skip("PostgreSQL's server is not installed: scripts/setup.sh says how")
    with postgres.running() as running:
        running.query("postgres", f"create database {DATABASE}")
        yield running


@pytest.fixture(scope="module")
def warehouse(server, project):
    """The server after bootstrap.sql, run twice; a schema of somebody else is there already."""
    server.query(DATABASE, "create schema payroll")
    server.query(DATABASE, "create table payroll.salaries as select 1 as salary")
    rights = []
    for _ in range(2):
        done = psql(server, project(**ANSWERS), "bootstrap.sql")
        assert done.returncode == 0, done.stderr
        rights.append(
            server.query(
                DATABASE,
                """select nspname, nspowner::regrole, nspacl::text from pg_namespace
                union all select defaclobjtype::text, defaclrole::regrole, defaclacl::text
                from pg_default_acl order by 1, 2""",
            )
        )
    assert rights[0] == rights[1]
    for name in SERVICES:
        server.query(DATABASE, f"alter role {name}_service password '{PASSWORD}'")
    return server


@pytest.fixture(scope="module")
def loaded(warehouse, project, batches, tmp_path_factory):
    """A project at the target dev, as the transformer, after the first load."""
    folder = shutil.copytree(project(**ANSWERS), tmp_path_factory.mktemp("postgres") / "project")
    fresh = engine_project(
        folder,
        batches[0],
        **warehouse.settings("transformer_service", PASSWORD, role="transformer"),
        DBT_TARGET="dev",
        DBT_SCHEMA="dev_test",
    )
    load(fresh, warehouse)
    return fresh


@pytest.fixture(scope="module")
def chain(loaded, warehouse, batches):
    """That project after two loads, each followed by a build on dev, and a build on prod from nothing.

    The second load has new, late and changed rows.
    """
    # the first batch holds lines without their orders, which dbt's tests are right to refuse
    loaded.build("--exclude-resource-type", "test")
    loaded.data = batches[1]
    load(loaded, warehouse)
    loaded.build()
    with loaded.using(DBT_TARGET="prod"):
        loaded.build()
    return loaded


def test_the_answers_equal_the_reference(chain, batches):
    """After an incremental run, on dev."""
    reference = connect(batches[1], chain.folder / "seeds")
    assert differences(give_answers(chain), reference) == {}


def test_an_incremental_run_equals_a_full_refresh(chain, warehouse):
    different = {}
    tables = warehouse.query(
        DATABASE,
        "select schemaname, tablename from pg_tables where schemaname in ('core', 'marts')",
    )
    assert len(tables) > 20
    for schema, table in tables:
        if f"{schema}.{table}" == HISTORY:
            continue
        dev, prod = f"dev_test_{schema}.{table}", f"{schema}.{table}"
        [(rows,)] = warehouse.query(
            DATABASE,
            f"""select count(*) from (
                (table {dev} except all table {prod}) union all
                (table {prod} except all table {dev})
            ) as difference""",
        )
        if rows:
            different[table] = rows
    assert different == {}


def test_the_history_has_a_version_for_each_change(chain, warehouse, tpch_data):
    versions = warehouse.query(
        DATABASE,
        """select customer_key, count(*) from dev_test_core.dim_customers_history
        group by customer_key having count(*) > 1""",
    )
    # those with another nation or balance, and those of 1 to 50 who were not in BUILDING before
    assert {key for key, _ in versions} >= set(range(51, 71))
    assert {count for _, count in versions} == {2}
    assert max(key for key, _ in versions) == 70


def test_the_documentation_is_made(chain):
    chain.dbt("docs", "generate", "--static")
    catalog = json.loads((chain.folder / "target" / "catalog.json").read_text())
    [customer_360] = [
        node for name, node in catalog["nodes"].items() if name.endswith(".customer_360")
    ]
    assert customer_360["columns"]["customer_key"]["type"] == "bigint"
    assert (chain.folder / "target" / "static_index.html").stat().st_size > 1_000_000


def test_loading_again_changes_nothing(chain, warehouse):
    contents = "select count(*), sum(l_extendedprice), min(_loaded_at), max(_loaded_at) from "
    contents += "tpch.lineitem"
    before = warehouse.query(DATABASE, contents)
    said = load(chain, warehouse)
    assert warehouse.query(DATABASE, contents) == before
    assert f"{before[0][0]:,} rows" in said, "no line for the table"


def test_a_load_that_fails_changes_nothing(chain, warehouse, tmp_path):
    broken = shutil.copytree(chain.data, tmp_path / "tpch")
    shutil.copy2(broken / "region.parquet", broken / "lineitem.parquet")  # the last of the eight
    before = warehouse.query(DATABASE, "select count(*), max(_loaded_at) from tpch.orders")
    chain.data, data = broken, chain.data
    try:
        said = load(chain, warehouse, fails=True)
    finally:
        chain.data = data
    assert "Nothing was loaded: " in said and "Traceback" not in said
    assert warehouse.query(DATABASE, "select count(*), max(_loaded_at) from tpch.orders") == before


def test_a_load_by_who_may_not_says_who_may(chain, warehouse):
    said = load(chain, warehouse, fails=True, user="transformer")
    assert "permission denied" in said and "POSTGRES_ROLE=loader" in said
    assert "Traceback" not in said


# ---------------------------------------------------------------- wrong settings
def doctor(project, **settings: str) -> str:
    """What `make doctor` says; its first line is about the packages, here those of the tests."""
    with project.using(**settings):
        done = subprocess.run(
            [sys.executable, "scripts/doctor.py"],
            cwd=project.folder,
            env=project.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


def test_the_doctor_finds_the_server_and_the_sources_well(loaded):
    said = doctor(loaded)
    assert re.search(r"connection +ok +postgres answers", said), said
    assert re.search(r"sources +ok +8 tables can be read, with load times", said)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"POSTGRES_USER": ""}, r"settings +WRONG +POSTGRES_USER is not set"),
        ({"POSTGRES_SSLROOTCERT": "/none.crt"}, r"files +WRONG +POSTGRES_SSLROOTCERT is /none.crt"),
        ({"POSTGRES_PORT": "1"}, r"connection +WRONG .*refused"),
        ({"POSTGRES_PASSWORD": "wrong"}, r"connection +WRONG .*authentication failed"),
        (
            {"POSTGRES_USER": "reporter_service", "POSTGRES_ROLE": "reporter"},
            r"sources +WRONG .*permission denied[^\n]*\n.*bootstrap.sql gives it",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_the_doctor_says_what_is_wrong(settings, line, loaded):
    assert re.search(line, doctor(loaded, **settings))


def test_a_build_without_the_right_to_make_schemas_makes_nothing(loaded, warehouse):
    reporter = {"POSTGRES_USER": "reporter_service", "POSTGRES_ROLE": "reporter"}
    before = relations(warehouse)
    with loaded.using(**reporter, DBT_SCHEMA="dev_other"):
        said = loaded.dbt("build", fails=True)
    assert "permission denied for database analytics" in said
    assert relations(warehouse) == before


# ---------------------------------------------------------------- who may read what
def attempt(server, name: str, sql: str) -> str:
    """'' when a service user may run a statement, else what the server says."""
    try:
        server.query(DATABASE, sql, user=f"{name}_service", password=PASSWORD)
    except psycopg2.errors.InsufficientPrivilege as error:
        return str(error).splitlines()[0]
    return ""


def relations(server) -> set[str]:
    """Every table and view of the database but PostgreSQL's own."""
    rows = server.query(
        DATABASE,
        """select format('%I.%I', schemaname, relname) from (
            select schemaname, tablename as relname from pg_tables
            union select schemaname, viewname from pg_views) as relations
        where schemaname not in ('pg_catalog', 'information_schema')""",
    )
    return {name for (name,) in rows}


def test_the_reporter_reads_the_marts_and_nothing_else(chain, warehouse):
    readable = {
        name
        for name in relations(warehouse)
        if not attempt(warehouse, "reporter", f"select * from {name} limit 1")
    }
    assert len(readable) > 10
    assert readable == {name for name in relations(warehouse) if name.startswith("marts.")}


def test_the_transformer_reads_the_sources_and_what_it_built(chain, warehouse):
    readable = {
        name
        for name in relations(warehouse)
        if not attempt(warehouse, "transformer", f"select * from {name} limit 1")
    }
    assert readable == relations(warehouse) - {"payroll.salaries"}
    assert {name for name in readable if name.startswith("tpch.")}


@pytest.mark.parametrize(
    ("who", "sql"),
    [
        ("transformer", "delete from tpch.orders"),
        ("transformer", "create table tpch.other (id integer)"),
        ("transformer", "create table public.other (id integer)"),
        ("reporter", "delete from marts.customer_360"),
        ("reporter", "create table marts.other (id integer)"),
        ("reporter", "create schema other"),
        ("reporter", "create temporary table other (id integer)"),
        ("reporter", "set role transformer"),
        ("loader", "select * from marts.customer_360"),
        ("loader", "create schema other"),
    ],
)
def test_who_may_not(who, sql, chain, warehouse):
    assert "permission denied" in attempt(warehouse, who, sql)


def test_a_right_too_many_is_seen(chain, warehouse):
    look = "select * from core.dim_customers limit 1"
    assert attempt(warehouse, "reporter", look)
    warehouse.query(DATABASE, "grant usage on schema core to reporter")
    warehouse.query(DATABASE, "grant select on core.dim_customers to reporter")
    try:
        assert not attempt(warehouse, "reporter", look)
    finally:
        warehouse.query(DATABASE, "revoke all on core.dim_customers from reporter")
        warehouse.query(DATABASE, "revoke all on schema core from reporter")


def test_teardown_removes_what_bootstrap_made(chain, warehouse):
    """The last test, because nothing is left after it but what was somebody else's."""
    for _ in range(2):
        done = psql(warehouse, chain.folder, "teardown.sql")
        assert done.returncode == 0, done.stderr
    assert relations(warehouse) == {"payroll.salaries"}
    left = warehouse.query(
        DATABASE, "select rolname from pg_roles where rolname !~ '^(pg_|postgres$)'"
    )
    assert left == []

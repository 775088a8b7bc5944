"""PostgreSQL itself: bootstrap, load, incremental builds, answers, and who may read what."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import duckdb
import psycopg2
import pytest
from engines import postgres
from engines.engine_project import engine_project
from engines.postgres_project import (
    ADMINISTRATOR,
    ANSWERS,
    DATABASE,
    PASSWORD,
    SERVICES,
    load,
    make_database,
    psql,
)
from independent_sql.comparison import compare, differences, read_csv
from independent_sql.queries import answer, connect
from own_sources import SOURCES, place, reference, write_data
from projects import HISTORY, give_answers
from psycopg2.extras import execute_values

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    """A server with an empty database; without PostgreSQL, tests are skipped, but fail in CI."""
    if not postgres.programs() and not os.environ.get("CI"):
        pytest.skip("PostgreSQL's server is not installed: scripts/setup.sh says how")
    with postgres.running() as running:
        make_database(running)
        yield running


@pytest.fixture(scope="module")
def warehouse(server, project):
    """The server after bootstrap.sql, run twice; tables of others are there already."""
    server.query(DATABASE, "create schema payroll")
    server.query(DATABASE, "create table payroll.salaries as select 1 as salary")
    server.query(DATABASE, "create table public.theirs as select 1 as id")
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
    for service in SERVICES.values():
        server.query(DATABASE, f"alter role {service} password '{PASSWORD}'")
    return server


@pytest.fixture(scope="module")
def loaded(warehouse, project, batches, tmp_path_factory):
    """A project at the target dev, as a developer, after the first load."""
    folder = shutil.copytree(project(**ANSWERS), tmp_path_factory.mktemp("postgres") / "project")
    fresh = engine_project(
        folder,
        batches[0],
        **warehouse.settings("ci_service", PASSWORD),
        DBT_TARGET="dev",
        DBT_SCHEMA="dev_test",
    )
    load(fresh, warehouse)
    return fresh


@pytest.fixture(scope="module")
def chain(loaded, warehouse, batches):
    """That project after two loads, each followed by a build on dev, and a build on prod from nothing.

    The second load has new, late and changed rows. No POSTGRES_ROLE is set: bootstrap.sql gives the users
    their roles.
    """
    # the first batch holds lines without their orders, which dbt's tests are right to refuse
    loaded.build("--exclude-resource-type", "test")
    loaded.data = batches[1]
    load(loaded, warehouse)
    loaded.build()
    production = warehouse.settings("transformer_service", PASSWORD)
    with loaded.using(DBT_TARGET="prod", **production):
        loaded.build()
    return loaded


def test_the_answers_equal_the_reference(chain, batches):
    """After an incremental run, on dev."""
    reference = connect(batches[1], chain.folder / "seeds")
    assert differences(give_answers(chain), reference) == {}


@pytest.fixture
def own_schemas(server):
    """A prefix for schemas that go when the test is over."""
    yield "own"
    schemas = "select nspname from pg_namespace where nspname like 'own\\_%'"
    for (schema,) in server.query(DATABASE, schemas):
        server.query(DATABASE, f"drop schema {schema} cascade")


@pytest.mark.parametrize("name", ["classic", "two_shops"])
def test_a_source_of_your_own(name, own_schemas, server, project, tmp_path):
    """Its mappings write the staging, and the answers equal the independent SQL."""
    source = SOURCES[name]
    folder = place(
        project(**ANSWERS), tmp_path / "project", source, f"schema: {own_schemas}_{{system}}\n"
    )
    write_data(folder, source)
    for system, tables in source.tables.items():
        server.query(DATABASE, f"create schema {own_schemas}_{system}")
        for table in tables:
            rows = duckdb.read_parquet(str(folder / "data" / system / f"{table}.parquet"))
            columns = ", ".join(
                f"{column} {'text' if kind == 'VARCHAR' else kind}"
                for column, kind in zip(rows.columns, map(str, rows.types), strict=True)
            )
            relation = f"{own_schemas}_{system}.{table}"
            server.query(DATABASE, f"create table {relation} ({columns})")
            with (
                contextlib.closing(server.connect(DATABASE)) as connection,
                connection.cursor() as cursor,
            ):
                execute_values(cursor, f"insert into {relation} values %s", rows.fetchall())
    own = engine_project(
        folder,
        folder / "data",
        **server.settings("postgres", server.password),
        DBT_TARGET="dev",
        DBT_SCHEMA=own_schemas,
    )
    settings = folder / "dbt_project.yml"
    text = settings.read_text()
    for variable, value in source.variables.items():
        text = re.sub(rf"(?m)^  {variable}: \S+", f"  {variable}: {value}", text)
    settings.write_text(text)
    own.build("--exclude-resource-type", "unit_test")
    answers = give_answers(own)
    with reference(folder, source) as independent:
        wrong = {
            path.stem: compare(*answer(independent, path.stem), *read_csv(path))
            for path in answers.glob("*.csv")
        }
    assert len(wrong) >= 10 and not any(wrong.values()), wrong


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


def test_a_load_that_is_killed_changes_nothing_and_leaves_no_file(chain, warehouse):
    def files() -> set:
        return {path for path in chain.data.parent.rglob("*") if path.is_file()}

    contents = "select count(*), max(_loaded_at) from tpch.orders"
    before, of_before = warehouse.query(DATABASE, contents), files()
    with chain.using(**warehouse.settings("loader_service", PASSWORD)):
        process = subprocess.Popen(
            [sys.executable, "scripts/load.py"],
            cwd=chain.folder,
            env=chain.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in process.stdout:
            if line.startswith("  region"):  # the first of the eight tables is written
                process.kill()
                break
        process.wait()
        process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    assert files() == of_before
    assert warehouse.query(DATABASE, contents) == before


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
        server.query(DATABASE, sql, user=SERVICES[name], password=PASSWORD)
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


LAYERS = ("seeds", "staging", "snapshots", "core", "marts")
OWNS = {
    "loader": {"tpch"},
    "transformer": set(LAYERS),
    "developer": {"dev_test_core", "dev_test_marts"},
    "reporter": set(),
}
"""Schemas in which a role may read, write and drop everything."""
READS = {
    "loader": set(),
    "transformer": {"tpch"},
    "developer": {"tpch", *LAYERS},
    "reporter": {"marts"},
}
"""Schemas in which a role may read everything, and change nothing."""
SCHEMAS = ("tpch", *LAYERS, "dev_test_core", "dev_test_marts", "payroll", "public")


def granted(server, role: str, schema: str) -> dict[str, set[str]]:
    """Which rights a role has in a schema: right to the relations, or the schema, that have it."""
    names = sorted(name for name in relations(server) if name.startswith(f"{schema}."))
    assert names
    trials = {f"{name} read": f"select * from {name} limit 1" for name in names}
    kinds = server.query(
        DATABASE,
        f"select relname, relkind from pg_class where relnamespace = '{schema}'::regnamespace",
    )
    for name, kind in kinds:
        if kind in ("r", "v"):
            what = "table" if kind == "r" else "view"
            trials[f"{schema}.{name} drop"] = f"drop {what} {schema}.{name} cascade"
        if kind == "r":
            trials[f"{schema}.{name} write"] = f"delete from {schema}.{name}"
    trials[f"{schema} write"] = f"create table {schema}.planted (id integer)"
    trials[f"{schema} drop"] = f"drop schema {schema} cascade"
    found: dict[str, set[str]] = {"read": set(), "write": set(), "drop": set()}
    with contextlib.closing(
        server.connect(DATABASE, user=SERVICES[role], password=PASSWORD)
    ) as connection:
        connection.autocommit = False
        for trial, sql in trials.items():
            what, right = trial.split()
            with connection.cursor() as cursor:
                try:
                    cursor.execute(sql)
                except psycopg2.errors.InsufficientPrivilege:
                    pass
                else:
                    found[right].add(what)
            connection.rollback()
    return found


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("role", SERVICES)
def test_what_a_role_may_do_in_a_schema(role, schema, chain, warehouse):
    """Every right on every relation is tried, and undone."""
    names = {name for name in relations(warehouse) if name.startswith(f"{schema}.")}
    everything, nothing = names | {schema}, set()
    found = granted(warehouse, role, schema)
    tables = {name for name in names if name in found["write"]}
    assert found["read"] == (names if schema in OWNS[role] | READS[role] else nothing)
    assert found["drop"] == (everything if schema in OWNS[role] else nothing)
    assert found["write"] == (tables | {schema} if schema in OWNS[role] else nothing)


@pytest.mark.parametrize(
    ("who", "sql"),
    [
        ("reporter", "create schema other"),
        ("reporter", "create temporary table other (id integer)"),
        ("loader", "create schema other"),
        *((who, f"set role {role}") for who in SERVICES for role in SERVICES if who != role),
        *((who, f"set role {ADMINISTRATOR}") for who in SERVICES),
    ],
)
def test_who_may_not(who, sql, chain, warehouse):
    assert "permission denied" in attempt(warehouse, who, sql)


def test_what_is_made_later_belongs_to_the_role_and_has_its_readers(chain, warehouse):
    """Without POSTGRES_ROLE, and where a table is built again under the same name."""
    for _ in range(2):
        made = "drop table if exists marts.later; create table marts.later as select 1 as id"
        assert attempt(warehouse, "transformer", made) == ""
        for reader in ("reporter", "developer"):
            assert attempt(warehouse, reader, "select * from marts.later") == ""
    owner = "select tableowner from pg_tables where tablename = 'later'"
    assert warehouse.query(DATABASE, owner) == [("transformer",)]
    attempt(warehouse, "transformer", "drop table marts.later")


def test_a_pull_request_cannot_drop_the_history(chain):
    """By dbt itself, as someone would write it into a model."""
    with chain.using(DBT_TARGET="ci", DBT_SCHEMA="pr_7"):
        (chain.folder / "macros" / "planted.sql").write_text(
            "{% macro planted() %}{% do run_query('drop schema snapshots cascade') %}{% endmacro %}"
        )
        said = chain.dbt("run-operation", "planted", fails=True)
    assert "must be owner of schema snapshots" in said


# ---------------------------------------------------------------- connections
def test_a_server_that_takes_others_without_tls_is_refused(server, project):
    """As a superuser, who can see it; pg_hba.conf is read again at each look."""
    folder = project(**ANSWERS)
    [(path,)] = server.query("postgres", "show hba_file")
    with open(path) as stream:
        before = stream.read()
    try:
        for line, refused in (
            ("host all all 10.0.0.0/8 scram-sha-256", True),
            ("hostnossl analytics all all md5", True),
            ("hostssl all all all scram-sha-256", False),
            ("hostnossl all all all reject", False),
            ("host other all all md5", False),
        ):
            with open(path, "a") as stream:
                stream.write(f"{line}\n")
            done = psql(server, folder, "bootstrap.sql", user="postgres")
            with open(path, "w") as stream:
                stream.write(before)
            assert (done.returncode != 0) == refused, (line, done.stderr)
            assert ("Write hostssl in line" in done.stderr) == refused
            if refused:
                trial = {"PGOPTIONS": "-c bootstrap.without_tls=on"}
                assert psql(server, folder, "bootstrap.sql", "postgres", **trial).returncode == 0
    finally:
        with open(path, "w") as stream:
            stream.write(before)


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


def rights_of_public(server) -> set[tuple]:
    """What everybody may do with the database and the schema public."""
    return set(
        server.query(
            DATABASE,
            f"""select 'database', privilege_type from pg_database,
                aclexplode(coalesce(datacl, acldefault('d', datdba)))
            where datname = '{DATABASE}' and grantee = 0
            union all select 'schema', privilege_type from pg_namespace, aclexplode(nspacl)
            where nspname = 'public' and grantee = 0""",
        )
    )


def test_teardown_removes_what_bootstrap_made(chain, warehouse):
    """The last test, because nothing is left after it but what was someone else's.

    PUBLIC has the rights of a new database again.
    """
    assert rights_of_public(warehouse) == set()
    for _ in range(2):
        done = psql(warehouse, chain.folder, "teardown.sql")
        assert done.returncode == 0, done.stderr
    assert relations(warehouse) == {"payroll.salaries", "public.theirs"}
    left = warehouse.query(
        DATABASE, "select rolname from pg_roles where rolname !~ '^(pg_|postgres$)'"
    )
    assert left == [(ADMINISTRATOR,)]
    assert rights_of_public(warehouse) == {
        ("database", "CONNECT"),
        ("database", "TEMPORARY"),
        ("schema", "USAGE"),
    }
    settings = "select setconfig from pg_db_role_setting"
    assert warehouse.query(DATABASE, settings) == []

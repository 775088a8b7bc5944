"""bootstrap.sql, teardown.sql and load.sql of every warehouse: written in its dialect, and careful.

PostgreSQL's are executed in test_postgres.py. Redshift's are executed here on PostgreSQL, with the
words that only Redshift has put into PostgreSQL's. Of the others, each statement is one that can be
repeated.
"""

import os
import re

import make_locks
import psycopg2
import pytest
import sqlglot
from engines import postgres
from rendering import all_answers, choices, render
from variants import every_default_changed

SERVERS = [name for name in choices("warehouse") if make_locks.facts(name)["server"]]
PASSWORD = re.compile(r"(?i)\b(password|identified by)\b\s*(=\s*)?'")


def files(**answers) -> dict[str, str]:
    """The SQL files in warehouse/ of a project, by name."""
    return {
        path.removeprefix("warehouse/"): file.content.decode()
        for path, file in render(answers).items()
        if path.startswith("warehouse/")
    }


def statements(text: str, warehouse: str) -> list[str]:
    """The statements of a file, each as text. Raises SqlglotError where it cannot be read."""
    trees = sqlglot.parse(text, read=warehouse, error_level=sqlglot.ErrorLevel.RAISE)
    return [
        tree.sql(dialect=warehouse, comments=False)
        for tree in trees
        if tree and tree.key != "semicolon"
    ]


@pytest.mark.parametrize("warehouse", SERVERS)
@pytest.mark.parametrize("elementary", [True, False])
def test_the_files_parse_in_their_dialect(warehouse, elementary):
    found = files(warehouse=warehouse, elementary=elementary)
    expected = {"bootstrap.sql", "teardown.sql"}
    if make_locks.facts(warehouse)["bulk_load"]:
        expected.add("load.sql")
    assert found.keys() == expected
    for name, text in found.items():
        assert statements(text, warehouse), name
        assert not PASSWORD.search(text), f"{name} holds a password"
        assert "[%" not in text and "[[" not in text


@pytest.mark.parametrize("warehouse", SERVERS)
def test_every_schema_of_the_answers_is_made_and_only_the_marts_are_opened(warehouse):
    answers = {**every_default_changed(), "warehouse": warehouse, "elementary": True}
    for name in ("auth", "database", "source_database", "source_schema"):
        answers.pop(name)  # what is good for one warehouse may not be for another
    text = files(**answers)["bootstrap.sql"]
    complete = all_answers(answers)
    schemas = {complete[name] for name in complete if name.startswith("schema_")}
    assert len(schemas) == 6
    for schema in schemas:
        assert re.search(rf"create schema if not exists .*\b{re.escape(schema)}\b", text), schema
    for schema in schemas - {complete["schema_marts"]}:
        to_reporter = re.findall(rf"(?i)grant[^;]*\b{re.escape(schema)}\b[^;]*reporter", text)
        assert to_reporter == [], "the reporter sees more than the marts"
    assert re.search(rf"(?is)grant[^;]*{complete['schema_marts']}[^;]*reporter", text)


def test_duckdb_has_no_such_files():
    assert files() == {}


# ---------------------------------------------------------------- again, and again
REPEATABLE = re.compile(
    r"""(?ix) create( \s \w+)+ \s if \s not \s exists \s | create \s or \s replace \s | grant \s
    | drop( \s \w+)+ \s if \s exists \s | use \s role \s
    | alter \s (warehouse | user | masking \s policy) \s \S+ \s set \s | alter \s schema \s \S+ \s owner \s to \s"""
)


def not_repeatable(text: str, warehouse: str) -> list[str]:
    """Statements that would fail, or change something, when a file is run a second time."""
    return [one for one in statements(text, warehouse) if not REPEATABLE.match(one)]


@pytest.mark.parametrize("warehouse", ["snowflake", "bigquery", "databricks"])
@pytest.mark.parametrize("file", ["bootstrap.sql", "teardown.sql"])
def test_every_statement_can_be_repeated(warehouse, file):
    text = files(warehouse=warehouse)[file]
    assert not_repeatable(text, warehouse) == []
    for planted in ("create role other", "drop table other", "alter table a add column b integer"):
        assert not_repeatable(f"{text};\n{planted}", warehouse)


# Redshift's words, and PostgreSQL's for the same; what masks columns is not there
IN_POSTGRES = (
    (r"(\b(to|from|grant)|,) role\b", r"\1"),
    (r"' password disable'", "''"),
    (r"'drop role ' \|\| (quote_ident\(name\)) \|\| ' force'",
     r"'drop owned by ' || \1 || '; drop role ' || \1"),
    (r"create masking policy[^;]*;", ""),
)  # fmt: skip
CATALOG = """
create view svv_roles as select rolname as role_name from pg_roles;
create table svv_masking_policy (policy_name text);
create table svv_attached_masking_policy (
    policy_name text, schema_name text, table_name text, output_columns text
);
insert into svv_attached_masking_policy values ('personal_data', 'core', 'customers', '["phone"]');
grant select on svv_attached_masking_policy to public
"""
RIGHTS = """
select nspname, nspowner::regrole, nspacl::text from pg_namespace where nspname !~ '^pg_'
union all select defaclobjtype::text, defaclrole::regrole, defaclacl::text from pg_default_acl
union all select rolname, 0, (
    select array_agg(roleid::regrole::text order by 1) from pg_auth_members where member = roles.oid
)::text from pg_roles as roles where rolname !~ '^pg_' order by 1, 2
"""


@pytest.fixture(scope="module")
def server():
    """PostgreSQL with the parts of Redshift's catalog that the files read."""
    if not postgres.programs() and not os.environ.get("CI"):
        pytest.skip("PostgreSQL's server is not installed: scripts/setup.sh says how")
    with postgres.running() as running:
        running.query("postgres", "create database analytics")
        running.query("analytics", CATALOG)
        yield running


def run_redshift(server, file: str, more: str = "") -> list[tuple]:
    """Run a file of Redshift's on PostgreSQL; the rights afterwards."""
    text = files(warehouse="redshift")[file] + more
    for ours, theirs in IN_POSTGRES:
        text = re.sub(ours, theirs, text)
    server.query("analytics", text)
    return server.query("analytics", RIGHTS)


@pytest.mark.slow
def test_redshifts_files_can_be_run_twice(server):
    before = server.query("analytics", RIGHTS)
    rights = run_redshift(server, "bootstrap.sql")
    names = {name for name, *_ in rights}
    assert {
        "loader",
        "transformer_service",
        "reporter",
        "ci_service",
        "marts",
        "governance",
    } <= names
    assert run_redshift(server, "bootstrap.sql") == rights
    with pytest.raises(psycopg2.errors.DuplicateObject):
        run_redshift(server, "bootstrap.sql", more="create role loader")

    # as the transformer: a mask is attached where there is none, by its owner's rights
    server.query("analytics", "alter user transformer_service password 'of-a-test'")
    server.query("analytics", "grant connect on database analytics to transformer")
    transformer = {"user": "transformer_service", "password": "of-a-test"}
    mask = "call governance.mask_personal_data('core', 'customers', '{}')"
    server.query("analytics", mask.format("phone"), **transformer)
    attach = r"attach masking policy personal_data on core.customers \(address\) to reporter"
    with pytest.raises(psycopg2.errors.SyntaxError, match=attach):
        server.query("analytics", mask.format("address"), **transformer)

    for _ in range(2):
        left = run_redshift(server, "teardown.sql")
        assert {name for name, *_ in left} == {name for name, *_ in before}


def test_faults_are_seen():
    assert PASSWORD.search("create user a password 'secret'")
    assert PASSWORD.search("create user a password = 'secret'")
    assert not PASSWORD.search("create user a password disable")
    with pytest.raises(sqlglot.errors.SqlglotError):
        statements("grant select on on table a to b; select (", "snowflake")

"""bootstrap.sql, teardown.sql and load.sql of every warehouse: written in its dialect, and careful.

PostgreSQL's are executed in test_postgres.py; nothing here can execute the others.
"""

import re

import pytest
import sqlglot
from engines.functions import FUNCTIONS
from rendering import all_answers, render
from variants import every_default_changed

WAREHOUSES = tuple(FUNCTIONS)
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
    return [tree.sql(dialect=warehouse) for tree in trees if tree is not None]


@pytest.mark.parametrize("warehouse", WAREHOUSES)
@pytest.mark.parametrize("elementary", [True, False])
def test_the_files_parse_in_their_dialect(warehouse, elementary):
    found = files(warehouse=warehouse, elementary=elementary)
    expected = {"bootstrap.sql", "teardown.sql"}
    if warehouse in ("bigquery", "redshift"):
        expected.add("load.sql")
    assert found.keys() == expected
    for name, text in found.items():
        assert statements(text, warehouse), name
        assert not PASSWORD.search(text), f"{name} holds a password"
        assert "[%" not in text and "[[" not in text


@pytest.mark.parametrize(
    "warehouse", ["snowflake", "postgres", "redshift", "databricks", "bigquery"]
)
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


def test_faults_are_seen():
    assert PASSWORD.search("create user a password 'secret'")
    assert PASSWORD.search("create user a password = 'secret'")
    assert not PASSWORD.search("create user a password disable")
    with pytest.raises(sqlglot.errors.SqlglotError):
        statements("grant select on on table a to b; select (", "snowflake")

"""Snowflake's protocol for the tests: fakesnow's HTTP server, helped where dbt needs more.

    python snowflake_emulator.py PORT FOLDER

FOLDER holds the Parquet files of TPC-H, which become SNOWFLAKE_SAMPLE_DATA.TPCH_SF1, without the
column _loaded_at, as in an account of Snowflake. Everything is in memory. Prints `ready`, and serves
until its standard input ends.

fakesnow (0.12.1) translates each statement to DuckDB by sqlglot. So this proves that the real
adapter and the real connector build the project over Snowflake's protocol: the statements that dbt
makes for tables, merges, snapshots and tests, and their results. It does not prove

- that a function exists in Snowflake: what DuckDB knows passes (tests/engines/test_dialects.py checks that),
- how Snowflake types a result, or how it sorts,
- rights, roles, signing in, query tags, masking: such statements succeed and do nothing,
- transactions: each statement is one.

What is helped below is numbered; each is a place where fakesnow differs from Snowflake.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import duckdb
import fakesnow
import snowflake.connector
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp, parse_one

TABLES = ("CUSTOMER", "ORDERS", "LINEITEM", "PART", "PARTSUPP", "SUPPLIER", "NATION", "REGION")
SAMPLE = ("SNOWFLAKE_SAMPLE_DATA", "TPCH_SF1")
DATABASE = "ANALYTICS"


# ---------------------------------------------------------------- statements, as trees
def without_transactions(tree: exp.Expression) -> exp.Expression:
    """1. DuckDB writes to one attached database a transaction, and fakesnow to its own as well; and
    after an error it refuses everything until the end of the transaction."""
    if isinstance(tree, (exp.Transaction, exp.Commit, exp.Rollback)):
        return parse_one("select 'Statement executed successfully.' as status")
    return tree


def without_temporary(tree: exp.Expression) -> exp.Expression:
    """2. DuckDB has temporary tables in a catalog of their own only, and dbt names theirs."""
    properties = tree.args.get("properties")
    if isinstance(tree, exp.Create) and properties:
        table = tree.find(exp.Table)
        if table is not None and table.args.get("db"):
            kept = [
                one for one in properties.expressions if not isinstance(one, exp.TemporaryProperty)
            ]
            properties.set("expressions", kept)
            if not kept:
                tree.set("properties", None)
    return tree


def with_recursive(tree: exp.Expression) -> exp.Expression:
    """3. Snowflake lets a CTE read itself without the word `recursive`."""
    for clause in tree.find_all(exp.With):
        for cte in clause.expressions:
            name = cte.alias.upper()
            reads = (table for table in cte.this.find_all(exp.Table) if not table.args.get("db"))
            if any(table.name.upper() == name for table in reads):
                clause.set("recursive", True)
    return tree


def with_source_named(tree: exp.Expression) -> exp.Expression:
    """4. In `merge ... insert values (column)`, a bare column is the source's; DuckDB asks whose."""
    if isinstance(tree, exp.Merge):
        source = exp.to_identifier(tree.args["using"].alias_or_name)
        inserts = (when.args.get("then") for when in tree.args["whens"].expressions)
        for insert in inserts:
            if isinstance(insert, exp.Insert) and insert.expression is not None:
                for column in insert.expression.find_all(exp.Column):
                    if not column.table:
                        column.set("table", source.copy())
    return tree


# ---------------------------------------------------------------- statements, as text
REPLACED = (
    # 5. what dbt reads rows of: the tag of the session's queries, and who has which right
    (
        re.compile(r"(?is)^\s*show\s+parameters\s+like\s+'query_tag'.*"),
        """select 'QUERY_TAG' as "key", '' as "value\"""",
    ),
    (
        re.compile(r"(?is)^\s*show\s+grants\s+on\s.*"),
        """select '' as "privilege", '' as "granted_to", '' as "grantee_name" where false""",
    ),
)

# 6. what DuckDB has no notion of: succeeds without doing anything
WITHOUT_EFFECT = [
    r"(?is)^\s*(grant|revoke)\s",
    r"(?is)^\s*alter\s+session\s+(set|unset)\s+query_tag",
    r"(?is)^\s*(create|alter)\s+(or\s+replace\s+)?(warehouse|role|resource\s+monitor|masking\s+policy)",
    r"(?is)^\s*alter\s+(table|view)\s+\S+\s+alter\s.*comment\s+\$\$",  # comments on columns
    r"(?is)^\s*alter\s+table\s+\S+\s+modify\s+column\s+\S+\s+set\s+masking\s+policy\s",
]

# what DuckDB refuses, and what fakesnow's translation raises where it has none: told to the client as
# an SQL error, which it does not retry for minutes as it would a broken answer
ERRORS = (duckdb.Error, NotImplementedError, AssertionError, KeyError, AttributeError)


def help_fakesnow() -> None:
    """Put the helpers above into fakesnow."""
    transform = FakeSnowflakeCursor._transform
    merge = transforms.merge
    execute = FakeSnowflakeCursor.execute

    def helped_transform(self, tree, *arguments, **options):
        for helper in (without_transactions, without_temporary, with_recursive):
            tree = helper(tree)
        return transform(self, tree, *arguments, **options)

    def helped_execute(self, command, *arguments, **options):
        for pattern, replacement in REPLACED:
            command = pattern.sub(replacement, command)
        try:
            return execute(self, command, *arguments, **options)
        except ERRORS as error:
            # 7. as a server error (500), the connector would try it again for minutes
            raise snowflake.connector.errors.ProgrammingError(
                msg=f"{type(error).__name__}: {error}", errno=1003, sqlstate="42000"
            ) from error

    FakeSnowflakeCursor._transform = helped_transform
    FakeSnowflakeCursor.execute = helped_execute
    # 8. sums and averages by way of floating point: in Snowflake, a sum of decimals is exact
    transforms.numeric_agg_implicit_cast = lambda tree: tree
    transforms.merge = lambda tree: merge(with_source_named(tree))


# ---------------------------------------------------------------- the server
def serve(port: int, folder: Path) -> None:
    """Serve until the standard input ends, which it also does when the tests are killed."""
    start = fakesnow.server  # a function; the import below puts the module of that name before it
    from fakesnow.server import shared_fs

    help_fakesnow()
    shared_fs.nop_regexes = WITHOUT_EFFECT
    with start(port=port) as login:
        # connecting makes database and schema, with what fakesnow keeps beside them
        for database, schema in (SAMPLE, (DATABASE, "PUBLIC")):
            snowflake.connector.connect(**login, database=database, schema=schema).close()
        connection = shared_fs.duck_conn.cursor()
        for table in TABLES:
            file = folder / f"{table.lower()}.parquet"
            connection.execute(
                f"create table {'.'.join(SAMPLE)}.{table} as "
                f"select * exclude (_loaded_at) from read_parquet('{file}')"
            )
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))

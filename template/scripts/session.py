"""dbt in this process, and its own connection to the target that DBT_TARGET names.

Values come from the adapter's driver: `dbt show` would turn decimals into floats on their way
through JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from settings import Problem

BATCH = 10_000  # rows fetched at a time


def invoke(arguments: list[str], manifest: Any = None) -> Any:
    """Run a dbt command and return its result; raises Problem when it fails."""
    from dbt.cli.main import dbtRunner

    done = dbtRunner(manifest=manifest).invoke(["--quiet", "--no-write-json", *arguments])
    if not done.success:
        raise Problem(f"dbt {arguments[0]} failed: {done.exception or 'see its messages above.'}")
    return done.result


def adapter() -> Any:
    """The adapter of the target, as the last command left it; nothing is connected yet."""
    from dbt.adapters.factory import FACTORY

    (only,) = FACTORY.adapters.values()
    return only


def query(adapter: Any, sql: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """Run a query on the open connection: the names of its columns, and its rows in batches."""
    from dbt.adapters.sql import SQLConnectionManager

    if not isinstance(adapter.connections, SQLConnectionManager):
        # BigQuery has no cursor: its result comes whole, through agate
        _, table = adapter.execute(sql, fetch=True)
        return [name.lower() for name in table.column_names], (tuple(row) for row in table.rows)
    # through the cursor and not agate, which would take minutes and gigabytes for a large mart
    _, cursor = adapter.connections.add_query(sql, auto_begin=False)

    def rows() -> Iterator[Sequence[Any]]:
        while batch := cursor.fetchmany(BATCH):
            yield from batch

    return [column[0].lower() for column in cursor.description], rows()

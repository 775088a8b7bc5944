"""Load the data that `make data` made into the warehouse's source schema: `make load`.

Works on the target that DBT_TARGET names, through dbt's own connection. PostgreSQL is loaded from
here: the tables are made where they are missing, and all eight are replaced in one transaction, so
readers see the old rows or the new ones. A load that stops, even a killed one, changes nothing and
leaves no file, because the rows go from DuckDB to PostgreSQL through memory, in batches. The column
_loaded_at comes with the files: loading the same files again makes nothing look new. On the other
engines this says where the data is, or how it gets there.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import session
from data import TABLES, data_folder, require_tables, sql
from settings import PROJECT, Problem, run_program

# DuckDB's names for types, where PostgreSQL has others
TYPES = {"VARCHAR": "text", "DOUBLE": "double precision"}

BATCH = 20_000  # rows in memory

BULK_LOAD = PROJECT / "warehouse" / "load.sql"
BULK = """\
{engine} loads files from its own cloud's storage, so this takes three steps:
  1. make data                 (it is in {folder})
  2. copy that folder there
  3. run warehouse/load.sql    (it begins with what to put in)"""


def csv_line(columns: Mapping[str, str]) -> str:
    """SQL of DuckDB for a row as a line of CSV: every value in quotes, and nothing for null."""
    quoted = (
        f"""coalesce('"' || replace("{name}"::varchar, '"', '""') || '"', '')""" for name in columns
    )
    return f"concat_ws(',', {', '.join(quoted)}) || chr(10)"


def load_postgres(connection: Any, relations: Mapping[str, str], folder: Path) -> None:
    """Replace the rows of the source tables (name to quoted relation), with a line for each."""
    import duckdb

    with connection.cursor() as cursor, duckdb.connect() as duck:
        for table in TABLES:
            start, rows = time.monotonic(), 0
            relation, file = relations[table], sql(folder / f"{table}.parquet")
            described = duck.execute(f"describe select * from read_parquet({file})").fetchall()
            columns = {name: TYPES.get(kind, kind) for name, kind, *_ in described}
            # not dropped: the staging views read it
            typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            cursor.execute(f"create table if not exists {relation} ({typed})")
            cursor.execute(f"truncate {relation}")
            names = ", ".join(f'"{name}"' for name in columns)
            duck.execute(f"select {csv_line(columns)} from read_parquet({file})")
            while batch := duck.fetchmany(BATCH):
                lines = io.StringIO("".join(line for (line,) in batch))
                cursor.copy_expert(f"copy {relation} ({names}) from stdin (format csv)", lines)
                rows += cursor.rowcount
            cursor.execute(f"analyze {relation}")
            print(f"  {table:<9}{rows:>12,} rows {time.monotonic() - start:6.1f} s", flush=True)
    connection.commit()


LOADERS = {"postgres": load_postgres}
"""Engines that take rows through dbt's own connection, and what sends them."""


def load() -> None:
    folder = data_folder()
    manifest = session.invoke(["parse"])
    adapter = session.adapter()
    engine = adapter.type()
    sources = [source for source in manifest.sources.values() if source.source_name == "tpch"]
    if not sources:
        print(
            "Nothing to load: this project has no TPC-H, and your own systems fill their schemas."
        )
        return
    schema = f"{sources[0].database}.{sources[0].schema}"
    if engine == "duckdb":
        print(f"Nothing to load: DuckDB reads the files in {folder} where they are.")
        return
    if engine not in LOADERS and BULK_LOAD.exists():
        raise Problem(BULK.format(engine=engine, folder=folder))
    if engine not in LOADERS:
        print(f"Nothing to load: the project reads {schema}, which others fill.")
        return

    require_tables(folder)
    print(f"Loading {folder} into {schema} ...", flush=True)
    start = time.monotonic()
    relations = {source.name: source.relation_name for source in sources}
    try:
        with adapter.connection_named("load"):
            connection = adapter.connections.get_thread_connection().handle
            LOADERS[engine](connection, relations, folder)
    except Exception as error:
        hint = ""
        if getattr(error, "pgcode", None) in ("42501", "3F000"):  # no privilege, no such schema
            hint = (
                f"\nLoading needs a user who owns the schema {sources[0].schema}, which "
                "warehouse/bootstrap.sql makes: one with the role loader, and POSTGRES_ROLE=loader."
            )
        raise Problem(f"Nothing was loaded: {str(error).strip()}{hint}") from error
    print(f"Loaded in {time.monotonic() - start:.1f} s.")


if __name__ == "__main__":
    run_program(load, "Interrupted: nothing was loaded.")

"""The same star and answers in plain DuckDB SQL: the floor under a build of the template.

python -m independent_sql.handwritten_build TPCH_FOLDER SEEDS_FOLDER DATABASE_FILE ANSWERS_FOLDER
"""

import sys
from pathlib import Path

import duckdb

from .queries import HERE, NAMES, answer_sql, raw_tables, run, seeds, settings

TABLES = ("customer_360", "customer_cohort_retention")
"""Results that are kept as tables of the schema `marts`, as the template keeps them."""


def build(
    tpch_folder: Path | str,
    seeds_folder: Path | str,
    database_file: Path | str,
    answers_folder: Path | str,
) -> None:
    """Build the core, the marts and every answer from raw Parquet files; write the answers as CSV.

    `database_file` must not exist; it holds the eight tables of `core` and `marts` afterwards.
    """
    with duckdb.connect(str(database_file)) as con:
        raw_tables(con, tpch_folder)
        seeds(con, seeds_folder)
        settings(con, {})
        for file in (
            "macros",
            "handwritten_build/core",
            "handwritten_build/counted_rows",
            "shared_tables",
        ):
            run(con, HERE / f"{file}.sql")
        write_answers(con, answers_folder)


def write_answers(con: duckdb.DuckDBPyConnection, folder: Path | str) -> None:
    """Write <name>.csv for every result, in the format that `comparison.read_csv` reads."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    con.execute("create schema marts")
    for name in NAMES:
        query = answer_sql(name)
        if name in TABLES:
            con.execute(f"create table marts.{name} as {query}")
            query = f"from marts.{name}"
        path = (Path(folder) / f"{name}.csv").as_posix().replace("'", "''")
        con.execute(f"copy ({query}) to '{path}' (header, dateformat '%Y-%m-%d')")


if __name__ == "__main__":
    build(*sys.argv[1:])

"""The answers, `customer_360` and the cohorts from a folder of raw TPC-H Parquet files.

`shared_tables.sql` holds what every answer needs (revenue of an order, totals of a customer, categories
bought), one file in `answers/` holds each result. Orders after the as-of date are left out where
the files are read, and nowhere else.
"""

import datetime
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent
TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
NAMES = tuple(sorted(path.stem for path in (HERE / "answers").glob("*.sql")))
"""Names of the 13 results q01_... to q12_..., customer_360 and customer_cohort_retention."""


def connect(
    tpch_folder: Path | str, seeds_folder: Path | str, as_of: datetime.date | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database in memory with the raw tables (views), the seeds and the answers' words.

    `tpch_folder` holds <table>.parquet for each of `TABLES`, `seeds_folder` marketing_spend.csv and
    rfm_segments.csv. Without `as_of` the as-of date is the newest order date; with it, later orders
    and their lines do not exist.
    """
    con = duckdb.connect()
    raw_tables(con, tpch_folder, as_of)
    seeds(con, seeds_folder)
    date = "(select max(o_orderdate) from orders)" if as_of is None else _date(as_of)
    con.execute(f"create table as_of as select {date} as as_of_date")
    run(con, HERE / "macros.sql")
    run(con, HERE / "shared_tables.sql")
    return con


def answer(con: duckdb.DuckDBPyConnection, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of the result `name`, both in the order of the definition."""
    result = con.execute(answer_sql(name))
    return [column[0] for column in result.description], result.fetchall()


def answer_sql(name: str) -> str:
    """The query of the result `name`, over the tables that `connect` makes."""
    return (HERE / "answers" / f"{name}.sql").read_text(encoding="utf-8")


def raw_tables(
    con: duckdb.DuckDBPyConnection, tpch_folder: Path | str, as_of: datetime.date | None = None
) -> None:
    """Make the eight views over the Parquet files, without columns like `_loaded_at`."""
    for table in TABLES:
        path = _text((Path(tpch_folder) / f"{table}.parquet").as_posix())
        select = f"select columns('^[^_]') from read_parquet({path})"
        if as_of is not None and table == "orders":
            select += f" where o_orderdate <= {_date(as_of)}"
        if as_of is not None and table == "lineitem":
            orders = _text((Path(tpch_folder) / "orders.parquet").as_posix())
            late = (
                f"select o_orderkey from read_parquet({orders}) where o_orderdate > {_date(as_of)}"
            )
            select += f" where l_orderkey not in ({late})"
        con.execute(f"create view {table} as {select}")


def seeds(con: duckdb.DuckDBPyConnection, seeds_folder: Path | str) -> None:
    """Make the tables `marketing_spend` and `rfm_segments`; an empty field is null."""
    types = {
        "marketing_spend": {
            "spend_month": "date",
            "market_segment": "varchar",
            "spend_amount": "decimal(18, 2)",
        },
        "rfm_segments": {"rfm_segment": "varchar"}
        | {f"{score}_{end}": "integer" for score in "rfm" for end in ("min", "max")},
    }
    for table, columns in types.items():
        path = _text((Path(seeds_folder) / f"{table}.csv").as_posix())
        con.execute(
            f"create table {table} as from read_csv({path}, header = true, types = {columns})"
        )


def run(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Execute every statement of an SQL file."""
    con.execute(file.read_text(encoding="utf-8"))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _date(value: datetime.date) -> str:
    return f"date '{value.isoformat()}'"

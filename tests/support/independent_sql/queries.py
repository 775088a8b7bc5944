"""The answers, `customer_360` and the cohorts from a folder of raw TPC-H Parquet files.

`counted_rows.sql` turns raw rows, whatever their faults, into the orders and lines that count, customers,
nations and products. `shared_tables.sql` holds what every answer needs (revenue of an order, totals of a
customer, categories bought), one file in `answers/` holds each result.
"""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent
TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
NAMES = tuple(sorted(path.stem for path in (HERE / "answers").glob("*.sql")))
"""Names of the 13 results q01_... to q12_..., customer_360 and customer_cohort_retention."""

SETTINGS: dict[str, Any] = {
    "as_of_date": None,
    "cancelled_statuses": [],
    "category_scheme": "type_material",
    "earliest_order_date": datetime.date(1970, 1, 1),
    "key_type": "bigint",
    "lifecycle_active_days": 90,
    "lifecycle_lapsing_days": 365,
    "minimum_tenure_days": 90,
    "returns": None,
    "revenue_basis": "gross",
}
"""The vars of a project that change an answer, with their defaults."""


def connect(
    tpch_folder: Path | str,
    seeds_folder: Path | str,
    as_of: datetime.date | None = None,
    variables: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a database in memory with the raw tables (views), the seeds and the answers' words.

    `tpch_folder` holds <table>.parquet for each of `TABLES`, `seeds_folder` marketing_spend.csv and
    rfm_segments.csv. `variables` are vars of a project; those that change no answer are ignored.
    Without `as_of` or the var as_of_date the as-of date is the newest order date; with it, later
    orders and their lines do not exist.

    Rows that a project refuses unless its vars set them aside (dates in the future) or give them
    to the customer `unknown` are read as if they did.
    """
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    raw_tables(con, tpch_folder)
    seeds(con, seeds_folder)
    settings(con, {**(variables or {}), **({} if as_of is None else {"as_of_date": as_of})})
    for file in ("macros.sql", "counted_rows.sql", "shared_tables.sql"):
        run(con, HERE / file)
    return con


def answer(con: duckdb.DuckDBPyConnection, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of the result `name`, both in the order of the definition."""
    result = con.execute(answer_sql(name))
    return [column[0] for column in result.description], result.fetchall()


def answer_sql(name: str) -> str:
    """The query of the result `name`, over the tables that `connect` makes."""
    return (HERE / "answers" / f"{name}.sql").read_text(encoding="utf-8")


def raw_tables(con: duckdb.DuckDBPyConnection, tpch_folder: Path | str) -> None:
    """Make the eight views over the Parquet files; `_loaded_at` is null where a file has none."""
    for table in TABLES:
        file = f"read_parquet({_text((Path(tpch_folder) / f'{table}.parquet').as_posix())})"
        names = [row[0] for row in con.execute(f"describe from {file}").fetchall()]
        missing = "" if "_loaded_at" in names else ", null::timestamp as _loaded_at"
        con.execute(f"create view {table} as select *{missing} from {file}")


def settings(con: duckdb.DuckDBPyConnection, variables: Mapping[str, Any]) -> None:
    """Make a DuckDB variable of each of `SETTINGS`, and of what is derived from them."""
    chosen = {name: variables.get(name, default) for name, default in SETTINGS.items()}
    chosen["unknown_key"] = -1 if chosen["key_type"] == "bigint" else "unknown"
    chosen["run_started"] = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    for name, value in chosen.items():
        con.execute(f"set variable {name} = ?", [value])
    for name in ("as_of_date", "earliest_order_date"):
        con.execute(f"set variable {name} = getvariable('{name}')::date")


def seeds(con: duckdb.DuckDBPyConnection, seeds_folder: Path | str) -> None:
    """Make the tables `marketing_spend` and `rfm_segments`; an empty field is null."""
    types = {
        "marketing_spend": {
            "spend_month": "date",
            "market_segment": "varchar",
            "channel": "varchar",
            "spend_amount": "decimal(18, 2)",
        },
        "rfm_segments": {"rfm_segment": "varchar"}
        | {f"{score}_{end}": "integer" for score in "rfm" for end in ("min", "max")},
    }
    for table, columns in types.items():
        path = _text((Path(seeds_folder) / f"{table}.csv").as_posix())
        con.execute(
            f"create table {table} as from read_csv({path}, header = true, columns = {columns})"
        )


def run(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Execute every statement of an SQL file."""
    con.execute(file.read_text(encoding="utf-8"))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

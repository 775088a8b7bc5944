"""Run one of the 22 TPC-H queries over the raw tables (`raw`) or over the schema `core` (`core`).

The queries have the specification's validation parameters. Q15 is a CTE instead of a view, and
where the standard's order leaves ties, a key is added at its end. Both versions return the same
columns. The raw ones were checked once at scale factor 1 against the answers of the specification
that are well known, for example Q1 (A, F) 37734107.00, Q3 (order 2456423) 406181.0111,
Q6 123141078.2283, Q14 16.380779, Q18 57 rows.

At scale factor 0.01 the standard parameters find only 0 in Q8 and null in Q17; no query is
without rows.
"""

from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent
NUMBERS = tuple(range(1, 23))
STANDARD = {8: {"nation": "BRAZIL"}, 17: {"brand": "Brand#23"}, 18: {"quantity": 300}}
"""Parameters that can be replaced, because on little data the standard ones may find nothing."""


def raw(
    con: duckdb.DuckDBPyConnection, number: int, **parameters: Any
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of query `number` over the tables customer, orders, lineitem, ...

    `parameters` replace the standard ones: `nation` of Q8, `fraction` of Q11, `brand` of Q17,
    `quantity` of Q18.
    """
    return _run(con, "queries", number, "supplier", parameters)


def core(
    con: duckdb.DuckDBPyConnection, number: int, **parameters: Any
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The same over core.dim_customers, core.fct_orders, core.fct_order_lines, ..."""
    return _run(con, "core", number, "core.dim_suppliers", parameters)


def _run(
    con: duckdb.DuckDBPyConnection, folder: str, number: int, suppliers: str, given: dict[str, Any]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    query = (HERE / folder / f"q{number:02}.sql").read_text(encoding="utf-8")
    parameters = dict(STANDARD.get(number, {}))
    if number == 11:
        # 10,000 suppliers make scale factor 1, where the fraction is 0.0001
        (count,) = con.execute(f"select count(*) from {suppliers}").fetchone()
        parameters["fraction"] = 0.0001 * 10_000 / count
    unknown = given.keys() - parameters.keys()
    if unknown:
        raise ValueError(f"query {number} has no parameter {', '.join(sorted(unknown))}")
    result = con.execute(query, parameters | given)
    return [column[0] for column in result.description], result.fetchall()

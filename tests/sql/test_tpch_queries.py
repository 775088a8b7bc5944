"""The 22 TPC-H queries over the core that dbt builds equal those over the raw tables."""

import re
import shutil

import duckdb
import pytest
from independent_sql.comparison import compare
from independent_sql.queries import raw_tables
from tpch import queries

SMALL = {
    8: {"nation": "UNITED STATES"},
    11: {"fraction": 0.001},
    17: {"brand": "Brand#41"},
    18: {"quantity": 250},
}
"""Other parameters for scale factor 0.01, where the standard ones find only 0 (Q8), null (Q17), one
row (Q11) or two (Q18). Every other query finds something there."""


@pytest.fixture(scope="module")
def con(built, tpch_data, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """TPC-H at scale factor 0.01: the raw tables as views, and a copy of the core that dbt built."""
    copy = shutil.copy2(built.database, tmp_path_factory.mktemp("tpch") / "built.duckdb")
    con = duckdb.connect(str(copy))
    raw_tables(con, tpch_data)
    return con


def test_there_are_22_of_each_and_those_over_the_core_read_nothing_else():
    for folder in ("queries", "core"):
        names = sorted(path.name for path in (queries.HERE / folder).iterdir())
        assert names == [f"q{number:02}.sql" for number in queries.NUMBERS]
    for path in (queries.HERE / "core").iterdir():
        query = path.read_text()
        sources = set(re.findall(r"\b(?:from|join)\s+([\w.]+)", query))
        named_here = set(re.findall(r"\b(\w+) as \(", query))
        read = sources - named_here
        assert read and all(source.startswith("core.") for source in read), path.name


@pytest.mark.parametrize("number", queries.NUMBERS, ids="Q{}".format)
def test_the_core_gives_the_answer_of_the_raw_tables(con, number):
    assert compare(*queries.raw(con, number), *queries.core(con, number)) == []


@pytest.mark.parametrize("number", queries.NUMBERS, ids="Q{}".format)
def test_the_comparison_is_not_empty(con, number):
    parameters = SMALL.get(number, {})
    columns, rows = queries.raw(con, number, **parameters)
    assert rows
    for position, column in enumerate(columns):
        if column != "o_shippriority":  # always 0 in TPC-H
            assert any(row[position] not in (None, 0) for row in rows), f"{column} is null or 0"
    assert compare(columns, rows, *queries.core(con, number, **parameters)) == []


def test_an_unknown_parameter_is_refused(con):
    with pytest.raises(ValueError, match="query 6 has no parameter quantity"):
        queries.raw(con, 6, quantity=1)


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        ("delete from core.fct_order_lines where ship_date = '1996-12-01' and discount = 0.05", 1),
        ("update core.dim_customers set nation_key = 0 where customer_key % 2 = 0", 5),
        ("update core.fct_order_lines set revenue = round(revenue, 0)", 3),
        ("delete from core.dim_customers where customer_key % 3 = 0", 13),
        ("update core.fct_part_supply set available_quantity = 0", 20),
    ],
)
def test_a_fault_in_the_core_is_seen(con, fault, number):
    con.begin()
    try:
        con.execute(fault)
        assert compare(*queries.raw(con, number), *queries.core(con, number)) != []
    finally:
        con.rollback()

"""A chain of incremental runs gives the same tables as one full refresh, on awkward batches."""

import duckdb
import pytest
from incremental_batches import SECOND
from projects import HISTORY, differing_tables, write_batch


def test_a_chain_of_incremental_runs_equals_a_full_refresh(batches, built, tmp_path):
    chain = built.fresh(tmp_path / "chain", batches[0])
    # the first batch holds lines without their orders, which dbt's tests are right to refuse
    chain.build("--exclude-resource-type", "test")
    chain.data = batches[1]
    chain.build()
    second = built.fresh(tmp_path / "second", batches[1])
    second.build()
    assert differing_tables(chain.database, second.database, but=[HISTORY]) == {}
    chain.data = batches[2]
    chain.build()
    whole = built.fresh(tmp_path / "whole", batches[2])
    whole.build()
    assert differing_tables(chain.database, whole.database, but=[HISTORY]) == {}

    versions = dict(
        chain.query(f"select customer_key, count(*) from {HISTORY} group by customer_key")
    )
    moved = {
        key
        for (key,) in chain.query(
            f"""select customer_key from {HISTORY} group by customer_key
            having count(distinct (market_segment, nation_key, account_balance)) > 1"""
        )
    }
    assert {key for key, count in versions.items() if count > 1} == moved
    assert set(range(51, 71)) <= moved  # and of 1 to 50 those who were not in BUILDING already
    assert versions[2] == 3
    segments = chain.query(
        f"""select market_segment, cast(valid_from as varchar), is_current from {HISTORY}
        where customer_key = 2 order by valid_from"""
    )
    assert segments[1:] == [
        ("BUILDING", "2001-01-02 06:00:00", False),
        ("MACHINERY", "2001-01-03 06:00:00", True),
    ], segments
    current = chain.query(f"select customer_key from {HISTORY} where is_current")
    assert sorted(current) == chain.query("select customer_key from core.dim_customers order by 1")
    assert (3,) not in current, "a customer who left has no current version"


def test_an_incremental_run_touches_the_changed_orders_only(batches, built, tmp_path):
    chain = built.fresh(tmp_path / "chain", batches[0])
    facts = {"fct_orders": "order_key", "fct_order_lines": "order_key, line_number"}
    # columns that no run compares, because they follow from others
    marked = {"fct_orders": "net_revenue", "fct_order_lines": "revenue_with_tax"}
    select = ["--select", "+fct_orders"]
    chain.dbt("run", *select)
    rows = {fact: chain.query(f"select count(*) from core.{fact}")[0][0] for fact in facts}
    with duckdb.connect(str(chain.database)) as connection:
        for fact in facts:
            connection.sql(f"update core.{fact} set {marked[fact]} = -1")

    def touched(fact: str) -> set:
        return set(chain.query(f"select {facts[fact]} from core.{fact} where {marked[fact]} <> -1"))

    chain.dbt("run", *select)
    assert touched("fct_orders") == touched("fct_order_lines") == set(), "nothing was new"
    chain.data = batches[1]
    chain.dbt("run", *select)
    newer = f"where _loaded_at = {SECOND}"
    expected = set(
        duckdb.sql(
            f"""select o_orderkey from '{batches[1]}/orders.parquet' {newer}
            union select l_orderkey from '{batches[1]}/lineitem.parquet' {newer}"""
        ).fetchall()
    )
    assert 0 < len(expected) < rows["fct_orders"] / 4
    assert touched("fct_orders") == expected
    assert {(order_key,) for order_key, _ in touched("fct_order_lines")} == expected


def test_only_customers_of_whom_something_changed_are_counted_again(built, tmp_path):
    """One day of orders; the rest of the table is marked, and keeps the mark."""
    newest = "(select max(o_orderdate) from orders)"
    day_before = {
        "orders": f"from orders where o_orderdate < {newest}",
        "lineitem": f"""select lineitem.* from lineitem join orders on o_orderkey = l_orderkey
            where o_orderdate < {newest}""",
    }
    day = {
        "orders": f"""select * replace (case when o_orderdate = {newest}
            then _loaded_at + interval 1 day else _loaded_at end as _loaded_at) from orders""",
        "lineitem": f"""select lineitem.* replace (case when o_orderdate = {newest}
            then lineitem._loaded_at + interval 1 day else lineitem._loaded_at end as _loaded_at)
            from lineitem join orders on o_orderkey = l_orderkey""",
    }
    mart = "marts.customer_category_revenue"
    chain = built.fresh(
        tmp_path / "chain", write_batch(built.data, tmp_path / "before", day_before)
    )
    select = ["--select", "+customer_category_revenue"]
    chain.dbt("seed")
    chain.dbt("run", *select)
    with duckdb.connect(str(chain.database)) as connection:
        connection.sql(f"update {mart} set last_order_date = date '1900-01-01'")
    chain.data = write_batch(built.data, tmp_path / "day", day)
    chain.dbt("run", *select)
    counted = chain.query(
        f"select distinct customer_key from {mart} where year(last_order_date) > 1900 order by 1"
    )
    orders = f"from '{built.data}/orders.parquet'"
    bought = duckdb.sql(
        f"""select distinct o_custkey {orders}
        where o_orderdate = (select max(o_orderdate) {orders}) order by 1"""
    ).fetchall()
    assert 0 < len(bought) < 20 and counted == bought
    kept = chain.query(
        f"select count(*) from {mart} where year(last_order_date) = 1900 and customer_key not in "
        f"({', '.join(str(key) for (key,) in bought)})"
    )
    assert kept > [(30_000,)]


def test_another_as_of_date_needs_no_full_refresh(built, tmp_path):
    mart = "marts.customer_category_revenue"
    chain = built.copy(tmp_path / "chain")
    select = ["--select", "customer_category_revenue"]
    before = {"as_of_date": "1995-06-17"}
    chain.dbt("run", *select, variables=before)
    back = chain.query(f"from {mart} order by all")
    assert len(back) < built.query(f"select count(*) from {mart}")[0][0]
    chain.dbt("run", *select, "--full-refresh", variables=before)
    assert chain.query(f"from {mart} order by all") == back
    chain.dbt("run", *select, variables={"as_of_date": None})
    assert differing_tables(chain.database, built.database) == {}


WITHOUT_LOAD_TIME = {"source_loaded_at": None}


@pytest.mark.parametrize(
    ("days_late", "exact"), [(35, True), (36, False)], ids=["35 days late", "36 days late"]
)
def test_without_load_times_rows_within_the_lookback_are_exact_and_older_ones_refused(
    days_late, exact, tpch_data, built, tmp_path
):
    newest = "date '1998-01-31'"
    late = f"o_orderdate = {newest} - {days_late}"
    first = write_batch(
        tpch_data,
        tmp_path / "first",
        {
            "orders": f"from orders where o_orderdate <= {newest} and not {late}",
            "lineitem": f"""select lineitem.* from lineitem join orders on o_orderkey = l_orderkey
                where o_orderdate <= {newest} and not {late}""",
        },
    )
    incremental = ["--select", "+customer_category_revenue"]
    chain = built.fresh(tmp_path / "chain", first)
    chain.dbt("seed")
    chain.dbt("run", *incremental, variables=WITHOUT_LOAD_TIME)
    marts = "from marts.customer_category_revenue order by all"
    before = chain.query(marts)
    chain.data = tpch_data
    told = chain.dbt("run", *incremental, fails=not exact, variables=WITHOUT_LOAD_TIME)
    if not exact:
        assert "The facts differ from the source." in told and "1997-12: " in told
        assert chain.query(marts) == before, "a refused run changed a mart"
        chain.dbt("run", *incremental, "--full-refresh", variables=WITHOUT_LOAD_TIME)
    whole = built.fresh(tmp_path / "whole", tpch_data)
    whole.dbt("seed")
    whole.dbt("run", *incremental, variables=WITHOUT_LOAD_TIME)
    for contents in ("from core.fct_order_lines order by all", marts):
        assert chain.query(contents) == whole.query(contents)

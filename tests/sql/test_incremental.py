"""A chain of incremental runs gives the same tables as one full refresh, on awkward batches."""

import duckdb
import pytest
from projects import HISTORY, differing_tables, write_batch

# Load times of the three batches.
FIRST, SECOND, THIRD = (f"timestamp '2001-01-0{day} 06:00:00'" for day in (1, 2, 3))

# Old orders that arrive two years late, orders of which one line arrives late, lines that arrive
# before their order.
LATE_ORDER = "o_orderkey % 97 = 0"
LATE_LINE = "(l_orderkey % 89 = 0 and l_linenumber = 1)"
EARLY_LINES = "o_orderkey % 83 = 0"
# Orders that go to another customer: some, and all of customer 4.
LEFT = "(o_orderkey % 79 = 0 or o_custkey = 4)"


@pytest.fixture(scope="module")
def batches(tpch_data, tmp_path_factory):
    """Three folders: a first load, one with new, late and changed rows, and the rest of the data."""
    folder = tmp_path_factory.mktemp("batches")
    first = write_batch(
        tpch_data,
        folder / "first",
        {
            "customer": f"select * replace ({FIRST} as _loaded_at) from customer",
            "orders": f"""select * replace ({FIRST} as _loaded_at) from orders
                where o_orderdate <= date '1997-12-31'
                and not {LATE_ORDER} and not {EARLY_LINES}""",
            "lineitem": f"""select lineitem.* replace ({FIRST} as _loaded_at) from lineitem
                join orders on o_orderkey = l_orderkey
                where o_orderdate <= date '1997-12-31' and not {LATE_ORDER} and not {LATE_LINE}""",
            "partsupp": f"""select * replace ({FIRST} as _loaded_at) from partsupp
                where ps_suppkey <> 7""",
            "part": f"select * replace ({FIRST} as _loaded_at) from part",
        },
    )
    second = write_batch(
        tpch_data,
        folder / "second",
        {
            # customers move to another segment, another nation, another balance
            "customer": f"""select * replace (
                    case when c_custkey <= 50 then 'BUILDING' else c_mktsegment end as c_mktsegment,
                    case when c_custkey between 51 and 60 then (c_nationkey + 1) % 25
                        else c_nationkey end as c_nationkey,
                    case when c_custkey between 61 and 70 then c_acctbal + 1
                        else c_acctbal end as c_acctbal,
                    case when c_custkey <= 70 then {SECOND} else {FIRST} end as _loaded_at)
                from customer""",
            # orders change their date and their customer; late ones arrive
            "orders": f"""select * replace (
                    case when {LEFT} then o_orderdate - 40 else o_orderdate
                        end as o_orderdate,
                    case when {LEFT} then 1 else o_custkey end as o_custkey,
                    case when {LEFT} or {LATE_ORDER} or {EARLY_LINES}
                        or o_orderdate > date '1997-12-31' then {SECOND} else {FIRST}
                        end as _loaded_at)
                from orders where o_orderdate <= date '1998-03-31'""",
            # products move to other categories
            "part": f"""select * replace (
                    case when p_partkey % 101 = 0 then 'Manufacturer#9' else p_mfgr end as p_mfgr,
                    case when p_partkey % 101 = 0 then {SECOND} else {FIRST} end as _loaded_at)
                from part""",
            # a price changes in an old order; late lines arrive
            "lineitem": f"""select lineitem.* replace (
                    case when l_orderkey % 73 = 0 then l_extendedprice + 1 else l_extendedprice
                        end as l_extendedprice,
                    case when l_orderkey % 73 = 0 or {LATE_LINE} or {LATE_ORDER}
                        or o_orderdate > date '1997-12-31' then {SECOND} else {FIRST}
                        end as _loaded_at)
                from lineitem join orders on o_orderkey = l_orderkey
                where o_orderdate <= date '1998-03-31'""",
            "partsupp": f"""select * replace (
                    case when ps_suppkey = 8 then ps_availqty + 1 else ps_availqty
                        end as ps_availqty,
                    case when ps_suppkey in (7, 8) then {SECOND} else {FIRST} end as _loaded_at)
                from partsupp""",
        },
    )
    third = write_batch(
        second,
        folder / "third",
        {
            # one customer moves again, one leaves
            "customer": f"""select * replace (
                    case when c_custkey = 2 then 'MACHINERY' else c_mktsegment end as c_mktsegment,
                    case when c_custkey = 2 then {THIRD} else _loaded_at end as _loaded_at)
                from customer where c_custkey <> 3""",
            "orders": f"""from orders union all by name
                select * replace ({THIRD} as _loaded_at)
                from '{tpch_data}/orders.parquet' where o_orderdate > date '1998-03-31'""",
            "lineitem": f"""from lineitem union all by name
                select l.* replace ({THIRD} as _loaded_at)
                from '{tpch_data}/lineitem.parquet' l
                join '{tpch_data}/orders.parquet' on o_orderkey = l_orderkey
                where o_orderdate > date '1998-03-31'""",
        },
    )
    return [first, second, third]


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
    select = ["--select", "+fct_orders"]
    chain.dbt("run", *select)
    rows = {fact: chain.query(f"select count(*) from core.{fact}")[0][0] for fact in facts}
    with duckdb.connect(str(chain.database)) as connection:
        for fact in facts:
            connection.sql(f"update core.{fact} set comment = 'not touched'")

    def touched(fact: str) -> set:
        return set(
            chain.query(f"select {facts[fact]} from core.{fact} where comment <> 'not touched'")
        )

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


def test_only_customers_of_whom_something_changed_are_counted_anew(built, tmp_path):
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
    chain.dbt("run", *select)
    with duckdb.connect(str(chain.database)) as connection:
        connection.sql(f"update {mart} set revenue = -1")
    chain.data = write_batch(built.data, tmp_path / "day", day)
    chain.dbt("run", *select)
    counted = chain.query(
        f"select distinct customer_key from {mart} where revenue <> -1 order by 1"
    )
    orders = f"from '{built.data}/orders.parquet'"
    bought = duckdb.sql(
        f"""select distinct o_custkey {orders}
        where o_orderdate = (select max(o_orderdate) {orders}) order by 1"""
    ).fetchall()
    assert 0 < len(bought) < 20 and counted == bought
    kept = chain.query(
        f"select count(*) from {mart} where revenue = -1 and customer_key not in "
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
def test_without_load_times_rows_within_the_lookback_are_exact(
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
    chain.dbt("run", *incremental, variables=WITHOUT_LOAD_TIME)
    chain.data = tpch_data
    chain.dbt("run", *incremental, variables=WITHOUT_LOAD_TIME)
    whole = built.fresh(tmp_path / "whole", tpch_data)
    whole.dbt("run", *incremental, variables=WITHOUT_LOAD_TIME)
    for table in ("core.fct_order_lines", "marts.customer_category_revenue"):
        contents = f"from {table} order by all"
        assert (chain.query(contents) == whole.query(contents)) == exact
    if not exact:
        chain.dbt("run", *incremental, "--full-refresh", variables=WITHOUT_LOAD_TIME)
        assert chain.query(contents) == whole.query(contents)

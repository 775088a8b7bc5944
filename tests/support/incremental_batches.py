"""Loads of TPC-H that arrive one after the other, awkward on purpose: late, changed and moved rows."""

import pytest
from projects import write_batch

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

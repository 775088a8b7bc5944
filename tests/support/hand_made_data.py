"""Two hand-made shops with the edges that TPC-H does not have.

The first has two customers without orders, a segment and a region without buyers, ties, orders on
the same day. `MESSY` has refunds, guests, cancelled orders, a customer who isn't delivered, names
that are missing, dates that cannot be true.
"""

from pathlib import Path

import duckdb

DATA = {
    "region": """
        select * from (values (0, 'AFRICA', ''), (1, 'ASIA', ''), (2, 'EUROPE', ''))
        as t (r_regionkey, r_name, r_comment)""",
    "nation": """
        select * from (values (0, 'KENYA', 0, ''), (1, 'CHINA', 1, ''), (2, 'FRANCE', 2, ''))
        as t (n_nationkey, n_name, n_regionkey, n_comment)""",
    "customer": """
        select c_custkey, 'Customer ' || c_custkey as c_name, '' as c_address, c_nationkey,
            '10-1' as c_phone, -5.25::decimal(15, 2) as c_acctbal, c_mktsegment, '' as c_comment
        from (values
            (1, 0, 'BUILDING'), (2, 0, 'BUILDING'), (3, 1, 'MACHINERY'),
            (4, 1, 'MACHINERY'), (5, 0, 'MACHINERY'), (6, 1, 'FURNITURE')
        ) as t (c_custkey, c_nationkey, c_mktsegment)""",
    "part": """
        select p_partkey, '' as p_name, p_mfgr, p_brand, p_type, 1 as p_size, '' as p_container,
            1.00 as p_retailprice, '' as p_comment
        from (values
            (1, 'Manufacturer#1', 'Brand#11', 'STANDARD PLATED TIN'),
            (2, 'Manufacturer#2', 'Brand#21', 'ECONOMY PLATED BRASS'),
            (3, 'Manufacturer#1', 'Brand#12', 'ECONOMY BURNISHED TIN')
        ) as t (p_partkey, p_mfgr, p_brand, p_type)""",
    "supplier": """
        select 1 as s_suppkey, '' as s_name, '' as s_address, 0 as s_nationkey, '' as s_phone,
            1.00 as s_acctbal, '' as s_comment""",
    "partsupp": """
        select 1 as ps_partkey, 1 as ps_suppkey, 1 as ps_availqty, 1.00 as ps_supplycost,
            '' as ps_comment""",
    "orders": """
        select o_orderkey, o_custkey, 'F' as o_orderstatus, 0.00 as o_totalprice, o_orderdate::date
            as o_orderdate, '' as o_orderpriority, '' as o_clerk, 0 as o_shippriority,
            '' as o_comment, now() as _loaded_at
        from (values
            (1, 1, '1995-01-10'), (2, 1, '1995-01-10'), (3, 1, '1996-03-11'),
            (4, 2, '1995-03-31'), (5, 3, '1995-12-31'), (6, 3, '1997-01-01'), (7, 4, '1996-03-11')
        ) as t (o_orderkey, o_custkey, o_orderdate)""",
    "lineitem": """
        select l_orderkey, l_partkey, 1 as l_suppkey, l_linenumber, l_quantity::decimal(15, 2)
            as l_quantity, l_extendedprice::decimal(15, 2) as l_extendedprice,
            l_discount::decimal(15, 2) as l_discount, l_tax::decimal(15, 2) as l_tax, l_returnflag,
            'F' as l_linestatus, date '1997-01-01' as l_shipdate, date '1997-01-01' as l_commitdate,
            date '1997-01-01' as l_receiptdate, '' as l_shipinstruct, '' as l_shipmode,
            '' as l_comment
        from (values
            (1, 1, 1, 100, 0, 0.10, 'N', 1), (1, 2, 2, 60, 0, 0, 'R', 3),
            (2, 1, 1, 50, 0.20, 0.05, 'N', 2), (3, 1, 3, 200, 0, 0, 'N', 4),
            (4, 1, 2, 100, 0, 0, 'N', 1), (4, 2, 3, 100, 0, 0, 'N', 1),
            (5, 1, 1, 100, 0, 0, 'R', 1), (6, 1, 1, 100, 0, 0, 'A', 2),
            (7, 1, 2, 1000, 0.50, 0, 'N', 5)
        ) as t (l_orderkey, l_linenumber, l_partkey, l_extendedprice, l_discount, l_tax,
            l_returnflag, l_quantity)""",
}
SPEND = """\
spend_month,market_segment,channel,spend_amount
1995-01-01,BUILDING,search,300.00
1995-06-01,,events,100.00
1995-12-01,MACHINERY,search,10.00
1995-12-01,FURNITURE,search,7.00
"""
SEGMENTS = """\
rfm_segment,r_min,r_max,f_min,f_max,m_min,m_max
fresh,3,5,1,5,1,5
stale,1,2,1,5,1,5
"""


MESSY = {
    **DATA,
    "region": """
        select * from (values (0, 'AFRICA', ''), (1, 'ASIA', ''))
        as t (r_regionkey, r_name, r_comment)""",
    "nation": """
        select * from (values (0, 'KENYA', 0, ''), (1, 'GEORGIA', 1, ''), (2, 'GEORGIA', 0, ''))
        as t (n_nationkey, n_name, n_regionkey, n_comment)""",
    "customer": """
        select c_custkey, 'Customer ' || c_custkey as c_name, '' as c_address, c_nationkey,
            '10-1' as c_phone, 1.00::decimal(15, 2) as c_acctbal, c_mktsegment, '' as c_comment
        from (values
            (1, 0, 'BUILDING'), (2, 1, 'BUILDING'), (3, 2, null), (4, null, ' '),
            (5, 0, 'MACHINERY')
        ) as t (c_custkey, c_nationkey, c_mktsegment)""",
    "orders": """
        select o_orderkey, o_custkey, o_orderstatus, 0.00 as o_totalprice, o_orderdate::date
            as o_orderdate, '' as o_orderpriority, '' as o_clerk, 0 as o_shippriority,
            '' as o_comment, now() as _loaded_at
        from (values
            (1, 1, 'F', '2024-01-10'), (2, 1, 'F', '2024-03-10'), (3, 2, 'F', '2024-01-10'),
            (4, 3, 'X', '2024-02-01'), (5, 3, 'F', '2024-02-15'), (6, null, 'F', '2024-02-20'),
            (7, 5, 'F', '2024-03-01'), (8, 99, 'F', '2024-02-15'), (9, null, 'F', '2024-04-02'),
            (10, 4, 'X', '2024-05-31'), (11, 2, 'F', '2024-03-01'), (12, 1, 'F', '2062-01-01'),
            (13, 1, 'F', '1900-01-01')
        ) as t (o_orderkey, o_custkey, o_orderstatus, o_orderdate)""",
    "lineitem": """
        select l_orderkey, l_partkey, 1 as l_suppkey, l_linenumber, l_quantity::decimal(15, 2)
            as l_quantity, l_extendedprice::decimal(15, 4) as l_extendedprice,
            l_discount::decimal(15, 6) as l_discount, l_tax::decimal(15, 6) as l_tax, l_returnflag,
            'F' as l_linestatus, date '2024-01-01' as l_shipdate, date '2024-01-01' as l_commitdate,
            date '2024-01-01' as l_receiptdate, '' as l_shipinstruct, '' as l_shipmode,
            '' as l_comment
        from (values
            (1, 1, 1, 100, 0.125, 0.081, 'R', 2), (2, 1, 2, -40, 0, 0, 'N', -1),
            (3, 1, 2, 50, 0, 0, 'N', 1), (3, 2, 1, 37.5, 0, 0, 'N', 1),
            (4, 1, 1, 1000, 0, 0, 'N', 1), (5, 1, 77, 10.0001, 0.000001, 0, 'N', 1),
            (6, 1, 1, 50, 0, 0, 'N', 1), (7, 1, 3, -30, 0, 0, 'N', -1),
            (8, 1, 1, 10, 0, 0, 'N', 1), (8, 2, 1, -15, 0, 0, 'N', -1),
            (9, 1, 2, -5, 0, 0, 'N', -1), (10, 1, 1, 7, 0, 0, 'N', 1),
            (12, 1, 1, 5000, 0, 0, 'N', 1), (13, 1, 1, 6000, 0, 0, 'N', 1)
        ) as t (l_orderkey, l_linenumber, l_partkey, l_extendedprice, l_discount, l_tax,
            l_returnflag, l_quantity)""",
}
MESSY_SPEND = """\
spend_month,market_segment,channel,spend_amount
2024-01-01,BUILDING,search,30.00
2024-02-01,,events,8.00
"""
MESSY_VARIABLES = {
    "amount_places": 4,
    "cancelled_statuses": ["X"],
    "future_rows": "set_aside",
    "missing_customers": "unknown",
    "rate_places": 6,
    "returns": "lines",
}


def write(folder: Path, data: dict[str, str] = DATA, spend: str = SPEND) -> Path:
    """Write the eight Parquet files and the two seeds into a folder that exists. Returns it."""
    for table, query in data.items():
        duckdb.sql(query).write_parquet(str(folder / f"{table}.parquet"))
    (folder / "marketing_spend.csv").write_text(spend)
    (folder / "rfm_segments.csv").write_text(SEGMENTS)
    return folder

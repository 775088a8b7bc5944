"""A small shop, and every fault that the tests plant in it: what real shops' data looks like.

The shop is TPC-H's 150 first customers with their orders, as `write` leaves it. A `Fault` changes the
eight tables by SQL. Each says what has to happen: the run is *right* (answers equal the
independent SQL over the faulty rows), or *refused* by a sentence that holds certain words, with
every mart's rows as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
LOADED = "timestamp '2024-05-01 06:00:00'"
"""When all rows of the shop were loaded."""

RIGHT, REFUSED, EITHER = "right", "refused", "either"
"""`either`: the definitions leave it open, but a wrong number or a half-built mart is a failure."""

# Vars of the projects that are built. A fault names one of them.
DEFAULTS: dict = {}
REAL = {
    "amount_places": 4,
    "cancelled_statuses": ["X"],
    "future_rows": "set_aside",
    "missing_customers": "unknown",
    "rate_places": 6,
    "returns": "lines",
}
NET = {**REAL, "revenue_basis": "net", "minimum_tenure_days": 400, "category_scheme": "brand"}
TEXT_KEYS = {"key_type": "string"}
SETTINGS = {"defaults": DEFAULTS, "real": REAL, "net": NET, "text_keys": TEXT_KEYS}


@dataclass(frozen=True)
class Fault:
    """A fault of the data, with the vars of the project that meets it."""

    name: str
    sql: str = ""
    expected: str = RIGHT
    words: tuple[str, ...] = ()
    settings: tuple[str, ...] = ("defaults", "real", "net")
    spend: str | None = None  # another marketing_spend.csv, without its header
    shape: bool = False  # it leaves so little that it cannot be mixed with others

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


def make(con: duckdb.DuckDBPyConnection, tpch_data: Path) -> None:
    """Make the eight tables of the small shop, without a fault."""
    con.execute("set timezone = 'UTC'; set threads = 1")
    for table in TABLES:
        con.execute(
            f"create table {table} as select * replace ({LOADED} as _loaded_at) "
            f"from read_parquet('{tpch_data}/{table}.parquet')"
        )
    con.execute("delete from customer where c_custkey > 150")
    con.execute("delete from orders where o_custkey > 150")
    con.execute("delete from lineitem where l_orderkey not in (select o_orderkey from orders)")
    # numbers that have nothing to do with customers, dates or the order of keys
    con.execute("create macro n(key) as key::bigint * 7919 % 10007")


def export(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the eight tables as Parquet files into a folder, which may exist."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        con.execute(f"copy {table} to '{folder}/{table}.parquet' (format parquet)")


def write(
    tpch_data: Path, folder: Path, faults: Iterable[Fault] = (), more: Sequence[str] = ()
) -> None:
    """Write the small shop with its faults into a folder, which may exist.

    `more` are further SQL statements, which see the faulty tables.
    """
    with duckdb.connect() as con:
        make(con, tpch_data)
        for statement in [*(fault.sql for fault in faults), *more]:
            if statement:
                con.execute(statement)
        export(con, folder)


def _type(table: str, **types: str) -> str:
    return "; ".join(f"alter table {table} alter {name} type {to}" for name, to in types.items())


def _every(table: str, statement: str) -> str:
    """Write a table again from a query on it."""
    return f"create or replace table {table} as {statement}"


_ALL_NUMBERS = ("l_quantity", "l_extendedprice", "l_discount", "l_tax")

# ---------------------------------------------------------------- right under any vars
RIGHT_ANYWHERE = [
    Fault(
        "an order date has a time of day",
        _every(
            "orders",
            "select * replace (o_orderdate + interval (o_orderkey % 1440) minute as o_orderdate) from orders",
        ),
    ),
    Fault(
        "an order date has a time of day and a time zone",
        _every(
            "orders",
            """select * replace (timezone('UTC', o_orderdate::timestamp
            + interval (o_orderkey % 1440) minute) as o_orderdate) from orders""",
        ),
        EITHER,
        ("o_orderdate",),
    ),
    Fault(
        "names with quotes, markup, accents and lower case",
        """update customer set c_mktsegment = 'Größe, "A" & <b>O''Brien</b> 日本 =1+1'
            where c_mktsegment = 'FURNITURE' and c_custkey % 2 = 0;
        update customer set c_mktsegment = 'automobile'
            where c_mktsegment = 'AUTOMOBILE' and c_custkey % 2 = 0;
        update nation set n_name = 'Côte d''Ivoire, "CI"' where n_nationkey = 5;
        update nation set n_name = 'éire' where n_nationkey = 7;
        update part set p_type = 'STANDARD POLISHED étain' where p_partkey % 7 = 0;
        update part set p_brand = 'b&b "x"' where p_partkey % 11 = 0""",
    ),
    Fault(
        "a segment is null or blank",
        """update customer set c_mktsegment = null where c_custkey % 10 = 1;
        update customer set c_mktsegment = '   ' where c_custkey % 10 = 2""",
    ),
    Fault(
        "a customer has no country",
        "update customer set c_nationkey = null where c_custkey % 10 = 3",
    ),
    Fault("a nation has no name", "update nation set n_name = '' where n_nationkey = 9"),
    Fault("a nation has no region", "update nation set n_regionkey = null where n_nationkey = 11"),
    Fault(
        "two nations have one name",
        f"""insert into nation by name select 25 as n_nationkey, n_name, 1 as n_regionkey, n_comment,
            {LOADED} as _loaded_at from nation where n_nationkey = 6;
        update customer set c_nationkey = 25 where c_custkey % 17 = 1;
        update customer set c_nationkey = 6 where c_custkey % 17 = 2""",
    ),
    Fault(
        "parts are deleted from the catalogue",
        "delete from partsupp where ps_partkey % 13 = 0; delete from part where p_partkey % 13 = 0",
    ),
    Fault(
        "a part has no type, brand or maker",
        """update part set p_type = null, p_brand = ' ' where p_partkey % 12 = 1;
        update part set p_type = '', p_mfgr = null where p_partkey % 12 = 2""",
    ),
    Fault(
        "placeholders in dates that no mart reads",
        """update lineitem set l_receiptdate = date '1900-01-01' where l_orderkey % 3 = 0;
        update lineitem set l_shipdate = date '0001-01-01', l_commitdate = date '9999-12-31'
            where l_orderkey % 5 = 0""",
    ),
    Fault(
        "lines that are not shipped yet",
        """update lineitem set l_shipdate = null, l_commitdate = null, l_receiptdate = null
            where l_orderkey % 4 = 0""",
    ),
    Fault(
        "orders without lines",
        "delete from lineitem where l_orderkey in (select o_orderkey from orders where o_custkey % 7 = 1)",
    ),
    Fault("guests", "update orders set o_custkey = null where n(o_orderkey) % 9 = 1"),
    Fault(
        "prices of 0 and discounts of 100 percent",
        """update lineitem set l_extendedprice = 0 where l_orderkey % 5 = 0;
        update lineitem set l_discount = 1 where l_orderkey % 7 = 0;
        update lineitem set l_extendedprice = 0 where l_orderkey in (
            select o_orderkey from orders where o_custkey in (4, 7, 8))""",
    ),
    Fault("numbers are floats", _type("lineitem", **dict.fromkeys(_ALL_NUMBERS, "double"))),
    Fault(
        "numbers have more places than they use",
        _type("lineitem", **dict.fromkeys(_ALL_NUMBERS, "decimal(38, 10)")),
    ),
    Fault(
        "keys are of a narrower type",
        _type("orders", o_orderkey="integer", o_custkey="smallint")
        + "; "
        + _type("lineitem", l_orderkey="integer", l_linenumber="bigint")
        + "; "
        + _type("customer", c_custkey="integer", c_nationkey="bigint"),
    ),
    Fault(
        "load times have a time zone",
        "; ".join(
            _every(
                table,
                f"select * replace (timezone('UTC', _loaded_at) as _loaded_at) from {table}",
            )
            for table in TABLES
        ),
    ),
    Fault(
        "columns in another order, and more of them",
        _every("orders", "select 'shop' as channel, columns(*) from orders order by o_comment")
        + "; "
        + _every(
            "customer", "select c_mktsegment, * exclude (c_mktsegment), 1 as tier from customer"
        ),
    ),
    Fault(
        "half the customers bought once, the same thing on the same day",
        """delete from lineitem where l_orderkey in (
            select o_orderkey from orders where o_custkey % 2 = 0
                and o_orderkey not in (select min(o_orderkey) from orders group by o_custkey));
        delete from orders where o_custkey % 2 = 0
            and o_orderkey not in (select min(o_orderkey) from orders group by o_custkey);
        delete from lineitem where l_linenumber > 1
            and l_orderkey in (select o_orderkey from orders where o_custkey % 2 = 0);
        update orders set o_orderdate = date '1996-02-29' where o_custkey % 2 = 0;
        update lineitem set l_extendedprice = 100, l_discount = 0, l_quantity = 1
            where l_orderkey in (select o_orderkey from orders where o_custkey % 2 = 0)""",
    ),
    Fault(
        "many orders on one day",
        "update orders set o_orderdate = date '1995-12-31' where n(o_orderkey) % 4 = 0",
    ),
    Fault(
        "a return flag is null",
        "update lineitem set l_returnflag = null where l_orderkey % 8 = 0",
        EITHER,
    ),
    Fault(
        "a country that is not in the list",
        "update customer set c_nationkey = 77 where c_custkey % 20 = 5",
        EITHER,
        ("nation",),
    ),
    Fault("no suppliers", "delete from partsupp; delete from supplier", EITHER, ("supplier",)),
    Fault("no supply", "delete from partsupp"),
    Fault("a customer left without ever buying", "delete from customer where c_custkey % 3 = 0"),
    Fault(
        "texts are null or very long",
        """update customer set c_name = null, c_phone = null, c_address = repeat('é', 5000), c_comment = null
            where c_custkey % 5 = 0;
        update orders set o_comment = null, o_clerk = null, o_orderpriority = null where o_orderkey % 5 = 0;
        update lineitem set l_comment = null, l_shipmode = null, l_shipinstruct = '' where l_orderkey % 5 = 0;
        update customer set c_acctbal = null where c_custkey % 6 = 0""",
        EITHER,
        ("null",),
    ),
]

# ---------------------------------------------------------------- right, or little is left
BRAND_ONLY = "1995-01-01,,events,100.00\n"
SHAPES = [
    Fault(
        "no orders yet",
        "delete from orders; delete from lineitem",
        shape=True,
    ),
    Fault(
        "no customers yet",
        "delete from orders; delete from lineitem; delete from customer",
        shape=True,
        spend=BRAND_ONLY,
    ),
    Fault(
        "one customer",
        """delete from lineitem where l_orderkey not in (select o_orderkey from orders where o_custkey = 4);
        delete from orders where o_custkey <> 4; delete from customer where c_custkey <> 4""",
        shape=True,
        spend=BRAND_ONLY,
    ),
    Fault(
        "one customer who bought one thing once",
        """delete from lineitem where l_orderkey <> (select min(o_orderkey) from orders where o_custkey = 4)
            or l_linenumber > 1;
        delete from orders where o_orderkey <> (select min(o_orderkey) from orders where o_custkey = 4);
        delete from customer where c_custkey <> 4""",
        shape=True,
        spend=BRAND_ONLY,
    ),
    Fault("one segment", "update customer set c_mktsegment = 'ONE'", shape=True, spend=BRAND_ONLY),
    Fault(
        "one category",
        "update part set p_type = 'STEEL', p_mfgr = 'M', p_brand = 'B'",
        shape=True,
    ),
    Fault(
        "guests alone buy",
        "update orders set o_custkey = null",
        shape=True,
    ),
    Fault(
        "a shop of six weeks",
        """update orders set o_orderdate = date '2024-03-01' + (o_orderkey % 42)::integer""",
        shape=True,
    ),
    Fault(
        "a shop of fourteen months that began in autumn",
        """update orders set o_orderdate = date '2022-10-20' + (o_orderkey % 420)::integer""",
        shape=True,
    ),
]

# ---------------------------------------------------------------- spend
SPEND = [
    Fault("spend of a brand only", spend=BRAND_ONLY),
    Fault("no spend", spend="", expected=EITHER, words=("marketing_spend",)),
    Fault(
        "spend of an unknown segment",
        spend="1995-01-01,SPACESHIPS,search,10.00\n",
        expected=REFUSED,
        words=("marketing_spend", "SPACESHIPS"),
    ),
    Fault(
        "spend in the middle of a month",
        spend="1995-01-15,BUILDING,search,10.00\n",
        expected=REFUSED,
        words=("marketing_spend", "1995-01-15"),
    ),
    Fault(
        "spend without an amount",
        spend="1995-01-01,BUILDING,search,\n",
        expected=REFUSED,
        words=("marketing_spend",),
    ),
]

# ---------------------------------------------------------------- right under the vars of a real shop
REAL_ONLY = ("real", "net")
RIGHT_IN_REAL_SHOPS = [
    Fault(
        "discounts of 12.5 percent and tax of 8.1 percent",
        _type("lineitem", l_discount="decimal(15, 4)", l_tax="decimal(15, 4)")
        + "; update lineitem set l_discount = 0.125, l_tax = 0.081 where l_orderkey % 2 = 0",
        settings=REAL_ONLY,
    ),
    Fault(
        "prices of four places and rates of six",
        _type(
            "lineitem",
            l_extendedprice="decimal(15, 4)",
            l_discount="decimal(9, 6)",
            l_tax="decimal(9, 6)",
        )
        + """; update lineitem set l_extendedprice = l_extendedprice + 0.0123,
            l_discount = 0.123457, l_tax = 0.081235 where n(l_orderkey) % 3 = 0""",
        settings=REAL_ONLY,
    ),
    Fault(
        "rates of six places as floats",
        _type("lineitem", **dict.fromkeys(_ALL_NUMBERS, "double"))
        + "; update lineitem set l_discount = 0.333333, l_tax = 0.066667 where n(l_orderkey) % 3 = 1",
        settings=REAL_ONLY,
    ),
    Fault(
        "cancelled orders",
        "update orders set o_orderstatus = 'X' where n(o_orderkey) % 6 = 2",
        settings=REAL_ONLY,
    ),
    Fault(
        "the newest orders are cancelled",
        "update orders set o_orderstatus = 'X' where o_orderdate >= date '1998-06-01'",
        settings=REAL_ONLY,
    ),
    Fault(
        "refunds among the lines of an order",
        """update lineitem set l_quantity = -l_quantity, l_extendedprice = -l_extendedprice
            where l_linenumber = 2 and n(l_orderkey) % 5 = 0""",
        settings=REAL_ONLY,
    ),
    Fault(
        "refunds in documents of their own, later",
        """insert into orders by name select * replace (o_orderkey + 10000000 as o_orderkey,
            o_orderdate + interval 40 day as o_orderdate) from orders where n(o_orderkey) % 8 = 3;
        insert into lineitem by name select * replace (l_orderkey + 10000000 as l_orderkey,
            -l_extendedprice as l_extendedprice, -l_quantity as l_quantity) from lineitem
            where n(l_orderkey) % 8 = 3 and l_linenumber = 1""",
        settings=REAL_ONLY,
    ),
    Fault(
        "customers below zero, and one with refunds alone",
        """update lineitem set l_quantity = -l_quantity, l_extendedprice = -3 * l_extendedprice
            where l_orderkey in (select min(o_orderkey) from orders where o_custkey in (4, 7, 8) group by o_custkey);
        delete from lineitem where l_orderkey in (select o_orderkey from orders where o_custkey in (8, 10))
            and l_orderkey not in (select min(o_orderkey) from orders where o_custkey in (8, 10) group by o_custkey);
        update lineitem set l_extendedprice = -abs(l_extendedprice)
            where l_orderkey in (select o_orderkey from orders where o_custkey in (8, 10))""",
        settings=REAL_ONLY,
    ),
    Fault(
        "a guest's refund is the newest document",
        """insert into orders by name select * replace (20000000 as o_orderkey, null as o_custkey,
            date '1999-03-03' as o_orderdate) from orders order by o_orderkey limit 1;
        insert into lineitem by name select * replace (20000000 as l_orderkey, 1 as l_linenumber,
            -abs(l_extendedprice) as l_extendedprice) from lineitem order by l_orderkey, l_linenumber limit 1""",
        settings=REAL_ONLY,
    ),
    Fault(
        "customers who are not delivered",
        "delete from customer where c_custkey % 14 = 1",
        settings=REAL_ONLY,
    ),
    Fault(
        "orders of the year 2062 are set aside",
        "update orders set o_orderdate = date '2062-08-02' where n(o_orderkey) % 40 = 5",
        settings=REAL_ONLY,
    ),
    Fault(
        "orders of the year 1900 are set aside",
        """update orders set o_orderdate = date '1900-01-01' where n(o_orderkey) % 40 = 6;
        update orders set o_orderdate = date '0001-01-01' where n(o_orderkey) % 40 = 7""",
        settings=REAL_ONLY,
    ),
    Fault(
        "orders loaded in the year 2099 are set aside",
        """update orders set _loaded_at = timestamp '2099-01-01' where n(o_orderkey) % 40 = 8;
        update lineitem set _loaded_at = timestamp '2099-01-01' where n(l_orderkey) % 40 = 8""",
        settings=REAL_ONLY,
    ),
]

# ---------------------------------------------------------------- text keys
_KEYS = {
    "customer": {"c_custkey": "C-", "c_nationkey": "N"},
    "orders": {"o_orderkey": "2024/", "o_custkey": "C-"},
    "lineitem": {"l_orderkey": "2024/", "l_partkey": "p", "l_suppkey": "s"},
    "part": {"p_partkey": "p"},
    "partsupp": {"ps_partkey": "p", "ps_suppkey": "s"},
    "supplier": {"s_suppkey": "s", "s_nationkey": "N"},
    "nation": {"n_nationkey": "N", "n_regionkey": "R"},
    "region": {"r_regionkey": "R"},
}
TEXT = [
    Fault(
        "keys are texts",
        "; ".join(
            _every(
                table,
                "select * replace ("
                + ", ".join(
                    f"'{prefix}' || {column} as {column}" for column, prefix in columns.items()
                )
                + f") from {table}",
            )
            for table, columns in _KEYS.items()
        ),
        settings=("text_keys",),
    )
]

# ---------------------------------------------------------------- refused


def _order(group: int) -> str:
    """One order that no other fault of this table touches."""
    return f"o_orderkey = (select min(o_orderkey) from orders where n(o_orderkey) % 211 = {group})"


def _line(group: int) -> str:
    """The first line of one order that no other fault of this table touches."""
    return (
        f"l_orderkey = (select min(l_orderkey) from lineitem where n(l_orderkey) % 211 = {group}"
        " and l_linenumber = 1) and l_linenumber = 1"
    )


def _null(table: str, column: str, where: str, words: str) -> Fault:
    return Fault(
        f"{table}.{column} is null",
        f"update {table} set {column} = null where {where}",
        REFUSED,
        (words,),
    )


def _twice(table: str, where: str, rows: str) -> Fault:
    return Fault(
        f"a row of {table} twice",
        f"insert into {table} by name select * from {table} where {where}",
        REFUSED,
        (f"{rows} with a key that occurs more than once",),
    )


REFUSED_ANYWHERE = [
    _null("lineitem", "l_extendedprice", _line(10), "Order lines without a price"),
    _null("lineitem", "l_discount", _line(11), "Order lines without a discount"),
    _null("lineitem", "l_tax", _line(12), "Order lines without a tax"),
    _null("lineitem", "l_quantity", _line(13), "Order lines without a quantity"),
    _null("lineitem", "l_orderkey", _line(14), "Order lines without order_key"),
    _null("lineitem", "l_linenumber", _line(15), "Order lines without line_number"),
    _null("lineitem", "_loaded_at", _line(16), "Order lines without a load time"),
    _null("orders", "o_orderkey", _order(17), "Orders without order_key"),
    _null("orders", "o_orderdate", _order(18), "Orders without an order date"),
    _null("orders", "_loaded_at", _order(19), "Orders without a load time"),
    _null("customer", "c_custkey", "c_custkey = 7", "Customers without customer_key"),
    _null("customer", "_loaded_at", "c_custkey = 8", "Customers without a load time"),
    _null("part", "p_partkey", "p_partkey = 1999", "Products without product_key"),
    _null("nation", "n_nationkey", "n_nationkey = 24", "Nations without nation_key"),
    _twice("customer", "c_custkey = 10", "Customers"),
    _twice("orders", _order(20), "Orders"),
    _twice("lineitem", _line(21), "Order lines"),
    _twice("part", "p_partkey = 1", "Products"),
    _twice("nation", "n_nationkey = 1", "Nations"),
    _twice("region", "r_regionkey = 1", "Regions"),
    Fault(
        "lines without their order",
        f"delete from orders where {_order(22)}",
        REFUSED,
        ("order",),
    ),
    Fault(
        "a segment is called ALL",
        "update customer set c_mktsegment = 'ALL' where c_custkey % 30 = 1",
        REFUSED,
        ("Customers in the segment ALL",),
    ),
    Fault(
        "a discount above 1",
        f"update lineitem set l_discount = 12.5 where {_line(23)}",
        REFUSED,
        ("Order lines with a discount below 0 or above 1",),
    ),
    Fault(
        "a price is not a number",
        _type("lineitem", l_extendedprice="double")
        + f"; update lineitem set l_extendedprice = 'nan' where {_line(24)}",
        REFUSED,
        ("price",),
    ),
    Fault(
        "a price has five places",
        _type("lineitem", l_extendedprice="decimal(15, 5)")
        + f"; update lineitem set l_extendedprice = 1.00005 where {_line(25)}",
        REFUSED,
        ("decimal places in lineitem.l_extendedprice", "amount_places"),
    ),
    Fault(
        "a discount has seven places, as a float",
        _type("lineitem", l_discount="double")
        + f"; update lineitem set l_discount = 0.1234567 where {_line(26)}",
        REFUSED,
        ("decimal places in lineitem.l_discount", "rate_places"),
    ),
    Fault(
        "the segments are not delivered any more",
        "alter table customer drop c_mktsegment",
        REFUSED,
        ("c_mktsegment",),
    ),
]
REFUSED_BY_DEFAULT = [
    Fault(
        "a discount has three places",
        _type("lineitem", l_discount="decimal(15, 4)")
        + f"; update lineitem set l_discount = 0.125 where {_line(27)}",
        REFUSED,
        ("more than 2 decimal places in lineitem.l_discount", "rate_places"),
        ("defaults",),
    ),
    Fault(
        "a tax has three places",
        _type("lineitem", l_tax="double")
        + f"; update lineitem set l_tax = 0.081 where {_line(28)}",
        REFUSED,
        ("more than 2 decimal places in lineitem.l_tax", "rate_places"),
        ("defaults",),
    ),
    Fault(
        "refunds as lines, where flags say returned",
        f"update lineitem set l_extendedprice = -l_extendedprice where {_line(29)}",
        REFUSED,
        ("Order lines with a negative price", "returns"),
        ("defaults",),
    ),
    Fault(
        "customers of orders are not delivered",
        "delete from customer where c_custkey = 13",
        REFUSED,
        ("Orders of customers that were not delivered", "missing_customers"),
        ("defaults",),
    ),
    Fault(
        "an order of the year 2062",
        f"update orders set o_orderdate = date '2062-08-02' where {_order(30)}",
        REFUSED,
        ("Orders with an order date in the future", "future_rows"),
        ("defaults",),
    ),
    Fault(
        "an order of the year 1900",
        f"update orders set o_orderdate = date '1900-01-01' where {_order(31)}",
        REFUSED,
        ("Orders with an order date before 1970-01-01", "earliest_order_date"),
        ("defaults",),
    ),
    *(
        Fault(
            f"a row of {table} loaded in the year 2099",
            f"update {table} set _loaded_at = timestamp '2099-01-01' where {where}",
            REFUSED,
            (f"{rows} with a load time in the future", "future_rows"),
            ("defaults",),
        )
        for table, where, rows in (
            ("orders", _order(32), "Orders"),
            ("lineitem", _line(33), "Order lines"),
            ("customer", "c_custkey = 11", "Customers"),
        )
    ),
]

FAULTS = [
    *RIGHT_ANYWHERE,
    *SHAPES,
    *SPEND,
    *RIGHT_IN_REAL_SHOPS,
    *TEXT,
    *REFUSED_ANYWHERE,
    *REFUSED_BY_DEFAULT,
]
assert len({fault.name for fault in FAULTS}) == len(FAULTS)

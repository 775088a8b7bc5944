"""Projects on sources of their own: a mapping each, and what the same rows are as TPC-H.

`as_tpch` turns the raw tables of a system into the eight of TPC-H by SQL that was written by hand, so
that the independent SQL of the answers can be asked. It shares nothing with mappings or models.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import shop_shapes
from dbt_server import Dbt
from independent_sql.comparison import compare
from independent_sql.queries import NAMES, answer, connect
from projects import output
from shop_trials import Shop, _as_written

ANSWERED = [name for name in NAMES if name != "q06_cac_by_segment"]
"""Results that are compared: without marketing spend, q06 has nothing to say."""

# a table may be made of those before it
ORDER = ("region", "nation", "supplier", "part", "partsupp", "customer", "orders", "lineitem")
EMPTY = {
    "region": "select 0 as r_regionkey, '' as r_name where false",
    "nation": "select 0 as n_nationkey, '' as n_name, 0 as n_regionkey where false",
    "part": "select 0 as p_partkey, '' as p_type, '' as p_mfgr, '' as p_brand where false",
    "supplier": "select 0 as s_suppkey where false",
    "partsupp": "select 0 as ps_partkey where false",
}
CUSTOMER = "null::varchar as c_mktsegment, null::decimal(15, 2) as c_acctbal"
LINE = "0.0 as l_discount, 0.0 as l_tax, null::varchar as l_returnflag"
COUNTRIES = """
    select dense_rank() over (order by name) as n_nationkey, name as n_name, 0 as n_regionkey
    from (select distinct {0} as name from {1} where {0} is not null)"""


@dataclass(frozen=True)
class Source:
    """A client's source: its tables and mappings by system, and the vars of the project."""

    tables: Mapping[str, Mapping[str, str]]
    mappings: Mapping[str, str]
    as_tpch: Mapping[str, str]
    variables: Mapping[str, Any] = field(default_factory=dict)
    of_the_answers: Mapping[str, Any] = field(default_factory=dict)  # vars of the independent SQL


LOG = Source(
    {"log": shop_shapes.LOG},
    {
        "log": """\
loaded_at: false
orders:
  table: log
  columns:
    customer_key: customer
    order_date: sold_on
    amount: amount
"""
    },
    {
        "customer": f"select distinct customer as c_custkey, null as c_nationkey, {CUSTOMER} from log",
        "orders": "select row_number() over () as o_orderkey, customer as o_custkey, sold_on as o_orderdate,"
        " '' as o_orderstatus, amount from log",
        "lineitem": f"select o_orderkey as l_orderkey, '' as l_partkey, 1 as l_quantity, amount as l_extendedprice,"
        f" {LINE} from orders",
    },
    {"key_type": "string"},
)
CLASSIC = Source(
    {"shop": shop_shapes.CLASSIC},
    {
        "shop": """\
loaded_at: _loaded_at
customers:
  table: customers
  columns:
    customer_key: id
    customer_name: first_name || ' ' || last_name
    nation_name:
      sql: country
      description: "Where the customer lives: a name, not a code. It's written as people in the shop write it, and may be unknown."
orders:
  tables: [orders, payments]
  query: >-
    select orders.*, paid.amount from orders
    left join (select order_id, sum(amount) as amount from payments group by order_id) as paid
      on orders.id = paid.order_id
  columns:
    order_key: id
    customer_key: user_id
    order_date: order_date
    order_status:
      sql: status
      values: {completed: placed, returned: placed, Void: cancelled}
    amount: amount
"""
    },
    {
        "nation": COUNTRIES.format("country", "customers"),
        "customer": f"select id as c_custkey, n_nationkey as c_nationkey, {CUSTOMER} from customers"
        " left join nation on n_name = country",
        "orders": "select id as o_orderkey, user_id as o_custkey, order_date as o_orderdate, status as o_orderstatus"
        " from shop_orders",
        "lineitem": f"select order_id as l_orderkey, null::bigint as l_partkey, 1 as l_quantity,"
        f" sum(amount) as l_extendedprice, {LINE} from payments group by order_id",
    },
    {"missing_customers": "unknown"},
    {"cancelled_statuses": ["Void"]},
)
TILL = Source(
    {"till": shop_shapes.TILL},
    {
        "till": """\
loaded_at: false
customers:
  table: sales
  grouped: true
  columns:
    customer_key: CustomerID
    nation_name: max(Country)
orders:
  table: sales
  grouped: true
  columns:
    order_key: InvoiceNo
    customer_key: CustomerID
    order_date: InvoiceDate
order_lines:
  table: sales
  columns:
    order_key: InvoiceNo
    product_key: StockCode
    quantity: Quantity
    unit_price: UnitPrice
"""
    },
    {
        "nation": COUNTRIES.format(
            "country", "(select max(Country) as country from sales group by CustomerID)"
        ),
        "customer": f"""
            select CustomerID::varchar as c_custkey, n_nationkey as c_nationkey, {CUSTOMER}
            from (select CustomerID, max(Country) as country from sales group by CustomerID)
            join nation on n_name = country where CustomerID is not null""",
        "orders": "select distinct InvoiceNo as o_orderkey, CustomerID::varchar as o_custkey,"
        " InvoiceDate::date as o_orderdate, '' as o_orderstatus from sales",
        "lineitem": f"""select InvoiceNo as l_orderkey, StockCode as l_partkey, Quantity as l_quantity,
            Quantity * UnitPrice::decimal(9, 2) as l_extendedprice, {LINE} from sales""",
    },
    {"key_type": "string"},
)
ONLINE = Source(
    {"web": shop_shapes.ONLINE},
    {
        "web": """\
loaded_at: _fivetran_synced
customers:
  table: users
  deleted: deleted_at is not null
  columns:
    customer_key: user_id
    customer_name: full_name
    market_segment: json_extract_string(attributes, '$.tier')
orders:
  table: shop_orders
  columns:
    order_key: order_id
    customer_key: user_id
    order_date: created_at
    order_status:
      sql: status
      values: {paid: placed, cancelled: cancelled}
order_lines:
  table: order_items
  columns:
    order_key: order_id
    line_number: line_no
    product_key: product_id
    quantity: quantity
    unit_price: price
products:
  table: products
  columns:
    product_key: product_id
    product_name: product_name
    product_type: category
"""
    },
    {
        "customer": """select user_id::varchar as c_custkey, null as c_nationkey, attributes->>'$.tier' as c_mktsegment,
            null::decimal(15, 2) as c_acctbal from users where deleted_at is null""",
        "orders": "select order_id::varchar as o_orderkey, user_id::varchar as o_custkey,"
        " created_at::date as o_orderdate, status as o_orderstatus from shop_orders",
        "lineitem": f"""select order_id::varchar as l_orderkey, product_id::varchar as l_partkey, quantity as l_quantity,
            quantity * price as l_extendedprice, {LINE} from order_items""",
        "part": "select product_id::varchar as p_partkey, category as p_type, null::varchar as p_mfgr,"
        " null::varchar as p_brand from products",
    },
    {"key_type": "string", "missing_customers": "unknown", "future_rows": "set_aside"},
    {"cancelled_statuses": ["cancelled"]},
)
# Two shops of one client with the same keys, in two time zones; the second was opened later.
TWO_SHOPS = Source(
    {
        "berlin": {
            "sales": """
                select i as id, 'k' || i % 40 as customer, 'Germany' as country, (i % 17 + 0.5)::decimal(9, 2) as amount,
                    timestamp '2025-01-01 22:30:00' + interval (i * 7) hour as sold_at,
                    timestamp '2026-01-05 02:00:00' as loaded from range(1, 301) as t(i)"""
        },
        "york": {
            "orders": """
                select i as id, 'k' || nullif(i % 25, 0) as customer, (i % 11 + 0.25)::decimal(9, 2) as total,
                    timestamp '2025-06-01 21:15:00' + interval (i * 5) hour as placed_at,
                    timestamp '2025-12-20 02:00:00' as loaded from range(1, 201) as t(i)""",
            "people": """
                select 'k' || i as id, ['USA', 'Germany'][1 + i % 2] as country, timestamp '2025-12-20 02:00:00' as loaded
                from range(1, 31) as t(i)""",
        },
    },
    {
        "berlin": """\
loaded_at: loaded
time_zone: UTC
customers:
  table: sales
  grouped: true
  columns:
    customer_key: customer
    nation_name: country
orders:
  table: sales
  columns:
    order_key: id
    customer_key: customer
    order_date: sold_at
    amount: amount
""",
        "york": """\
key_prefix: "york:"
loaded_at: loaded
time_zone: America/New_York
customers:
  table: people
  columns:
    customer_key: id
    nation_name: country
orders:
  table: orders
  columns:
    order_key: id
    customer_key: customer
    order_date: placed_at
    amount: total
""",
    },
    {
        "nation": "select 1 as n_nationkey, 'Germany' as n_name, 0 as n_regionkey union all select 2, 'USA', 0",
        "customer": f"""
            select distinct customer::varchar as c_custkey, 1 as c_nationkey, {CUSTOMER} from berlin_sales
            union all
            select 'york:' || id, case country when 'USA' then 2 else 1 end, {CUSTOMER} from york_people""",
        "orders": """
            select id::varchar as o_orderkey, customer::varchar as o_custkey, amount, '' as o_orderstatus,
                (sold_at at time zone 'UTC' at time zone 'Europe/Berlin')::date as o_orderdate from berlin_sales
            union all
            select 'york:' || id, 'york:' || customer, total, '',
                (placed_at at time zone 'America/New_York' at time zone 'Europe/Berlin')::date from york_orders""",
        "lineitem": f"select o_orderkey as l_orderkey, '' as l_partkey, 1 as l_quantity, amount as l_extendedprice,"
        f" {LINE} from orders",
    },
    {"key_type": "string", "time_zone": "Europe/Berlin"},
)
SOURCES = {"log": LOG, "classic": CLASSIC, "till": TILL, "online": ONLINE, "two_shops": TWO_SHOPS}


def place(project: Path, folder: Path, source: Source, more: str = "") -> Path:
    """A copy of a rendered project on a source of its own; returns its folder. See `replace_tpch`."""
    shutil.copytree(project, folder)
    replace_tpch(folder, source, more)
    return folder


def replace_tpch(folder: Path, source: Source, more: str = "") -> None:
    """Put a source in the place of TPC-H, as its owner does.

    `more` is the beginning of each mapping, where {system} is its name.
    """
    settings = folder / "dbt_project.yml"
    if source.variables.get("key_type") == "string":
        settings.write_text(settings.read_text().replace("key_type: bigint", "key_type: string"))
    for system, mapping in source.mappings.items():
        (folder / "mappings" / f"{system}.yml").write_text(more.format(system=system) + mapping)
    make_source = [sys.executable, "scripts/source.py"]
    output([*make_source, "remove"], folder, {**os.environ, "SYSTEM": "tpch"})
    output(make_source, folder, os.environ)


def write_data(folder: Path, source: Source, changes: Mapping[str, str] | None = None) -> Path:
    """Write the files of a source into data/<system>, and the same rows as TPC-H into data/tpch.

    `changes` is SQL by system, which changes the tables first. Returns the folder with TPC-H.
    """
    several = len(source.tables) > 1
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for system, tables in source.tables.items():
            files = {table: folder / "data" / system / f"{table}.parquet" for table in tables}
            (folder / "data" / system).mkdir(parents=True, exist_ok=True)
            con.execute("begin")
            for table, sql in tables.items():
                con.execute(f"create table {table} as {sql}")
            con.execute((changes or {}).get(system, "select 1"))
            for table, file in files.items():
                con.execute(f"copy {table} to '{file}' (format parquet)")
            con.execute("rollback")
            for table, file in files.items():
                name = f"{system}_{table}" if several or table == "orders" else table
                con.execute(f"create table {name} as from read_parquet('{file}')")
        tpch = folder / "data" / "tpch"
        tpch.mkdir(exist_ok=True)
        made = {**EMPTY, **source.as_tpch}
        for table in sorted(made, key=ORDER.index):
            con.execute(f"create or replace table {table} as {made[table]}")
            con.execute(f"copy {table} to '{tpch / table}.parquet' (format parquet)")
    return tpch


def reference(folder: Path, source: Source) -> duckdb.DuckDBPyConnection:
    """The independent SQL over the rows that `write_data` wrote."""
    variables = {**source.variables, **source.of_the_answers}
    return connect(folder / "data" / "tpch", folder / "seeds", variables=variables)


class OwnShop(Shop):
    """A project without TPC-H, on a source of its own."""

    source: Source

    @classmethod
    def on(cls, dbt: Dbt, project: Path, folder: Path, source: Source) -> OwnShop:
        shop = cls(dbt, place(project, folder, source), Path("none"), dict(source.variables))
        shop.source = source
        return shop

    def deliver_own(self, **changes: str) -> None:
        """Write the data, with changes in SQL by system."""
        write_data(self.folder, self.source, changes)

    def wrong_answers(self) -> dict[str, list[str]]:
        """What differs from the independent SQL over the same rows, by result."""
        found = self.answers()
        with reference(self.folder, self.source) as independent:
            differences = {
                name: compare(*answer(independent, name), *map(_as_written, found[name]))
                for name in ANSWERED
            }
        return {name: lines for name, lines in differences.items() if lines}

"""Projects on sources of their own: a mapping each, and what the same rows are as TPC-H.

`as_tpch` turns the raw tables of a system into the eight of TPC-H by SQL that was written by hand, so
that the independent SQL of the answers can be asked. It shares nothing with mappings or models.
"""

from __future__ import annotations

import os
import shutil
import subprocess
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
from shop_trials import SPEND_HEADER, Shop, _as_written

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
    nation_name: country
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
        "nation": COUNTRIES.format("country", "(select max(Country) as country from sales group by CustomerID)"),
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
                select i as id, i % 40 as customer, 'Germany' as country, (i % 17 + 0.5)::decimal(9, 2) as amount,
                    timestamp '2025-01-01 22:30:00' + interval (i * 7) hour as sold_at,
                    timestamp '2026-01-05 02:00:00' as loaded from range(1, 301) as t(i)"""
        },
        "york": {
            "orders": """
                select i as id, nullif(i % 25, 0) as customer, (i % 11 + 0.25)::decimal(9, 2) as total,
                    timestamp '2025-06-01 21:15:00' + interval (i * 5) hour as placed_at,
                    timestamp '2025-12-20 02:00:00' as loaded from range(1, 201) as t(i)""",
            "people": """
                select i as id, ['USA', 'Germany'][1 + i % 2] as country, timestamp '2025-12-20 02:00:00' as loaded
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


def command(folder: Path, *arguments: str, **environment: str) -> str:
    """Run a program of the project; returns what it prints, fails where it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class OwnShop(Shop):
    """A project without TPC-H, on a source of its own."""

    source: Source

    @classmethod
    def on(cls, dbt: Dbt, project: Path, folder: Path, source: Source) -> OwnShop:
        """A project whose staging `make source` wrote from the mappings."""
        shutil.copytree(project, folder)
        shop = cls(dbt, folder, Path("none"), dict(source.variables))
        shop.source = source
        settings = folder / "dbt_project.yml"
        if source.variables.get("key_type") == "string":
            settings.write_text(settings.read_text().replace("key_type: bigint", "key_type: string"))
        for system, mapping in source.mappings.items():
            (folder / "mappings" / f"{system}.yml").write_text(mapping)
        shop.told = command(folder, "scripts/source.py", "remove", SYSTEM="tpch")
        return shop

    def write_data(self, changes: Mapping[str, str] | None = None) -> None:
        """Write the source's files, and the same rows as TPC-H; `changes` is SQL by system."""
        with duckdb.connect() as con:
            con.execute("set timezone = 'UTC'")
            several = len(self.source.tables) > 1
            for system, tables in self.source.tables.items():
                con.execute("begin")
                for table, sql in tables.items():
                    con.execute(f"create table {table} as {sql}")
                con.execute((changes or {}).get(system, "select 1"))
                folder = self.folder / "data" / system
                folder.mkdir(parents=True, exist_ok=True)
                for table in tables:
                    con.execute(f"copy {table} to '{folder / table}.parquet' (format parquet)")
                con.execute("rollback")
                for table in tables:
                    name = f"{system}_{table}" if several or table == "orders" else table
                    con.execute(
                        f"create table {name} as from read_parquet('{folder / table}.parquet')"
                    )
            self.data.mkdir(parents=True, exist_ok=True)
            made = {**EMPTY, **self.source.as_tpch}
            for table in ("region", "nation", "customer", "orders", "lineitem", "part", "supplier", "partsupp"):
                con.execute(f"create or replace table {table} as {made[table]}")
                con.execute(f"copy {table} to '{self.data / table}.parquet' (format parquet)")

    def asked(self) -> list[str]:
        """The results that this project is asked for: those that `make answers` wrote."""
        command(self.folder, "scripts/answers.py", **ENVIRONMENT)
        return [name for name in NAMES if (self.folder / "answers" / f"{name}.csv").is_file()]

    def wrong_answers(self) -> dict[str, list[str]]:
        """What differs from the independent SQL over the same rows, by result."""
        found = self.answers()
        variables = {**self.variables, **self.source.of_the_answers}
        with connect(self.data, self.folder / "seeds", variables=variables) as reference:
            differences = {
                name: compare(*answer(reference, name), *map(_as_written, found[name]))
                for name in NAMES
                if name != "q06_cac_by_segment"
            }
        return {name: lines for name, lines in differences.items() if lines}


ENVIRONMENT = {
    "DBT_PROFILES_DIR": "profiles",
    "DBT_TARGET": "local",
    "LOCAL_DUCKDB": "local.duckdb",
}
assert SPEND_HEADER

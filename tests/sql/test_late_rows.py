"""Runs on rows that come late, tied or changed give what a full refresh gives, or are refused."""

import dataclasses
import os
import random
import shutil
from pathlib import Path

import duckdb
import faulty_shops
import pytest
from faulty_shops import LOADED, REAL, SETTINGS
from shop_trials import BUILD, Shop, missing_words, sentences

TEST_ALL = "TEST_ALL" in os.environ
pytestmark = pytest.mark.slow

HISTORY = "dim_customers_history"  # it keeps what earlier runs saw
# Orders fall into fifty groups that have nothing to do with their customer or date.
ORDER, LINE = "n(o_orderkey) % 50", "n(l_orderkey) % 50"
NOT_YET = [f"delete from lineitem where {LINE} <= 5", f"delete from orders where {ORDER} <= 5"]
LATER = [
    # new orders: with the newest load time seen, an hour older, two days older, newer; and orders
    # that are newer than all that was seen while their lines are not
    f"""update orders set _loaded_at = case {ORDER}
        when 0 then {LOADED} when 1 then {LOADED} - interval 1 hour
        when 2 then {LOADED} - interval 2 day else {LOADED} + interval 5 minute end
        where {ORDER} <= 5""",
    f"""update lineitem set _loaded_at = case {LINE}
        when 0 then {LOADED} when 1 then {LOADED} - interval 1 hour
        when 2 then {LOADED} - interval 2 day when 3 then {LOADED}
        when 4 then {LOADED} - interval 1 hour else {LOADED} + interval 5 minute end
        where {LINE} <= 5""",
    # rows that changed while their load time did not: price, date, customer
    f"update lineitem set l_extendedprice = l_extendedprice + 1000 where {LINE} = 6",
    f"update orders set o_orderdate = o_orderdate - 400 where {ORDER} = 7",
    f"update orders set o_custkey = 1 where {ORDER} = 8",
    # a line disappears; its order and its other lines are delivered again
    f"delete from lineitem where {LINE} = 9 and l_linenumber = 1",
    f"update lineitem set _loaded_at = {LOADED} + interval 5 minute where {LINE} = 9",
    f"update orders set _loaded_at = {LOADED} + interval 5 minute where {ORDER} = 9",
    # orders disappear that were loaded within the overlap
    f"delete from lineitem where {LINE} = 10",
    f"delete from orders where {ORDER} = 10",
    # customers and parts change, tied, older and newer
    f"""update customer set c_mktsegment = 'BUILDING', _loaded_at = case c_custkey % 3
        when 0 then {LOADED} when 1 then {LOADED} - interval 1 hour
        else {LOADED} + interval 5 minute end where c_custkey <= 40""",
    f"""update part set p_type = 'STANDARD POLISHED GOLD', _loaded_at = case p_partkey % 3
        when 0 then {LOADED} when 1 then {LOADED} - interval 1 hour
        else {LOADED} + interval 5 minute end where p_partkey % 10 = 1""",
]


@pytest.fixture(scope="module")
def first_load(dbt, project, tpch_data, tmp_path_factory) -> Shop:
    """A shop on its first day, without the orders that come later."""
    folder = tmp_path_factory.mktemp("late") / "first"
    shop = Shop.of(dbt, project(), folder, tpch_data, SETTINGS["defaults"])
    # a sixth of the orders were loaded long before the others
    shop.deliver(more=[*NOT_YET, *LONG_AGO])
    done = shop.run(*BUILD)
    assert done.code == 0, done.output
    shutil.copy2(shop.database, shop.database.with_suffix(".kept"))
    return shop


LONG_AGO = [
    f"update orders set _loaded_at = {LOADED} - interval 90 day where {ORDER} >= 40",
    f"update lineitem set _loaded_at = {LOADED} - interval 90 day where {LINE} >= 40",
]


@pytest.fixture
def shop(first_load) -> Shop:
    shutil.copy2(first_load.database.with_suffix(".kept"), first_load.database)
    return first_load


def tables(shop: Shop) -> dict[str, tuple]:
    """Fingerprints of core and marts, but for what remembers earlier runs."""
    found = {**shop.rows_of("core"), **shop.rows_of("marts")}
    return {name: rows for name, rows in found.items() if name != HISTORY}


def assert_as_a_full_refresh(shop: Shop) -> None:
    """Answers are those of the independent SQL; a full refresh changes no row."""
    assert shop.wrong_answers() == {}
    incremental = tables(shop)
    done = shop.run(*BUILD, "--full-refresh")
    assert done.code == 0, done.output
    whole = tables(shop)
    changed = sorted(name for name in whole if whole[name] != incremental.get(name))
    assert changed == [], {name: (incremental.get(name), whole[name]) for name in changed}


def test_late_tied_older_and_changed_rows_equal_a_full_refresh(shop):
    shop.deliver(more=[*LATER, *LONG_AGO])
    done = shop.run(*BUILD)
    assert done.code == 0, done.output[-6000:]
    assert_as_a_full_refresh(shop)


OUTSIDE = {
    "orders that were loaded long ago disappear": [
        *NOT_YET,
        f"delete from lineitem where {LINE} = 43",
        f"delete from orders where {ORDER} = 43",
    ],
    "a line disappears and nothing else is delivered again": [
        *NOT_YET,
        f"delete from lineitem where {LINE} = 41 and l_linenumber = 1",
    ],
    "a price changes in a row that was loaded long ago": [
        *NOT_YET,
        f"update lineitem set l_extendedprice = l_extendedprice + 1 where {LINE} = 41",
    ],
    "prices change both ways in rows that were loaded long ago": [
        *NOT_YET,
        f"""update lineitem set l_extendedprice = l_extendedprice
            + case when l_orderkey % 2 = 0 then 1 else -1 end where {LINE} >= 41""",
    ],
    "an order that was loaded long ago moves to another month": [
        *NOT_YET,
        f"update orders set o_orderdate = o_orderdate - 60 where {ORDER} = 42",
    ],
    "new orders are older than the overlap": [
        f"update orders set _loaded_at = {LOADED} - interval 10 day where {ORDER} <= 5",
        f"update lineitem set _loaded_at = {LOADED} - interval 10 day where {LINE} <= 5",
    ],
}


@pytest.mark.parametrize("changes", OUTSIDE.values(), ids=[n.replace(" ", "_") for n in OUTSIDE])
def test_what_a_run_cannot_see_is_refused_and_a_full_refresh_repairs_it(changes, shop):
    shop.deliver(more=[*LONG_AGO, *changes])
    before = shop.rows_of("marts")
    done = shop.run(*BUILD)
    assert done.code == 1, f"green, with wrong answers: {shop.wrong_answers()}"[:2000]
    assert shop.rows_of("marts") == before
    words = ["differ from the source", "repair_months"]
    assert missing_words(sentences(done.output), words) == [], done.output[-4000:]
    if TEST_ALL:
        done = shop.run(*BUILD, "--full-refresh")
        assert done.code == 0, done.output
        assert shop.wrong_answers() == {}


def test_a_table_of_narrower_types_is_refused_naming_the_full_refresh(shop):
    """Written into an old column, six places would be rounded to two, contract enforced, green."""
    wider = dataclasses.replace(shop, variables=REAL)
    wider.deliver(more=[*NOT_YET, *LONG_AGO])
    before = wider.rows_of("marts")
    done = wider.run(*BUILD)
    assert done.code == 1
    assert wider.rows_of("marts") == before
    assert missing_words(sentences(done.output), ["No table was changed", "--full-refresh"]) == []
    done = wider.run(*BUILD, "--full-refresh")
    assert done.code == 0, done.output[-6000:]
    assert wider.wrong_answers() == {}


def test_an_order_of_long_ago_that_is_now_set_aside_leaves_the_facts(
    dbt, project, tpch_data, tmp_path
):
    """It is delivered again with a date in the future: a changed row like any other."""
    shop = Shop.of(dbt, project(), tmp_path / "shop", tpch_data, SETTINGS["real"])
    shop.deliver(more=LONG_AGO)
    done = shop.run(*BUILD)
    assert done.code == 0, done.output[-6000:]
    dated_2062 = f"""update orders set o_orderdate = date '2062-08-02',
        _loaded_at = {LOADED} + interval 1 hour where {ORDER} = 44"""
    shop.deliver(more=[*LONG_AGO, dated_2062])
    done = shop.run(*BUILD)
    assert done.code == 0, done.output[-6000:]
    assert shop.wrong_answers() == {}


# ---------------------------------------------------------------- days with faults
class Days:
    """The raw tables of a shop that changes day by day, with any fault that a run has to stand."""

    def __init__(self, tpch_data: Path, seed: int, days: int):
        self.chance = random.Random(seed)
        self.con = duckdb.connect()
        faulty_shops.make(self.con, tpch_data)
        self.con.execute(
            """alter table lineitem alter l_discount type decimal(9, 6);
            alter table lineitem alter l_extendedprice type decimal(15, 4);
            alter table orders alter o_orderdate type timestamp"""
        )
        # orders to come: the last quarter, a group of them each day
        self.con.execute(
            f"""create table later_orders as select *, n(o_orderkey) % {days} + 1 as day
                from orders where o_orderdate >= date '1997-01-01' or n(o_orderkey) % 9 = 0;
            delete from orders where o_orderkey in (select o_orderkey from later_orders);
            create table later_lines as from lineitem
                where l_orderkey in (select o_orderkey from later_orders);
            delete from lineitem where l_orderkey in (select o_orderkey from later_orders)"""
        )

    def load_time(self, day: int) -> str:
        """Newer than all that was seen, tied with the newest, or up to two days older."""
        hours = self.chance.choice([24, 24, 0, -1, -47])
        return f"({LOADED} + interval '{24 * (day - 1) + hours} hour')"

    def pass_a_day(self, day: int) -> list[str]:
        """New orders, and four changes drawn at random. Returns the statements."""
        statements = [
            f"""insert into orders by name select * exclude (day)
                replace ({self.load_time(day)} as _loaded_at) from later_orders where day = {day}""",
            f"""insert into lineitem by name select * replace ({self.load_time(day)} as _loaded_at)
                from later_lines where l_orderkey in
                (select o_orderkey from later_orders where day = {day})""",
            # the newest load time moves on every day
            f"""update region set _loaded_at = {LOADED} + interval '{24 * day} hour'""",
            f"""update lineitem set _loaded_at = {LOADED} + interval '{24 * day} hour'
                where l_orderkey = (select min(l_orderkey) from lineitem)""",
            f"""update orders set _loaded_at = {LOADED} + interval '{24 * day} hour'
                where o_orderkey = (select min(o_orderkey) from orders)""",
        ]
        for change in self.chance.sample(CHANGES, 4):
            group, other = self.chance.randrange(60), self.chance.randrange(60)
            at = self.load_time(day)
            statements += [
                part.format(
                    at=at,
                    order=f"n(o_orderkey) % 60 = {group}",
                    line=f"n(l_orderkey) % 60 = {group}",
                    group=group,
                    other=other,
                    day=day,
                )
                for part in change
            ]
        for statement in statements:
            self.con.execute(statement)
        return statements


# Each is a list of statements; rows that they touch get the load time `at`.
CHANGES = [
    [
        """update lineitem set l_extendedprice = l_extendedprice + 0.0123, l_discount = 0.123457,
            _loaded_at = {at} where {line}"""
    ],
    ["update orders set o_custkey = null, _loaded_at = {at} where {order}"],
    ["update orders set o_custkey = {other}, _loaded_at = {at} where {order} and {other} > 0"],
    ["update orders set o_orderstatus = 'X', _loaded_at = {at} where {order}"],
    ["update orders set o_orderstatus = 'F', _loaded_at = {at} where {order}"],
    [
        """update orders set o_orderdate = o_orderdate - interval {other} day + interval 7 hour,
            _loaded_at = {at} where {order}"""
    ],
    [
        """insert into lineitem by name select * replace (l_linenumber + 100 * {day} as l_linenumber,
            -abs(l_extendedprice) as l_extendedprice, {at} as _loaded_at)
            from lineitem where {line} and l_linenumber = 1""",
    ],
    [
        "delete from lineitem where {line} and l_linenumber > 1",
        "update orders set _loaded_at = {at} where {order}",
        "update lineitem set _loaded_at = {at} where {line}",
    ],
    [
        """update orders set o_orderdate = timestamp '2062-08-02', _loaded_at = {at}
            where {order}"""
    ],
    ["update orders set o_orderdate = timestamp '1996-02-29', _loaded_at = {at} where {order}"],
    [
        """update customer set c_mktsegment = null, c_nationkey = null, _loaded_at = {at}
            where c_custkey % 60 = {group}"""
    ],
    [
        """update customer set c_mktsegment = 'BUILDING', c_nationkey = {group} % 25,
            _loaded_at = {at} where c_custkey % 60 = {other}"""
    ],
    ["update part set p_type = 'A B C' || {day}, _loaded_at = {at} where p_partkey % 60 = {group}"],
    [
        "update part set p_type = null, p_brand = ' ', _loaded_at = {at} where p_partkey % 60 = {other}"
    ],
    ["update lineitem set l_receiptdate = date '1900-01-01', _loaded_at = {at} where {line}"],
]


@pytest.mark.parametrize("days", [20 if TEST_ALL else 3], ids=lambda days: f"{days}_days")
def test_days_of_increments_with_every_fault_equal_a_full_refresh(
    days, dbt, project, tpch_data, tmp_path
):
    shop = Shop.of(dbt, project(), tmp_path / "shop", tpch_data, SETTINGS["real"])
    calendar = Days(tpch_data, seed=days, days=days)
    faulty_shops.export(calendar.con, shop.data)
    done = shop.run(*BUILD)
    assert done.code == 0, done.output[-6000:]
    told = []
    for day in range(1, days + 1):
        told += [f"day {day}: {' '.join(text.split())}" for text in calendar.pass_a_day(day)]
        faulty_shops.export(calendar.con, shop.data)
        done = shop.run(*BUILD)
        assert done.code == 0, "\n".join([*told, done.output[-6000:]])
        if TEST_ALL:
            assert shop.wrong_answers() == {}, told
    assert_as_a_full_refresh(shop)

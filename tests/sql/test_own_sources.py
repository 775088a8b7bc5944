"""A client's own source in place of TPC-H: one mapping, and the answers equal independent SQL."""

import os
import sys
from pathlib import Path

import pytest
from own_sources import SOURCES, OwnShop
from projects import output
from shop_trials import BUILD, ENVIRONMENT, sentences

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(dbt, project, tmp_path_factory):
    """A function from the name of a source to a project that was built on it."""
    shops: dict[str, OwnShop] = {}

    def shop(name: str) -> OwnShop:
        if name not in shops:
            folder = tmp_path_factory.mktemp("own") / name
            shops[name] = OwnShop.on(dbt, project(), folder, SOURCES[name])
            shops[name].deliver_own()
            done = shops[name].run(*BUILD)
            assert done.code == 0, done.output
        return shops[name]

    return shop


@pytest.mark.parametrize("name", SOURCES)
def test_every_answer_equals_independent_sql(name, built):
    assert built(name).wrong_answers() == {}


def test_dbt_osmosis_leaves_the_yaml_as_it_is(built):
    """What `make yaml-check` and pipelines run; a description with quotes and a long one are in it."""
    shop = built("classic")
    made = (shop.folder / "models/staging/shop/_shop__models.yml").read_text()
    assert "description: 'What the status means" in made
    assert "description: >-\n          Where the customer lives" in made
    programs = Path(sys.executable).parent
    check = [programs / "dbt-osmosis", "yaml", "refactor", "--auto-apply", "--check", "--dry-run"]
    output(check, shop.folder, {**os.environ, **ENVIRONMENT})


def test_each_system_has_a_newest_load_time_of_its_own(built):
    """Rows that are new in one shop, and far older than what the other has delivered, are taken up."""
    shop = built("two_shops")
    shop.deliver_own(
        berlin="""
            update sales set amount = 99.75, loaded = timestamp '2026-01-06 02:00:00' where id = 17""",
        york="""
            insert into orders
            select 1000 + i, 'k' || i, 7.25, timestamp '2025-08-01 12:00:00', timestamp '2025-12-21 02:00:00'
            from range(1, 6) as t(i);
            update orders set total = 3.5 where id = 3;
            delete from orders where id = 4;
            insert into people values ('k31', 'USA', timestamp '2025-12-21 02:00:00')""",
    )
    done = shop.run(*BUILD)
    assert done.code == 0, done.output
    assert shop.wrong_answers() == {}
    orders = "select source_system, count(*) from core.fct_orders group by all order by 1"
    assert shop.query(orders) == [("berlin", 300), ("york", 204)]


REFUSED = [
    (
        "classic",
        "update orders set status = 'lost' where id = 5",
        "does not know: 1 (such as lost)",
    ),
    (
        "classic",
        "update orders set status = null where id = 5",
        "does not know: 1 (such as no status)",
    ),
    (
        "classic",
        "delete from payments where order_id = 5",
        "lines without a price: 1 (such as 5-1)",
    ),
    (
        "till",
        "update sales set CustomerID = 1 where InvoiceNo = '536001' and StockCode = 'P12'",
        "differ in customer_key: 1 (such as 536001)",
    ),
    (
        "till",
        "update sales set UnitPrice = 0.333 where InvoiceNo = '536001'",
        "more than 2 decimal places in sales.UnitPrice",
    ),
    (
        "till",
        """alter table sales alter Quantity type double;
        update sales set UnitPrice = 0.33, Quantity = 2.5 where InvoiceNo = '536001'""",
        "more than 2 decimal places in till.order_lines: quantity x unit_price",
    ),
]


@pytest.mark.parametrize(("name", "change", "words"), REFUSED)
def test_what_a_mapping_cannot_mean_is_refused(name, change, words, built):
    shop = built(name)
    before = shop.rows_of("marts")
    [system] = shop.source.tables
    shop.deliver_own(**{system: change})
    done = shop.run(*BUILD)
    shop.deliver_own()
    assert done.code != 0 and words in sentences(done.output), done.output
    assert shop.rows_of("marts") == before


def test_a_changed_mapping_wants_a_full_refresh(built):
    """Facts that an older mapping made are not mixed with rows of a newer one."""
    shop = built("log")
    mapping = shop.folder / "mappings" / "log.yml"
    mapping.write_text(mapping.read_text().replace("orders:\n", "orders:\n  filter: amount > 5\n"))
    output([sys.executable, "scripts/source.py"], shop.folder, os.environ)
    shop.variables["parsed"] = "again"  # the server of dbt parses once for the same vars
    before = shop.rows_of("marts")
    done = shop.run(*BUILD)
    assert done.code != 0 and "- the mapping of log changed" in done.output, done.output
    assert "Build once with --full-refresh" in sentences(done.output)
    assert shop.rows_of("marts") == before
    assert shop.run(*BUILD, "--full-refresh").code == 0
    assert shop.query("select sum(revenue) from marts.customer_360") == shop.query(
        f"select sum(amount) from '{shop.folder}/data/log/log.parquet' where amount > 5"
    )

"""`make sample` and what takes its files: complete, masked, the same each time, asked for first."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import shop_shapes
from projects import Project

MAPPING = """\
customers:
  table: users
  columns:
    customer_key: lower(trim(email))
    customer_name: name
    market_segment: tier
    newsletter: {sql: letter, personal: false}
    notes: notes
orders:
  table: orders
  columns:
    order_key: id
    customer_key: buyer
    order_date: "strptime(day, '%d.%m.%Y')"
    order_status:
      sql: status
      values: {paid: placed, void: cancelled}
order_lines:
  tables: [lines, coupons]
  query: >-
    select lines.*, coupons.rate from lines left join coupons on lines.coupon = coupons.code
    and coupons.kind <> 'gift'
  columns:
    order_key: order_id
    product_key: sku
    extended_price: price
"""
SHOP = {
    "users": """
        select case when i % 2 = 0 then ' ' else '' end || 'Ann' || i || '@Shop.example' as email,
            'Ann ' || i as name, ['gold', 'basic'][1 + i % 2] as tier, 'weekly' as letter,
            json_object('pet', 'Rex' || i, 'age', i) as notes, date '1980-01-01' as birth_date,
            'left' || i as password
        from range(1, 301) as t(i)""",
    "orders": """
        select i as id, case when i % 11 > 0 then 'ann' || (1 + i % 300) || '@shop.example' end as buyer,
            strftime(date '2025-01-01' + interval (i % 300) day, '%d.%m.%Y') as "day",
            ['paid', 'void'][1 + (i % 9 = 0)::int] as status
        from range(1, 1001) as t(i)""",
    "lines": """
        select 1 + i % 1000 as order_id, 'sku-' || i % 50 as sku, 1.5 + i % 7 as price, 'SPRING' as coupon
        from range(0, 3000) as t(i)""",
    "coupons": "select unnest(['SPRING', 'Secret']) as code, 0.1 as rate, unnest(['gift', 'Own']) as kind",
}


@pytest.fixture(scope="module")
def shop(project, tmp_path_factory) -> Project:
    """A project with the mapping of a shop and the shop's files."""
    folder = shutil.copytree(project(), tmp_path_factory.mktemp("sample") / "project")
    (folder / "mappings" / "shop.yml").write_text(MAPPING)
    (folder / "data" / "shop").mkdir(parents=True)
    with duckdb.connect() as con:
        for table, sql in SHOP.items():
            con.execute(f"copy ({sql}) to '{folder}/data/shop/{table}.parquet'")
    return Project(folder, folder / "tpch", folder / "local.duckdb")


def sample(shop: Project, fails: bool = False, **options: str) -> str:
    options = {"SYSTEM": "shop", "SAMPLE_KEY": "a", **options}
    return shop.run(sys.executable, "scripts/sample.py", fails=fails, **options)


@pytest.fixture(scope="module")
def drawn(shop) -> tuple[str, Path]:
    """What a run printed, and the folder that it wrote."""
    return sample(shop, CUSTOMERS="30", YES="1"), shop.folder / "samples" / "shop"


def ask(folder: Path, sql: str) -> list[tuple]:
    """Rows of a query over the files of a folder, each a view by its name."""
    with duckdb.connect() as con:
        for file in folder.glob("*.parquet"):
            con.execute(f"create view {file.stem} as from '{file}'")
        return con.execute(sql).fetchall()


def test_everything_that_belongs_to_the_customers_is_there(drawn):
    folder = drawn[1]
    assert ask(folder, "select count(*) from users") == [(30,)]
    assert ask(folder, "select count(*) from orders where buyer is null") == [(3,)]
    # the mapping itself compares the e-mail addresses as they are; the mask keeps what they share
    joined = "lower(trim(users.email)) = orders.buyer"
    assert ask(
        folder, f"select count(*) from orders anti join users on {joined} where buyer is not null"
    ) == [(0,)]
    assert ask(folder, "select count(*) from lines anti join orders on order_id = id") == [(0,)]
    [(orders, lines)] = ask(
        folder, "select (select count(*) from orders), (select count(*) from lines)"
    )
    assert orders > 30 and lines == 3 * orders


def test_text_is_masked_unless_it_is_declared(drawn):
    folder = drawn[1]
    files = b"".join(file.read_bytes() for file in folder.glob("*.parquet"))
    rows = str([ask(folder, f"from {table}") for table in SHOP])
    for word in ("Ann", "ann", "Rex", "Secret", "1980", "left"):
        assert word not in rows and word.encode() not in files, word
    assert ask(folder, "select distinct letter from users") == [("weekly",)]
    assert ask(folder, "select distinct tier from users order by 1") == [("basic",), ("gold",)]
    assert ask(folder, "select distinct status from orders order by 1") == [("paid",), ("void",)]
    # words that the mapping itself holds stay, so that its conditions still hold
    assert ("gift",) in ask(folder, "select kind from coupons")
    assert ask(folder, "select count(strptime(day, '%d.%m.%Y')) = count(*) from orders") == [
        (True,)
    ]
    assert ask(folder, "select bool_and(trim(email) like '%@%.COM') from users") == [(True,)]
    assert ask(folder, "select count(distinct notes->>'age') from users") == [(30,)]
    columns = ask(folder, "select column_name from (describe users) order by 1")
    assert columns == [("email",), ("letter",), ("name",), ("notes",), ("tier",)]


def test_the_list_says_what_becomes_of_each_column(drawn):
    text = re.sub(r"\s+", " ", drawn[0])
    assert "masked: email, name, notes as they are: tier, letter left out: 2 that" in text
    assert max(map(len, drawn[0].splitlines())) <= 80
    assert "Ann" not in drawn[0]


def test_the_next_run_draws_the_same_and_another_key_masks_otherwise(shop, drawn):
    before = {
        file.name: ask(drawn[1], f"from {file.stem} order by all") for file in drawn[1].iterdir()
    }
    for key in ("a", "b"):
        sample(shop, CUSTOMERS="30", YES="1", SAMPLE_KEY=key)
        after = {
            file.name: ask(drawn[1], f"from {file.stem} order by all")
            for file in drawn[1].iterdir()
        }
        assert (before == after) == (key == "a")
    sample(shop, CUSTOMERS="30", YES="1")


def test_without_a_key_one_is_made_and_kept(shop, drawn):
    (shop.folder / ".env").unlink(missing_ok=True)
    assert "Keep it secret" in sample(shop, CUSTOMERS="3", YES="1", SAMPLE_KEY="")
    assert re.search(r"(?m)^SAMPLE_KEY=[0-9a-f]{32}$", (shop.folder / ".env").read_text())
    sample(shop, CUSTOMERS="30", YES="1")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "there is nobody to ask. Look at the list, then add YES=1"),
        ({"SYSTEM": "nobody"}, "Name a system that has a mapping"),
        ({"CUSTOMERS": "many"}, "CUSTOMERS=many isn't a number of customers"),
        ({"FROM": "docs"}, "has no table"),
    ],
    ids=str,
)
def test_nothing_is_written_without_a_yes_or_a_source(options, sentence, shop, drawn):
    before = sorted((file.name, file.stat().st_mtime_ns) for file in drawn[1].iterdir())
    text = sample(shop, fails=True, **options)
    assert sentence in re.sub(r"\s+", " ", text) and "Traceback" not in text
    assert before == sorted((file.name, file.stat().st_mtime_ns) for file in drawn[1].iterdir())
    assert [path.name for path in drawn[1].parent.iterdir()] == ["shop"]


def clone(shop: Project, folder: Path) -> Project:
    """The project as a pipeline gets it: without data, and without TPC-H."""
    twin = shop.fresh(folder)
    shutil.rmtree(folder / "models" / "staging" / "tpch")
    (folder / "mappings" / "tpch.yml").unlink()
    return twin


def test_make_data_takes_the_sample_and_touches_no_file_that_is_there(shop, drawn, tmp_path):
    twin = clone(shop, tmp_path / "clone")
    check = [sys.executable, "scripts/data.py", "check"]
    assert "There is no users.parquet in" in twin.run(*check, fails=True)
    mine = twin.folder / "data" / "shop" / "coupons.parquet"
    mine.parent.mkdir(parents=True)
    shutil.copy2(shop.folder / "data" / "shop" / "coupons.parquet", mine)
    before = mine.read_bytes()
    assert "Took 3 tables of shop from samples/shop" in twin.run(sys.executable, "scripts/data.py")
    assert mine.read_bytes() == before
    assert ask(mine.parent, "select count(*) from users") == [(30,)]
    twin.run(*check)


def test_columns_without_rows_are_enough_and_are_said(shop, drawn, tmp_path):
    twin = clone(shop, tmp_path / "clone")
    shutil.rmtree(twin.folder / "samples")
    assert "neither in" in twin.run(sys.executable, "scripts/data.py", fails=True)
    sample(twin, CUSTOMERS="0", YES="1", FROM=str(shop.folder / "data" / "shop"))
    text = twin.run(sys.executable, "scripts/data.py")
    assert "There is no sample of shop, only its columns" in re.sub(r"\s+", " ", text)
    assert ask(twin.folder / "data" / "shop", "select count(*) from orders") == [(0,)]
    described = ask(twin.folder / "data" / "shop", "select column_type from (describe lines)")
    assert described == [("BIGINT",), ("VARCHAR",), ("DECIMAL(21,1)",), ("VARCHAR",)]


def test_masks(project):
    """What each kind of text becomes; equal texts, case and blanks aside, stay equal."""
    program = """
import sample
mask = sample.Mask("key", ["gift"])
one, two = mask("Anna@X.de"), mask(" anna@x.DE ")
assert one.lower() == two.strip().lower() != mask("ana@x.de") and two.startswith(" ")
assert mask("anna@x.de") == one.lower() and one != one.lower()
assert mask("+49 (30) 123-4567") == mask("+49301234567") and mask("0049").isdigit()
assert mask("Gift") == "Gift" and mask("") == "" and mask(None) is None and mask(5) == 5
assert len(mask("07739385-2be2-0e37-026d-6281827662f2").split("-")) == 5
assert mask('{"a": ["gift", "x", 1]}') == '{"a": ["gift", "%s", 1]}' % mask("x")
assert mask("{no json") == mask("{NO  json").lower()
assert sample.Mask("other", [])("x") != mask("x")
"""
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={**os.environ, "PYTHONPATH": str(project() / "scripts")},
    )


def test_the_shapes_of_other_shops(project, tmp_path):
    """A till, whose orders are groups of lines, and a log without any key."""
    folder = shutil.copytree(project(), tmp_path / "project")
    shop = Project(folder, folder / "tpch", folder / "local.duckdb")
    for shape, table in (("till", "sales"), ("log", "log")):
        shop_shapes.write(shape, folder / "data" / shape)
        shop.run(sys.executable, "scripts/source_scan.py", SYSTEM=shape)
        sample(shop, SYSTEM=shape, CUSTOMERS="10", YES="1")
        whole = ask(folder / "data" / shape, f"select count(*) from {table}")
        part = ask(folder / "samples" / shape, f"select count(*) from {table}")
        assert 0 < part[0][0] < whole[0][0]
    assert ask(folder / "samples" / "log", "select count(distinct customer) from log") == [(10,)]
    # whole invoices: an invoice has four lines
    lines = "select distinct count(*) from sales group by InvoiceNo"
    assert ask(folder / "samples" / "till", f"{lines} having max(Quantity) > 1 order by 1")[-1] == (
        4,
    )

"""`make source-scan`: what it says of shops of several shapes, and the mapping that it proposes."""

import os
import re
import shutil
import sys

import duckdb
import pytest
import shop_shapes
import yaml
from engines import postgres
from engines.engine_project import engine_project
from engines.postgres_project import ANSWERS, DATABASE
from projects import Project, output

TABLES = {
    "classic": {"customers": "customers", "orders": "orders", "payments": "payments"},
    "till": {"sales": "order lines"},
    "log": {"log": "orders"},
    "online": {
        "users": "customers",
        "shop_orders": "orders",
        "order_items": "order lines",
        "products": "products",
    },
}
# what has to be said of each, on one line or over several
SAID = {
    "classic": ["first_name varchar first name; personal", "27 rows of orders have a user_id that"],
    "till": ["Quantity bigint quantity; 24 negative", "CustomerID bigint customer; 240 null"],
    "log": ["holds e-mail addresses", "300 rows equal another one in every column", "key: none"],
    "online": ["1 in the future; 1 placeholder dates", "key: order_id + line_no", "2025-01-01 to"],
}
SECRETS = ("Last1", "Person1@", "member1@", "User 1", "+49 30", "1980-01")


@pytest.fixture
def workplace(project, tmp_path):
    """A project without a mapping, which a test may change."""
    folder = shutil.copytree(project(), tmp_path / "project")
    for path in (folder / "mappings").glob("*.yml"):
        path.unlink()
    return Project(folder, tmp_path / "tpch", folder / "local.duckdb")


def scan(workplace: Project, fails: bool = False, **options: str) -> str:
    """What the command prints, as lines without the blanks at their ends."""
    text = workplace.run(sys.executable, "scripts/source_scan.py", fails=fails, **options)
    return "\n".join(line.rstrip() for line in text.splitlines())


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def checked(workplace: Project, system: str) -> dict:
    """The mapping as `make source` reads it: valid, or the test fails."""
    program = f"import mapping; print(mapping.read_mapping(mapping.MAPPINGS / '{system}.yml'))"
    output(
        [sys.executable, "-c", program],
        workplace.folder,
        workplace.environment(PYTHONPATH=str(workplace.folder / "scripts")),
    )
    return yaml.safe_load((workplace.folder / "mappings" / f"{system}.yml").read_text("utf-8"))


@pytest.mark.parametrize("shape", TABLES)
def test_a_shop_is_recognised_and_nobody_in_it_is_printed(shape, workplace):
    shop_shapes.write(shape, workplace.folder / "data" / shape)
    text = scan(workplace, SYSTEM=shape)
    assert max(map(len, text.splitlines())) <= 80
    overview = dict(re.findall(r"(?m)^(\w+) +[\d,]+  ([a-z]+(?: [a-z]+)?)  ", text))
    assert overview == TABLES[shape]
    for sentence in SAID[shape]:
        assert sentence in words(text)
    mapping = (workplace.folder / "mappings" / f"{shape}.yml").read_text("utf-8")
    for secret in SECRETS:
        assert secret not in text
        assert secret not in mapping


def test_the_mapping_of_a_classic_shop(workplace):
    shop_shapes.write("classic", workplace.folder / "data" / "shop")
    scan(workplace, SYSTEM="shop")
    mapping = checked(workplace, "shop")
    assert mapping["customers"]["columns"] == {
        "customer_key": "id",
        "customer_name": "first_name || ' ' || last_name",
        "nation_name": "country",
    }
    orders = mapping["orders"]
    assert orders["tables"] == ["orders", "payments"]
    assert orders["columns"]["order_status"]["values"] == {
        "completed": "placed", "returned": "placed", "Void": "cancelled",
    }  # fmt: skip
    # the query is one that the source answers: an order has the sum of its payments
    with duckdb.connect() as con:
        for table in ("orders", "payments"):
            file = workplace.folder / "data" / "shop" / f"{table}.parquet"
            con.execute(f"create view {table} as from '{file}'")
        found = con.execute(f"select count(*), sum(amount) from ({orders['query']})").fetchall()
        assert found == con.execute("select 400, sum(amount) from payments").fetchall()


def test_the_mappings_of_the_other_shapes(workplace):
    for shape in ("till", "log", "online"):
        shop_shapes.write(shape, workplace.folder / "data" / shape)
        scan(workplace, SYSTEM=shape)
    till = checked(workplace, "till")
    assert till["orders"] == {
        "table": "sales",
        "grouped": True,
        "columns": {
            "order_key": "InvoiceNo", "customer_key": "CustomerID", "order_date": "InvoiceDate",
        },
    }  # fmt: skip
    assert till["customers"]["grouped"] is True
    assert checked(workplace, "log") == {
        "key_prefix": "log:",  # the till was there first
        "loaded_at": False,
        "orders": {
            "table": "log",
            "columns": {"customer_key": "customer", "order_date": "sold_on", "amount": "amount"},
        },
    }
    assert "key_prefix" not in till
    assert "# There is till, too" in (workplace.folder / "mappings" / "log.yml").read_text()
    online = checked(workplace, "online")
    assert online["loaded_at"] == "_fivetran_synced"
    assert online["customers"]["deleted"] == "deleted_at is not null"
    assert online["order_lines"]["columns"]["line_number"] == "line_no"
    assert "set the var key_type to string" in words(scan(workplace, SYSTEM="online"))


def test_a_mapping_that_is_there_stays_as_it_is(workplace):
    shop_shapes.write("log", workplace.folder / "data" / "shop")
    mapping = workplace.folder / "mappings" / "shop.yml"
    mapping.write_text("# mine\n")
    assert "is there already and stays as it is" in scan(workplace, SYSTEM="shop")
    assert mapping.read_text() == "# mine\n"


def test_values_and_names_that_mean_harm_reach_neither_terminal_nor_mapping(workplace):
    shop_shapes.write("hostile", workplace.folder / "data" / "shop")
    text = scan(workplace, SYSTEM="shop")
    assert all(sign.isprintable() for sign in text.replace("\n", ""))
    assert max(map(len, text.splitlines())) <= 80
    assert "[red]x[/red]" in text, "rich read the value as its own markup"
    mapping = checked(workplace, "shop")
    assert mapping["orders"]["columns"]["customer_key"] == '"customer id"'
    assert "\x1b[2J\na: b" in mapping["orders"]["columns"]["order_status"]["values"]
    file = (workplace.folder / "mappings" / "shop.yml").read_text("utf-8")
    assert all(sign.isprintable() for sign in file.replace("\n", ""))


def test_files_of_text_whose_first_rows_mislead(workplace):
    folder = workplace.folder / "exports"
    folder.mkdir()
    duckdb.sql(
        f"""copy (
            select case when i >= 60000 then 'C' else '' end || (500000 + i) as invoice_no,
                strftime(date '2024-03-01' + interval (i % 90) day, '%m/%d/%Y %H:%M') as "date", 5 as amount,
                i % 7 + (i = 9)::int * 100 as customer_id
            from range(60100) as t(i) union all select '500000', '03/01/2024 08:00', 7, 1
        ) to '{folder}/receipts.csv'"""
    )
    text = words(scan(workplace, SYSTEM="shop", FROM="exports"))
    assert "invoice_no varchar order" in text
    assert "invoice_no isn't a key: 1 rows repeat one" in text
    assert "dates as text, %m/%d/%Y %H:%M" in text
    mapping = checked(workplace, "shop")
    assert mapping["files"] == "{{ env_var('SHOP_DATA', 'data/shop') }}/{identifier}.csv"
    assert "Put SHOP_DATA=exports into .env" in text
    assert mapping["orders"]["columns"]["order_date"] == "strptime(\"date\", '%m/%d/%Y %H:%M')"


def test_a_duckdb_file(workplace):
    with duckdb.connect(str(workplace.folder / "shop.duckdb")) as con:
        con.execute(f"create table log as {shop_shapes.LOG['log']}")
    assert "a log of transactions" in words(scan(workplace, SYSTEM="shop", FROM="shop.duckdb"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Name the system: make source-scan SYSTEM=shop."),
        ({"SYSTEM": "My Shop"}, "Its name has up to 20 small letters"),
        ({"SYSTEM": "shop"}, "Say where the source is: FROM=folder, or put its files into data/shop"),
        ({"SYSTEM": "shop", "FROM": "docs"}, "has no table: put Parquet or CSV files there"),
        ({"SYSTEM": "shop", "FROM": "no/where"}, "isn't there. FROM is a folder, a DuckDB file"),
        ({"SYSTEM": "shop", "FROM": "broken"}, "can't be read: "),
        ({"SYSTEM": "shop", "FROM": "nowhere"}, "nowhere has no table on the target local"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_read_ends_in_a_sentence(options, sentence, workplace):
    (workplace.folder / "broken").mkdir()
    (workplace.folder / "broken" / "orders.parquet").write_text("no parquet")
    text = scan(workplace, fails=True, **options)
    assert sentence in words(text)
    assert "Traceback" not in text


def test_a_schema_of_postgresql(project, tmp_path):
    if not postgres.programs() and not os.environ.get("CI"):
        pytest.skip("PostgreSQL's server is not installed: scripts/setup.sh says how")
    folder = shutil.copytree(project(**ANSWERS), tmp_path / "project")
    with postgres.running() as server:
        server.query("postgres", f"create database {DATABASE}")
        server.query(DATABASE, "create schema shop")
        with duckdb.connect() as con:
            for table, sql in shop_shapes.CLASSIC.items():
                described = con.execute(f"describe {sql}").fetchall()
                columns = ", ".join(
                    f"{name} {kind.replace('VARCHAR', 'text')}" for name, kind, *_ in described
                )
                server.query(DATABASE, f"create table shop.{table} ({columns})")
                rows = con.execute(sql).fetchall()
                with server.connect(DATABASE).cursor() as cursor:
                    values = ", ".join("%s" for _ in described)
                    cursor.executemany(f"insert into shop.{table} values ({values})", rows)
        login = server.settings("postgres", server.password)
        there = engine_project(folder, tmp_path, **login, DBT_TARGET="dev", DBT_SCHEMA="dev_test")
        text = scan(there, SYSTEM="shop")
        overview = dict(re.findall(r"(?m)^(\w+) +[\d,]+  ([a-z]+(?: [a-z]+)?)  ", text))
        assert overview == TABLES["classic"]
        assert "27 rows of orders have a user_id that customers lacks" in words(text)
        assert checked(there, "shop")["schema"] == "shop"

"""Look at a source and propose its mapping: `make source-scan SYSTEM=shop FROM=../exports`.

FROM is a folder of Parquet or CSV files, a DuckDB file, or a schema of the target that DBT_TARGET
names; left out, the folder data/<system>, or the schema <system>. Prints what the tables hold and what
each of them seems to be, and writes mappings/<system>.yml, unless there is one. No value of a row
is printed but dates and the words of columns with a status, a type or a currency.
"""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from settings import DEFAULT_TARGET, PROJECT, Problem, run_program
from source_profile import ColumnProfile, TableProfile, clean, profile, snake
from source_tables import SAMPLES, Source, files_of, is_path, literal, opened, write_rows

MAPPINGS = PROJECT / "mappings"
SLOW = 3  # seconds after which a table says how long it took
CANCELLED = re.compile(
    r"cancel|void|declin|fail|abandon|draft|storno|reject|expired", re.IGNORECASE
)
# What a column's name says that it holds. The first that fits counts.
MEANINGS: dict[str, str] = {
    "loaded_at": r"^_?(fivetran_synced|airbyte_extracted_at|sdc_batched_at|dlt_load_time|loaded_at|ingested_at|etl_.*)$",
    "deleted": r"^(_fivetran_deleted|is_deleted|deleted|deleted_at|_sdc_deleted_at)$",
    "line_number": r"(line|position|pos|seq|lineitem)_?(no|nr|num|number)?$",
    "unit_price": r"^(unit_?price|price|item_price|price_each|sale_price)$",
    "quantity": r"^(qty|quantity|units|count|order_quantity|menge|anzahl)$",
    "discount": r"^discount(_rate|_pct|_percent)?$",
    "tax": r"^(tax|vat)_?(rate|pct|percent)?$",
    "currency": r"currency",
    "order_status": r"status$|^state$",
    "customer": r"(cust|customer|client|buyer|user|member|account|kunde|kunden|shopper)s?_?(id|key|no|nr|num|number|code|uuid)?$",
    "order": r"(order|invoice|receipt|basket|sale|transaction|bon|beleg|checkout|document)s?_?(id|key|no|nr|num|number|code|uuid)$|^(invoice|receipt)$",
    "product": r"(product|item|article|sku|stock|part|artikel)s?_?(id|key|no|nr|num|number|code|uuid)?$",
    "order_date": r"(order|invoice|purchase|sale|sold|placed|created|transaction|receipt|booking|paid|payment)_?(on|at|date|day|time|ts|timestamp)s?$|^(date|day|ts|timestamp|datetime)$",
    "amount": r"(amount|total|value|revenue|subtotal|net|gross|sum|betrag|sales)(_price|_amount|_net|_value)?$",
    "country": r"(country|nation|land)(_name|_code)?$",
    "region": r"^(region|province|county|federal_state)(_name)?$",
    "segment": r"(segment|tier|customer_type|customer_group|loyalty_level)$",
    "brand": r"brand(_name)?$",
    "category": r"(category|department|product_type|product_group|product_line|family|genre|class)(_name)?$",
    "first_name": r"^first_?name$",
    "last_name": r"^(last|sur|family)_?name$",
    "phone": r"phone|mobile",
    "name": r"name$|^title$|^description$",
}  # fmt: skip
KEYS = ("customer", "order", "product")
TABLE_NAMES = {
    "order_lines": r"line|item|position|detail",
    "payments": r"payment|charge|transaction",
    "refunds": r"refund|return",
    "customers": r"customer|client|user|member|buyer|account|people|contact|kunde",
    "products": r"product|article|item|sku|part|catalog|artikel",
    "orders": r"order|sale|invoice|receipt|purchase|till|transaction|ticket|bestellung",
    "countries": r"countr|nation",
}


class Reading:
    """A table with what its columns seem to mean."""

    def __init__(self, table: TableProfile) -> None:
        self.table = table
        self.plain = snake(table.name)
        self.means: dict[str, ColumnProfile] = {}
        for about in table.columns.values():
            meaning = self._meaning(about)
            if meaning and meaning not in self.means:
                self.means[meaning] = about
        self.role, self.why = "", "nothing that a mapping needs"

    def _meaning(self, about: ColumnProfile) -> str:
        name, kind = about.plain, about.column.kind
        for meaning, words in MEANINGS.items():
            if not re.search(words, name):
                continue
            if meaning == "order_date" and kind != "time" and not about.date_formats:
                continue
            if meaning in ("unit_price", "quantity", "amount", "discount", "tax") and kind not in (
                "integer",
                "number",
            ):
                continue
            if meaning in ("customer", "order", "product") and kind in ("time", "number", "other"):
                continue
            return meaning
        return ""

    def named(self, role: str) -> bool:
        return re.search(TABLE_NAMES[role], self.plain) is not None

    def has(self, *meanings: str) -> bool:
        return all(meaning in self.means for meaning in meanings)

    @property
    def key(self) -> ColumnProfile | None:
        """The column that identifies a row, where one does."""
        key = self.table.key
        return self.table.columns[key[0]] if key and len(key) == 1 else None

    def is_key(self, meaning: str) -> bool:
        return self.key is not None and self.means.get(meaning) is self.key

    @property
    def money(self) -> bool:
        return any(meaning in self.means for meaning in ("amount", "unit_price"))

    @property
    def personal(self) -> list[ColumnProfile]:
        return [about for about in self.table.columns.values() if about.personal]


def roles(readings: list[Reading]) -> dict[str, Reading]:
    """Which table is what. Each reading learns its role and why; returns them by role."""
    rules: list[tuple[str, Callable[[Reading], str]]] = [
        ("order_lines", _is_lines),
        ("payments", _is_payments),
        ("refunds", lambda one: "its name, and an order" if one.named("refunds") and one.has("order") else ""),
        ("orders", _is_orders),
        ("customers", _is_customers),
        ("products", _is_products),
        ("countries", lambda one: "its name" if one.named("countries") and one.key else ""),
    ]  # fmt: skip
    found: dict[str, Reading] = {}
    for role, rule in rules:
        # a table with the role's own name first: orders before orders_archive
        for one in sorted(readings, key=lambda one: (one.plain != role, len(one.plain))):
            if not one.role and role not in found and (why := rule(one)):
                one.role, one.why = role, why
                found[role] = one
    if "orders" not in found:
        lines = found.get("order_lines")
        if lines and lines.has("order_date"):
            lines.why += "; the orders are its groups by " + clean(lines.means["order"].name)
        else:
            for one in readings:
                if not one.role and one.money and one.has("order_date"):
                    one.role, one.why = "orders", "a date and an amount: a log of transactions"
                    found["orders"] = one
                    break
    return found


def _is_lines(one: Reading) -> str:
    several = one.has("order") and not one.is_key("order")
    what = [word for word in ("product", "quantity", "unit_price", "line_number") if one.has(word)]
    if several and len(what) >= 2 and not one.named("payments"):
        return f"several rows per {clean(one.means['order'].name)}, with {', '.join(what)}"
    return ""


def _is_payments(one: Reading) -> str:
    if one.named("payments") and one.has("order", "amount") and not one.is_key("order"):
        return f"its name, an amount and {clean(one.means['order'].name)}"
    return ""


def _is_orders(one: Reading) -> str:
    keyed = one.is_key("order") or (one.named("orders") and one.key is not None)
    if keyed and (one.has("order_date") or one.has("customer")):
        parts = [word for word in ("customer", "order_date", "order_status") if one.has(word)]
        return f"one row per {clean(one.key.name)}, with {', '.join(parts)}"
    return ""


def _is_customers(one: Reading) -> str:
    if one.is_key("customer") or (one.named("customers") and one.key is not None):
        more = f", {len(one.personal)} columns of personal data" if one.personal else ""
        return f"one row per {clean(one.key.name)}{more}"
    return ""


def _is_products(one: Reading) -> str:
    keyed = one.is_key("product") or (one.named("products") and one.key is not None)
    return f"one row per {clean(one.key.name)}" if keyed and not one.has("order") else ""


def text_keys(found: dict[str, Reading]) -> list[str]:
    """Columns that the mapping takes for keys and that aren't whole numbers, by table."""
    return [
        f"{clean(one.table.name)}.{clean(about.name)}"
        for one in found.values()
        for about in {id(key): key for key in (one.key, *map(one.means.get, KEYS)) if key}.values()
        if about.column.kind != "integer"
    ]


def earlier_systems(system: str) -> list[str]:
    """The client's other systems that have a mapping already."""
    names = sorted(path.stem for path in MAPPINGS.glob("*.yml"))
    return [name for name in names if name not in (system, "tpch")]


def strangers(source: Source, found: dict[str, Reading]) -> Iterator[str]:
    """Sentences on rows that refer to a row that isn't there."""
    for child, parent, meaning in (
        ("orders", "customers", "customer"),
        ("order_lines", "orders", "order"),
        ("order_lines", "products", "product"),
    ):
        one, other = found.get(child), found.get(parent)
        about, key = one and one.means.get(meaning), other and other.key
        if not about or not key or about.column.kind != key.column.kind:
            continue
        name, other_name = source.quote(about.name), source.quote(key.name)
        (count,) = source.row(
            f"select count(*) from {source.tables[one.table.name]} as child "
            f"where child.{name} is not null and not exists (select 1 from "
            f"{source.tables[other.table.name]} as parent where parent.{other_name} = child.{name})"
        )
        if count:
            yield (
                f"{count:,} rows of {clean(one.table.name)} have a {clean(about.name)} that "
                f"{clean(other.table.name)} lacks."
            )


# --- what is printed ------------------------------------------------------------------------------
def print_profile(console: Console, readings: list[Reading]) -> None:
    overview = _table("table", "rows", "seems to be", "because", right={1})
    for one in readings:
        overview.add_row(
            Text(clean(one.table.name)),
            Text(f"{one.table.rows:,}"),
            Text(one.role.replace("_", " ") or "-", style="bold" if one.role else ""),
            Text(one.why),
        )
    console.print(overview)
    for one in readings:
        console.print()
        key = " + ".join(map(clean, one.table.key)) if one.table.key else "none"
        console.print(
            Text(f"{clean(one.table.name)}: {one.table.rows:,} rows, key: {key}", style="bold")
        )
        details = _table("column", "type", "what to know")
        for about in one.table.columns.values():
            details.add_row(
                Text(clean(about.name)),
                Text(clean(about.column.type.lower())),
                Text("; ".join(_remarks(one, about))),
            )
        console.print(details)
        for columns, twice in one.table.keys.items():
            if twice:
                names = " + ".join(map(clean, columns))
                console.print(Text(f"  {names} isn't a key: {twice:,} rows repeat one", "yellow"))
        if one.table.equal_rows:
            console.print(
                Text(f"  {one.table.equal_rows:,} rows equal another one in every column", "yellow")
            )


def _table(*headers: str, right: set[int] = frozenset()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number in right else "left", overflow="fold")
    return table


def _remarks(one: Reading, about: ColumnProfile) -> Iterator[str]:
    meaning = next((word for word, column in one.means.items() if column is about), "")
    if meaning:
        yield meaning.replace("_", " ")
    if about.first and not about.personal:
        yield f"{about.first} to {about.last}"
    counts = {
        "null": about.nulls,
        "blank": about.blank,
        "negative": about.negative,
        "in the future": about.future,
        "placeholder dates": about.placeholder,
    }
    yield from (f"{count:,} {what}" for what, count in counts.items() if count)
    if about.date_formats:
        yield "dates as text, " + " or ".join(about.date_formats)
    if about.personal:
        yield f"personal data, {about.personal}"
    elif about.words:
        yield ", ".join(f"{clean(word)} {count:,}" for word, count in about.words)


# --- the mapping ----------------------------------------------------------------------------------
class Draft:
    """The text of a mapping, entity by entity."""

    def __init__(self, source: Source, place: str) -> None:
        self.source = source
        self.by_duckdb = is_path(place)
        # DuckDB doesn't tell capitals from small letters; neither do engines that keep all names in capitals
        self.any_case = self.by_duckdb or all(name == name.upper() for name in source.tables)
        self.lines: list[str] = []

    def sql(self, about: ColumnProfile) -> str:
        """A column as SQL of the source: as it is, or in quotes where the engine needs them."""
        bare = r"[A-Za-z_]\w*" if self.any_case else r"[a-z_][a-z0-9_]*"
        if re.fullmatch(bare, about.name, re.ASCII) and not RESERVED.fullmatch(about.name):
            return about.name
        return self.source.quote(about.name)

    def add(self, *lines: str) -> None:
        self.lines += lines

    def columns(self, columns: dict[str, str]) -> None:
        self.add(
            *(
                f"    {ours}:{'' if sql.startswith(chr(10)) else ' '}{sql}"
                for ours, sql in columns.items()
            )
        )

    def entity(self, name: str, one: Reading, columns: dict[str, str], *more: str) -> None:
        """An entity of one table. `columns` are expressions, or lines of YAML that begin anew."""
        self.add("", f"{name}:", f"  table: {scalar(one.table.name)}", *more, "  columns:")
        self.columns(columns)
        if GROUPED not in more:
            used = " ".join([*columns.values(), *more])
            rest = [
                clean(about.name) + (" (personal)" if about.personal else "")
                for about in one.table.columns.values()
                if not re.search(rf"(?<!\w){re.escape(about.name)}(?!\w)", used, re.IGNORECASE)
                and one.means.get("loaded_at") is not about
            ]
            if rest:
                self.add(*_comment("    ", "Not mapped: " + ", ".join(rest) + "."))


GROUPED = "  grouped: true # several rows of the table make one"
RESERVED = re.compile(
    "all|and|as|asc|by|case|check|column|cross|date|default|desc|distinct|else|end|from|full|group|"
    "having|in|index|inner|interval|is|join|key|left|like|limit|not|null|of|offset|on|or|order|outer|"
    "primary|range|references|right|row|rows|select|set|table|then|time|timestamp|to|type|union|unique|"
    "user|using|value|values|when|where|window|with",
    re.IGNORECASE,
)


def scalar(text: str) -> str:
    """A text as a YAML scalar on one line, with escapes for what a terminal would obey."""
    if not text.isprintable():
        return json.dumps(text)
    return yaml.safe_dump(text, width=10_000, allow_unicode=True).removesuffix("\n...\n").strip()


def _comment(indent: str, text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def draft(system: str, place: str, source: Source, found: dict[str, Reading]) -> str:
    """The text of mappings/<system>.yml."""
    text = Draft(source, place)
    text.add(
        "# yaml-language-server: $schema=mapping.schema.json",
        f"# Proposed by make source-scan from {clean_place(place)}: read it, correct it, then",
        f"# make source SYSTEM={system}",
    )
    orders, lines = found.get("orders"), found.get("order_lines")
    customers, products = found.get("customers"), found.get("products")
    text.add(*_where(system, place))
    if earlier := earlier_systems(system):
        text.add(
            f"# There is {' and '.join(earlier)}, too: with a prefix, no two keys are the same.",
            f'key_prefix: "{system}:"',
        )
    if text_keys(found) or earlier:
        text.add("# Keys are text: set the var key_type to string in dbt_project.yml.")
    loaded = [one.means.get("loaded_at") for one in found.values()]
    if loaded and loaded[0] and all(one and one.name == loaded[0].name for one in loaded):
        text.add(f"loaded_at: {scalar(text.sql(loaded[0]))}")
    else:
        text.add(
            "# No column says when a row was loaded: a run reads the orders of the last lookback_days again.",
            "loaded_at: false",
        )
    if customers:
        text.entity(
            "customers", customers, _customer_columns(text, customers), *_deleted(text, customers)
        )
    elif (buyers := orders or lines) and buyers.has("customer", "country"):
        columns = _columns(text, buyers, customer_key="customer", nation_name="country")
        text.entity("customers", buyers, columns, GROUPED)
    _draft_orders(text, orders, lines, found.get("payments"))
    if lines:
        text.entity("order_lines", lines, _line_columns(text, lines), *_deleted(text, lines))
        if not lines.has("line_number"):
            text.add("    # No line_number: lines are numbered by the columns of the row.")
        for meaning in ("discount", "tax"):
            if lines.has(meaning):
                text.add(
                    f"    # {meaning}: {text.sql(lines.means[meaning])}",
                    f"    # ^ a fraction of the price, 0.125 for 12.5 %. {'Revenue is wrong without it.' if meaning == 'discount' else ''}".rstrip(),
                )
    if products:
        text.entity(
            "products", products, _product_columns(text, products), *_deleted(text, products)
        )
    for role in ("refunds", "countries"):
        if role in found:
            text.add(
                "",
                *_comment(
                    "",
                    f"{clean(found[role].table.name)} looks like {role}. Join it in a `query`, where you need it.",
                ),
            )
    return "\n".join(text.lines) + "\n"


def clean_place(place: str) -> str:
    return clean(Path(place).name if Path(place).is_absolute() else place)


def _where(system: str, place: str) -> list[str]:
    """Where the source is, for dbt: nothing where it is at the usual place."""
    if not is_path(place):
        database, _, schema = place.rpartition(".")
        return [
            *([f"database: {scalar(database)}"] if database else []),
            f"schema: {scalar(schema)}",
        ]
    folder = PROJECT / place
    if not folder.is_dir():
        return [f"# The target local reads files: write the tables as Parquet into data/{system}."]
    if folder == PROJECT / "data" / system:
        at = f"data/{system}"
    else:
        at = f"{{{{ env_var('{system.upper()}_DATA', 'data/{system}') }}}}"
    ending = next((".csv" for path in folder.iterdir() if path.name.endswith(".csv")), ".parquet")
    files = f"{at}/{{identifier}}{ending}"
    return [] if files == f"data/{system}/{{identifier}}.parquet" else [f'files: "{files}"']


def _columns(text: Draft, one: Reading, **wanted: str) -> dict[str, str]:
    """Our columns, each from the column that has the meaning, where the table has it."""
    return {
        ours: scalar(text.sql(one.means[meaning]))
        for ours, meaning in wanted.items()
        if meaning in one.means
    }


def _date(text: Draft, about: ColumnProfile) -> str:
    """The day of an order; a text is read in the format that its values have."""
    sql = text.sql(about)
    if not about.date_formats or about.date_formats[0].startswith("%Y-"):
        return scalar(sql)
    if not text.by_duckdb:
        return scalar(f"cast({sql} as date)") + f"  # texts of the form {about.date_formats[0]}"
    also = " or ".join(about.date_formats[1:])
    note = f"  # or {also}: both fit" if also else ""
    return scalar(f"strptime({sql}, {literal(about.date_formats[0])})") + note


def _words(text: Draft, about: ColumnProfile, ours: Callable[[str], str]) -> str:
    """A column with its words, each with ours."""
    pairs = "".join(f"\n        {scalar(word)}: {ours(word)}" for word, _ in about.words)
    return f"\n      sql: {scalar(text.sql(about))}\n      values:{pairs}"


def _deleted(text: Draft, one: Reading) -> list[str]:
    about = one.means.get("deleted")
    if not about:
        return []
    sql = text.sql(about)
    return [f"  deleted: {scalar(sql if about.column.kind == 'boolean' else f'{sql} is not null')}"]


def _customer_columns(text: Draft, one: Reading) -> dict[str, str]:
    columns = {"customer_key": scalar(text.sql(one.key))}
    if one.has("first_name", "last_name"):
        names = " || ' ' || ".join(
            text.sql(one.means[name]) for name in ("first_name", "last_name")
        )
        columns["customer_name"] = scalar(names)
    elif one.has("name"):
        columns["customer_name"] = scalar(text.sql(one.means["name"]))
    columns |= _columns(text, one, market_segment="segment", nation_name="country", phone="phone")
    if "nation_name" in columns:
        columns |= _columns(text, one, region_name="region")
    return columns


def _draft_orders(
    text: Draft, orders: Reading | None, lines: Reading | None, payments: Reading | None
) -> None:
    if orders is None and lines is None:
        text.add(
            "",
            "# No table looks like orders: name one, its date, and its amount.",
            "orders:",
            "  table: orders",
        )
        text.add("  columns:", "    order_date: order_date", "    amount: amount")
        return
    if orders is None and lines is not None:
        columns = _order_columns(text, lines, with_amount=False)
        text.entity(
            "orders",
            lines,
            {"order_key": scalar(text.sql(lines.means["order"])), **columns},
            GROUPED,
        )
        return
    assert orders is not None
    key = {"order_key": scalar(text.sql(orders.key))} if orders.key else {}
    columns = key | _order_columns(text, orders, with_amount=lines is None)
    if not key:
        text.add(
            "",
            "# No column identifies a row: the key is made from all columns and a number for equal rows.",
        )
    if lines is None and "amount" not in columns and payments:
        order, amount = (text.sql(payments.means[word]) for word in ("order", "amount"))
        names = [scalar(one.table.name) for one in (orders, payments)]
        table, paid = (
            one.table.name
            if re.fullmatch(r"[a-z_][a-z0-9_]*", one.table.name)
            else text.source.quote(one.table.name)
            for one in (orders, payments)
        )
        text.add("", "# Orders have no amount, payments have: their sum per order.")
        text.add("orders:", f"  tables: [{', '.join(names)}]", "  query: >-")
        text.add(f"    select {table}.*, paid.amount from {table} left join")
        text.add(
            f"    (select {order}, sum({amount}) as amount from {paid} group by {order}) as paid"
        )
        text.add(
            f"    on {table}.{text.sql(orders.key)} = paid.{order}",
            *_deleted(text, orders),
            "  columns:",
        )
        text.columns(columns | {"amount": "amount"})
        return
    text.entity("orders", orders, columns, *_deleted(text, orders))


def _order_columns(text: Draft, one: Reading, with_amount: bool) -> dict[str, str]:
    columns = _columns(text, one, customer_key="customer")
    if one.has("order_date"):
        columns["order_date"] = _date(text, one.means["order_date"])
    status = one.means.get("order_status")
    if status:
        columns["order_status"] = (
            _words(text, status, lambda word: "cancelled" if CANCELLED.search(word) else "placed")
            if status.words
            else scalar(text.sql(status)) + "  # add `values`, each with placed or cancelled"
        )
    if with_amount:
        columns |= _columns(text, one, amount="amount")
        if "amount" not in columns and one.has("quantity", "unit_price"):
            columns["amount"] = scalar(
                " * ".join(text.sql(one.means[word]) for word in ("quantity", "unit_price"))
            )
        elif "amount" not in columns:
            columns |= _columns(text, one, amount="unit_price")
    elif one.key:
        columns |= _columns(text, one, total_price="amount")
    return columns


def _line_columns(text: Draft, one: Reading) -> dict[str, str]:
    columns = _columns(
        text,
        one,
        order_key="order",
        line_number="line_number",
        product_key="product",
        quantity="quantity",
    )
    if one.has("quantity", "unit_price"):
        columns |= _columns(text, one, unit_price="unit_price")
    elif one.has("amount"):
        columns |= _columns(text, one, extended_price="amount")
    return columns


def _product_columns(text: Draft, one: Reading) -> dict[str, str]:
    columns = {"product_key": scalar(text.sql(one.key))}
    return columns | _columns(
        text,
        one,
        product_name="name",
        product_type="category",
        brand="brand",
        retail_price="unit_price",
    )


# --- the run --------------------------------------------------------------------------------------
def place_of(system: str, mapping: dict[str, Any] | None = None) -> str:
    """Where the source is: FROM, or where the mapping says, or the folder or schema of that name."""
    if given := os.environ.get("FROM"):
        return given
    about = mapping or {}
    if (os.environ.get("DBT_TARGET") or DEFAULT_TARGET) != DEFAULT_TARGET:
        schema = about.get("schema", system)
        return f"{about['database']}.{schema}" if "database" in about else schema
    folder = os.path.relpath(files_of(system, about).parent, PROJECT)
    if not (PROJECT / folder).is_dir():
        raise Problem(
            f"Say where the source is: FROM=folder, or put its files into {folder}, one per table."
        )
    return f"{folder}/"


def write_columns(system: str, source: Source, found: dict[str, Reading], place: str) -> None:
    """Write files without rows into samples/<system>/, unless it is there.

    A pipeline that has no sample builds every model from them.
    """
    folder = SAMPLES / system
    if folder.exists():
        return
    folder.mkdir(parents=True)
    ending = ".csv" if any(".csv" in line for line in _where(system, place)) else ".parquet"
    for one in found.values():
        name = one.table.name
        write_rows(source.columns(name), [], folder / f"{name}{ending}")


def main() -> None:
    system = os.environ.get("SYSTEM", "")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", system):
        raise Problem(
            "Name the system: make source-scan SYSTEM=shop. Its name has up to 20 small letters, digits "
            "and underscores, and begins with a letter."
        )
    place = place_of(system)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 80)
    readings = []
    with opened(place) as source:
        print(f"Reading {len(source.tables)} tables ...", flush=True)
        for name in source.tables:
            start = time.monotonic()
            console.print(Text(f"  {clean(name)} ..."), end="\r" if console.is_terminal else "\n")
            readings.append(Reading(profile(source, name)))
            if (seconds := time.monotonic() - start) > SLOW:
                console.print(Text(f"  {clean(name)} took {seconds:.0f} s"))
        found = roles(readings)
        print_profile(console, readings)
        for sentence in strangers(source, found):
            console.print(Text(sentence, "yellow"))
        reasons = [*text_keys(found), *(f"beside {name}" for name in earlier_systems(system))]
        if reasons:
            console.print(
                Text(f"Keys are text ({reasons[0]}): set the var key_type to string.", "yellow")
            )
        path = MAPPINGS / f"{system}.yml"
        if path.exists():
            print(f"\nmappings/{system}.yml is there already and stays as it is.")
            return
        MAPPINGS.mkdir(exist_ok=True)
        path.write_text(draft(system, place, source, found), "utf-8", newline="\n")
        write_columns(system, source, found, place)
    print(f"\nWrote mappings/{system}.yml, and its columns without rows to samples/{system}.")
    if is_path(place) and "env_var" in path.read_text("utf-8"):
        print(f"Put {system.upper()}_DATA={place} into .env, for this machine.")
    print(f"Read the mapping, correct it, then: make source SYSTEM={system}")


if __name__ == "__main__":
    run_program(main, "Interrupted: nothing was written.")

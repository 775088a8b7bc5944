"""Draw a small sample of a client's own source, to commit: `make sample SYSTEM=shop CUSTOMERS=200`.

Writes samples/<system>/: that many customers, chosen by a hash of their key, so that the next run chooses
the same, with all rows that belong to them in the tables of mappings/<system>.yml, and only the
columns that the mapping reads. Text is masked unless the mapping declares it not personal: equal values
get equal masks in all tables, letter case and blanks aside, so that joins and identities still work. What
will be written is shown first, and nothing is written without a yes (or YES=1).

CUSTOMERS=0 writes the columns alone, which is enough for a pipeline to build every model without rows.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import json
import os
import re
import secrets
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from check_files import LIMIT
from mapping import (
    MAPPINGS,
    Mapping,
    contract,
    entities,
    read_mapping,
    sql_of,
    tables_of,
    values_of,
)
from settings import PROJECT, Problem, run_program, strings
from source_profile import PERSONAL_NAME, ColumnProfile, TableProfile, clean, snake
from source_scan import Reading, place_of
from source_tables import SAMPLES, Column, Source, files_of, literal, opened, write_rows

DEFAULT_CUSTOMERS = "200"
GUESTS = 10  # a guest's order for this many customers
MOST_ROWS = 50_000  # of a table
MOST_KEYS = 500  # in one condition
KEYS = ("customer", "order", "product")
TEXT_KINDS = ("text", "other")  # kinds of columns that are masked; other is JSON and the like


# --- the mask -------------------------------------------------------------------------------------
class Mask:
    """Replaces texts. `known` are texts that the mapping itself holds, which stay."""

    def __init__(self, key: str, known: Iterable[str]) -> None:
        self._key = key.encode()
        self._known = {normal(text) for text in known}

    def __call__(self, value: Any) -> Any:
        """The mask of a text, or of every text in JSON; other values, and blank texts, stay."""
        if isinstance(value, str):
            if value[:1] in ("{", "["):
                try:
                    return json.dumps(self(json.loads(value)), ensure_ascii=False)
                except ValueError:
                    pass  # a text that begins so
            return self._text(value)
        if isinstance(value, dict):
            return {name: self(item) for name, item in value.items()}
        return [self(item) for item in value] if isinstance(value, list) else value

    def _text(self, value: str) -> str:
        text = normal(value)
        if not text or text in self._known:
            return value
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        digits = re.sub(r"[\s()./-]", "", text)
        if re.fullmatch(r"[^@\s]+@[^@\s]+", text):
            masked = f"m{digest[:12]}@example.com"
        elif re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
            masked = "-".join(
                digest[start:end] for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
            )
        elif re.fullmatch(r"\+?\d+", digits):
            digest = hmac.new(self._key, digits.encode(), hashlib.sha256).hexdigest()
            plus = "+" if digits.startswith("+") else ""
            masked = f"{plus}{10**11 + int(digest, 16) % (9 * 10**11)}"
        else:
            masked = f"m{digest[:12]}"
        # values that differ in case or blanks alone still do, and are still equal when normalised
        masked = masked if value == value.lower() else masked.upper()
        start, end = re.match(r"\s*", value)[0], re.search(r"\s*\Z", value)[0]
        return f"{start}{masked}{end}"


def normal(text: str) -> str:
    """A text as identities compare it: small letters, single blanks, one form of each sign."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def mask_key() -> str:
    """SAMPLE_KEY; made, and written into .env, where there is none."""
    key = os.environ.get("SAMPLE_KEY")
    if not key:
        key = secrets.token_hex(16)
        with (PROJECT / ".env").open("a", encoding="utf-8") as stream:
            stream.write(
                f"\n# The secret of `make sample`: with it, the same texts get the same masks.\nSAMPLE_KEY={key}\n"
            )
        print(
            "Wrote a new SAMPLE_KEY into .env. Keep it secret; share it with whoever draws the next sample."
        )
    return key


# --- what of a table is taken ---------------------------------------------------------------------
@dataclass
class Plan:
    """A table of the sample: its columns, and how it hangs together with the others."""

    table: str
    columns: list[Column]
    left_out: list[str]
    masked: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)  # of KEYS, the column that holds it
    is_entity: str = ""  # which of KEYS identifies a row

    def link(self, key: str) -> Column:
        return next(column for column in self.columns if column.name == self.links[key])

    def found(self, key: str, rows: Iterable[Sequence[Any]]) -> set[str]:
        """The keys that occur in rows of this table."""
        column = self.link(key)
        place = self.columns.index(column)
        return {_key(column, row[place]) for row in rows if row[place] is not None}


def _key(column: Column, value: Any) -> str:
    """A key as tables refer to it: of a text, letter case and blanks at its ends don't count."""
    return str(value).strip().lower() if column.kind == "text" else str(value)


def plans(source: Source, mapping: Mapping) -> dict[str, Plan]:
    """A plan for every table that the mapping reads. Raises Problem where one isn't there."""
    read = "\n".join(
        strings({name: entity for name, entity in mapping.items() if name != "description"})
    )
    personal, open_ = _declared(mapping)
    found = {}
    for table in tables_of(mapping):
        name = next((name for name in source.tables if name.lower() == table.lower()), None)
        if name is None:
            raise Problem(f"{source.where} has no table {clean(table)}, which the mapping reads.")
        columns = source.columns(name)
        reading = Reading(
            TableProfile(name, 0, {one.name: ColumnProfile(one) for one in columns}, {})
        )
        links = {
            key: about.name for key, about in reading.means.items() if key in KEYS
        } | _mapped_links(mapping, table, columns)
        used = [one for one in columns if mentions(read, one.name) or one.name in links.values()]
        plan = Plan(name, used, [one.name for one in columns if one not in used], links=links)
        for one in used:
            is_personal = mentions(personal, one.name)
            if one.kind in TEXT_KINDS and (is_personal or not mentions(open_, one.name)):
                plan.masked.add(one.name)
            elif (
                one.name not in links.values()
                and one.kind not in TEXT_KINDS
                and (is_personal or PERSONAL_NAME.search(snake(one.name)))
            ):
                plan.emptied.add(one.name)
        for entity, key in (
            ("customers", "customer"),
            ("orders", "order"),
            ("products", "product"),
        ):
            about = mapping.get(entity, {})
            if (
                not about.get("grouped")
                and table == (about.get("tables") or [about.get("table")])[0]
            ):
                plan.is_entity = plan.is_entity or (key if key in links else "")
        found[table] = plan
    return found


def mentions(sql: str, name: str) -> bool:
    """Is a column named in this SQL?"""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, re.IGNORECASE) is not None


def _declared(mapping: Mapping) -> tuple[str, str]:
    """The SQL of columns with personal data, and of those that are declared to hold none."""
    personal, open_ = [], []
    for name, entity in entities(mapping).items():
        for column, about in entity["columns"].items():
            known = contract(name).get(column)
            given = about.get("personal") if isinstance(about, dict) else None
            if given is None and known:
                given = (
                    True
                    if known.get("x-personal")
                    else None
                    if known.get("x-type") == "key"
                    else False
                )
            if given is None and values_of(about):
                given = False
            if given is not None:
                (personal if given else open_).append(sql_of(about))
        open_ += [str(sql) for sql in entity.get("categories", {}).values()]
    return "\n".join(personal), "\n".join(open_)


def _mapped_links(mapping: Mapping, table: str, columns: Sequence[Column]) -> dict[str, str]:
    """The columns of a table from which the mapping makes a key of ours, where it is one column."""
    links = {}
    for entity in entities(mapping).values():
        # of several tables, the columns of a query are the first one's
        if table == (entity.get("tables") or [entity.get("table")])[0]:
            for key in KEYS:
                sql = sql_of(entity["columns"].get(f"{key}_key", ""))
                named = [one.name for one in columns if mentions(sql, one.name)]
                if len(named) == 1:
                    links[key] = named[0]
    return links


# --- the drawing ----------------------------------------------------------------------------------
class Drawing:
    """The rows of a sample, table by table."""

    def __init__(self, source: Source, plans: dict[str, Plan], customers: int) -> None:
        self.source, self.plans = source, plans
        self.keys: dict[str, set[str]] = {key: set() for key in KEYS}
        self.rows: dict[str, list[Sequence[Any]]] = {}
        if customers:
            self._draw(customers)
        else:
            self.rows = {table: [] for table in plans}

    def _draw(self, customers: int) -> None:
        buyers = self._first("customer")
        if buyers is None:
            raise Problem("No table has a customer_key, by which a sample could be drawn.")
        self.keys["customer"] = set(self._smallest(buyers, "customer", customers))
        orders = self._first("order")
        guests: set[str] = set()
        if orders and "customer" in orders.links:
            guest = f"{self.source.quote(orders.links['customer'])} is null"
            guests = set(self._smallest(orders, "order", -(-customers // GUESTS), guest))
        for plan in self._with("customer"):
            self._take(plan, "customer", self.keys["customer"])
            if guests and "order" in plan.links:
                guest = f"{self.source.quote(plan.links['customer'])} is null"
                self._take(plan, "order", guests, f" and {guest}")
        if orders and orders.table in self.rows:
            self.keys["order"] = orders.found("order", self.rows[orders.table])
        for key in ("order", "product"):
            if key == "product":
                drawn = [plan for plan in self.plans.values() if key in plan.links]
                self.keys[key] = set().union(
                    *(plan.found(key, self.rows.get(plan.table, [])) for plan in drawn)
                )
            for plan in self._with(key):
                self._take(plan, key, self.keys[key])
        for plan in self.plans.values():
            if plan.table not in self.rows:
                self._take(plan, None, set())
        self.rows = {table: self.rows[plan.table] for table, plan in self.plans.items()}

    def _with(self, key: str) -> list[Plan]:
        return [
            plan
            for plan in self.plans.values()
            if key in plan.links and plan.table not in self.rows
        ]

    def _first(self, key: str) -> Plan | None:
        """The table of which a row is one of these, or the first that refers to them."""
        linked = [plan for plan in self.plans.values() if key in plan.links]
        return next((plan for plan in linked if plan.is_entity == key), next(iter(linked), None))

    def _smallest(self, plan: Plan, key: str, count: int, condition: str = "1 = 1") -> list[str]:
        """The keys with the smallest hashes; all keys of the table pass, none but these are kept."""
        name = self.source.quote(plan.links[key])
        rows = self.source.query(
            f"select distinct {name} from {self.source.tables[plan.table]} "
            f"where {condition} and {name} is not null"
        )
        column = plan.link(key)
        return heapq.nsmallest(
            count,
            (_key(column, row[0]) for row in rows),
            key=lambda key: hashlib.sha256(key.encode()).digest(),
        )

    def _take(self, plan: Plan, key: str | None, wanted: set[str], more: str = "") -> None:
        """Fetch the rows with one of these keys; all rows of a table that refers to none."""
        selected = ", ".join(self.source.quote(column.name) for column in plan.columns)
        sql = f"select {selected or '1'} from {self.source.tables[plan.table]}"
        rows = self.rows.setdefault(plan.table, [])
        for condition in self._conditions(plan, key, wanted):
            for row in self.source.query(sql + condition + more):
                rows.append(row)
                if len(rows) > MOST_ROWS:
                    raise Problem(
                        f"{clean(plan.table)} has more than {MOST_ROWS:,} rows for these customers. "
                        "Draw fewer: CUSTOMERS=50."
                        if key
                        else f"{clean(plan.table)} has more than {MOST_ROWS:,} rows, and no column by "
                        "which they belong to a customer, an order or a product."
                    )

    def _conditions(self, plan: Plan, key: str | None, wanted: set[str]) -> Iterator[str]:
        if key is None:
            yield ""
            return
        column = plan.link(key)
        name = self.source.quote(column.name)
        name = f"lower(trim({name}))" if column.kind == "text" else name
        values = sorted(wanted)
        for start in range(0, len(values), MOST_KEYS):
            listed = ", ".join(
                value if column.kind in ("integer", "number") else literal(value)
                for value in values[start : start + MOST_KEYS]
            )
            yield f" where {name} in ({listed})"


# --- the files ------------------------------------------------------------------------------------
def masked(plan: Plan, rows: list[Sequence[Any]], mask: Mask) -> Iterator[list[Any]]:
    """The rows of a table as they are written."""
    for row in rows:
        yield [
            None
            if column.name in plan.emptied
            else mask(value)
            if column.name in plan.masked
            else value
            for column, value in zip(plan.columns, row, strict=True)
        ]


def show(console: Console, system: str, drawing: Drawing, folder: Path) -> None:
    """Print what would be committed: tables, rows, bytes, and what becomes of each column."""
    table = Table("table", "rows", "bytes", "columns", box=None, padding=(0, 1, 0, 0))
    for name, plan in drawing.plans.items():
        kept = [
            column.name for column in plan.columns if column.name not in plan.masked | plan.emptied
        ]
        parts = {
            "masked": sorted(plan.masked),
            "emptied": sorted(plan.emptied),
            "as they are": kept,
        }
        about = Text()
        for what, names in parts.items():
            if names:
                about.append(f"{what}: ", style="bold")
                about.append(", ".join(map(clean, names)) + "\n")
        if plan.left_out:
            about.append(f"left out: {len(plan.left_out)} that the mapping doesn't read\n")
        [file] = folder.glob(f"{name}.*")
        table.add_row(
            Text(clean(name)),
            f"{len(drawing.rows[name]):,}",
            f"{file.stat().st_size:,}",
            about,
        )
    console.print(table)
    console.print(
        Text(
            "A column that isn't personal stays as it is with `personal: false` in the mapping. "
            f"samples/{system}/ is made to be committed: look at it before you do."
        )
    )


# --- the run --------------------------------------------------------------------------------------
def literals(mapping: Mapping) -> Iterator[str]:
    """The texts that the mapping itself holds: words of `values`, and texts in SQL."""
    for text in strings(mapping):
        yield from re.findall(r"'([^']*)'", text)
    for entity in entities(mapping).values():
        for column in entity["columns"].values():
            yield from values_of(column)


def agreed() -> bool:
    """Does the user want it?"""
    if os.environ.get("YES", "0") not in ("", "0"):
        return True
    if not sys.stdin.isatty():
        raise Problem(
            "Nothing was written: there is nobody to ask. Look at the list, then add YES=1."
        )
    return input("Write it? [y/N] ").strip().lower() in ("y", "yes")


def main() -> None:
    system, count = os.environ.get("SYSTEM", ""), os.environ.get("CUSTOMERS") or DEFAULT_CUSTOMERS
    if not re.fullmatch(r"[a-z][a-z0-9_]*", system) or not (MAPPINGS / f"{system}.yml").is_file():
        raise Problem(
            f"Name a system that has a mapping: make sample SYSTEM=shop. {system or 'None'} has none."
        )
    if not re.fullmatch(r"\d{1,6}", count):
        raise Problem(f"CUSTOMERS={clean(count)} isn't a number of customers.")
    mapping = read_mapping(MAPPINGS / f"{system}.yml")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 80)
    work = SAMPLES / f".{system}.partial"
    shutil.rmtree(work, ignore_errors=True)
    try:
        with opened(place_of(system, mapping)) as source:
            print(f"Drawing {int(count):,} customers ...", flush=True)
            drawing = Drawing(source, plans(source, mapping), int(count))
        work.mkdir(parents=True)
        mask = Mask(mask_key() if int(count) else "", literals(mapping))
        for table, plan in drawing.plans.items():
            file = work / f"{table}{files_of(system, mapping).suffix}"
            write_rows(plan.columns, masked(plan, drawing.rows[table], mask), file)
            if file.stat().st_size > LIMIT:
                raise Problem(
                    f"{clean(table)} would have more than {LIMIT:,} bytes. Draw fewer: CUSTOMERS=50."
                )
        show(console, system, drawing, work)
        if not agreed():
            print("Nothing was written.")
            return
        shutil.rmtree(SAMPLES / system, ignore_errors=True)
        work.replace(SAMPLES / system)
        print(f"Wrote samples/{system}. Look at it, then: git add samples/{system}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if SAMPLES.is_dir() and not any(SAMPLES.iterdir()):
            SAMPLES.rmdir()


if __name__ == "__main__":
    run_program(main, "Interrupted: nothing was written.")

"""What the tables of a source hold, in numbers: rows, keys, nulls, dates, likely personal data.

The SQL is what every engine understands, and reads a table once for its columns, and once per candidate
key. No value of a column leaves this module but dates and, of a column with few values, its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations, islice
from typing import Any

from source_tables import Column, Source, literal

SAMPLE = 5_000  # rows that are looked at before the whole table is
CUT = 100  # characters of a text that are looked at
MOST_KEYS = 4  # candidate keys whose duplicates are counted
MOST_WORDS = 20  # different values of a column that is a status, a currency, a country ...
PLACEHOLDERS = ("1901-01-01", "9000-01-01")  # dates before and from these on are no dates
KEY_NAME = re.compile(r"(^|_)(id|key|uuid|guid|no|nr|num|number|code|sku|ean|asin)s?$")
COMPARED = ("integer", "text", "key")  # kinds of columns whose values are looked at
LINE_NAME = re.compile(r"(line|pos|position|seq|item)(_?(no|nr|num|number|id))?$")
WORD_NAME = re.compile(r"(status|state|kind|type|currency|flag)$")
PERSONAL_NAME = re.compile(
    r"e_?mail|phone|mobile|(^|_)fax|(first|last|sur|full|given|family|middle|user|customer|nick)_?name"
    r"|address|street|(^|_)(zip|postal|postcode|post_code)|birth|(^|_)dob$|gender|(^|_)ip(_|$)|iban"
    r"|passport|(^|_)ssn|tax_id|card_?(no|number)|latitude|longitude|(^|_)(lat|lng|lon)$"
)
PERSONAL_VALUE = {
    "e-mail addresses": re.compile(r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"),
    "telephone numbers": re.compile(r"^\s*(\+|00|\(?0\d)[\d\s()/.-]{6,}$"),
    "IBANs": re.compile(r"^[A-Z]{2}\d{2} ?([A-Z0-9]{4} ?){3,}"),
    "IP addresses": re.compile(r"^\d{1,3}(\.\d{1,3}){3}$"),
}
# how dates are written as text, in the words of strptime
DATE_FORMATS = [
    f"{day}{hour}"
    for day in ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d")
    for hour in ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M:%SZ")
]


def snake(name: str) -> str:
    """A name in small letters with underscores: orderID, Order-Id and ORDER ID are order_id."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def clean(text: object) -> str:
    """A text that can be printed: no control characters, one line, not long."""
    text = "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(text)
    )
    return text if len(text) <= 40 else text[:39] + "\N{HORIZONTAL ELLIPSIS}"


@dataclass
class ColumnProfile:
    """A column in numbers; what doesn't fit its kind is left at 0 or None."""

    column: Column
    nulls: int = 0
    blank: int = 0
    negative: int = 0
    first: Any = None  # date
    last: Any = None
    future: int = 0
    placeholder: int = 0
    distinct: int = 0  # in the first rows
    words: list[tuple[str, int]] = field(default_factory=list)  # values of a column with few
    personal: str = ""  # why it looks personal
    date_formats: list[str] = field(default_factory=list)  # that fit every text in the first rows

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def plain(self) -> str:
        """The name as the patterns here know it."""
        return snake(self.name)


@dataclass
class TableProfile:
    """A table in numbers."""

    name: str
    rows: int
    columns: dict[str, ColumnProfile]
    keys: dict[tuple[str, ...], int]  # candidate keys: rows too many, 0 for a key
    equal_rows: int = 0  # rows that repeat another one whole, where there is no key

    @property
    def key(self) -> tuple[str, ...] | None:
        """The columns that identify a row, as few as possible."""
        unique = [
            columns
            for columns, twice in self.keys.items()
            if not twice and not any(self.columns[name].nulls for name in columns)
        ]
        return min(unique, key=len) if unique else None


def profile(source: Source, table: str) -> TableProfile:
    """Read a table, and say what it holds."""
    relation = source.tables[table]
    columns = {column.name: ColumnProfile(column) for column in source.columns(table)}
    first = _first_rows(source, relation, list(columns.values()))
    rows = _measure(source, relation, list(columns.values()))
    found = TableProfile(table, rows, columns, {})
    if rows:
        _count_words(source, relation, found)
        _count_duplicates(source, relation, found, first)
    return found


def _first_rows(
    source: Source, relation: str, columns: list[ColumnProfile]
) -> dict[str, list[Any]]:
    """Values of the first rows by column, long texts cut; and what can be seen in them."""
    for about in columns:
        about.personal = "by its name" if PERSONAL_NAME.search(about.plain) else ""
    looked_at = [about for about in columns if about.column.kind in COMPARED]
    if not looked_at:
        return {}
    selected = ", ".join(
        f"substr({source.quote(about.name)}, 1, {CUT})"
        if about.column.kind == "text"
        else source.quote(about.name)
        for about in looked_at
    )
    rows = list(source.query(f"select {selected} from {relation} limit {SAMPLE}"))
    first = {}
    for number, about in enumerate(looked_at):
        values = [row[number] for row in rows if row[number] is not None]
        first[about.name] = [row[number] for row in rows]
        about.distinct = len(set(map(str, values)))
        texts = [value for value in values if isinstance(value, str) and value.strip()]
        about.date_formats = [one for one in DATE_FORMATS if texts and _all_dates(texts, one)]
        if texts and not about.date_formats:
            for what, pattern in PERSONAL_VALUE.items():
                if sum(bool(pattern.match(text)) for text in texts) > len(texts) / 2:
                    about.personal = f"holds {what}"
    return first


def _all_dates(texts: list[str], date_format: str) -> bool:
    try:
        for text in texts:
            datetime.strptime(text.strip(), date_format)
    except ValueError:
        return False
    return True


def _measure(source: Source, relation: str, columns: list[ColumnProfile]) -> int:
    """Fill in the numbers of all columns in one pass; returns the number of rows."""
    tomorrow = literal((datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d"))
    low, high = (f"cast({literal(day)} as date)" for day in PLACEHOLDERS)
    limit = f"cast({tomorrow} as date)"
    asked: list[tuple[ColumnProfile, str, str]] = []
    for about in columns:
        name = source.quote(about.name)
        asked.append((about, "nulls", f"count(*) - count({name})"))
        if about.column.kind in ("integer", "number"):
            asked.append((about, "negative", _count(f"{name} < 0")))
        if about.column.kind == "text":
            asked.append((about, "blank", _count(f"trim({name}) = ''")))
        if about.column.kind == "time":
            day = f"cast({name} as date)"
            real = f"{day} >= {low} and {day} < {high}"
            asked += [
                (about, "first", f"min(case when {real} then {day} end)"),
                (about, "last", f"max(case when {real} and {day} <= {limit} then {day} end)"),
                (about, "future", _count(f"{day} > {limit} and {day} < {high}")),
                (about, "placeholder", _count(f"{day} < {low} or {day} >= {high}")),
            ]
    # an engine takes some thousand expressions, wide tables have more
    rows = 0
    for start in range(0, max(len(asked), 1), 500):
        part = asked[start : start + 500]
        selected = ", ".join(["count(*)", *(sql for _, _, sql in part)])
        rows, *values = source.row(f"select {selected} from {relation}")
        for (about, measure, _), value in zip(part, values, strict=True):
            setattr(about, measure, value if measure in ("first", "last") else int(value or 0))
    return int(rows)


def _count(condition: str) -> str:
    return f"sum(case when {condition} then 1 else 0 end)"


def _count_words(source: Source, relation: str, found: TableProfile) -> None:
    """The values of columns that hold one of a few words, with their numbers of rows."""
    for about in found.columns.values():
        few = 0 < about.distinct <= MOST_WORDS
        if few and about.column.kind == "text" and WORD_NAME.search(about.plain):
            name = source.quote(about.name)
            rows = source.query(
                f"select {name}, count(*) from {relation} where {name} is not null "
                f"group by {name} order by 2 desc, 1 limit {MOST_WORDS + 1}"
            )
            words = [(word, int(count)) for word, count in rows]
            about.words = words if len(words) <= MOST_WORDS else []


def _count_duplicates(
    source: Source, relation: str, found: TableProfile, first: dict[str, list[Any]]
) -> None:
    """Candidate keys and how many rows repeat one, exactly; of whole rows where there is none."""
    for columns in islice(_candidates(found, first), MOST_KEYS):
        found.keys[columns] = _duplicates(source, relation, columns)
    if not found.key:
        comparable = [name for name, about in found.columns.items() if about.column.kind != "other"]
        found.equal_rows = _duplicates(source, relation, comparable)


def _duplicates(source: Source, relation: str, columns: tuple[str, ...] | list[str]) -> int:
    names = ", ".join(map(source.quote, columns))
    present = f"{source.quote(columns[0])} is not null" if len(columns) == 1 else "1 = 1"
    return int(
        source.row(
            f"select coalesce(sum(times - 1), 0) from (select count(*) as times from {relation} "
            f"where {present} group by {names} having count(*) > 1) as repeated"
        )[0]
    )


def _candidates(found: TableProfile, first: dict[str, list[Any]]) -> Iterator[tuple[str, ...]]:
    """Columns that may identify a row, alone and then in pairs, the likeliest first."""
    names = [
        name
        for number, (name, about) in enumerate(found.columns.items())
        if about.column.kind in COMPARED
        and (KEY_NAME.search(about.plain) or LINE_NAME.search(about.plain) or number == 0)
    ]
    rows = len(next(iter(first.values()), []))
    for name in names:
        about = found.columns[name]
        # a few repetitions are worth a sentence; a column of references is none
        if about.nulls < found.rows / 2 and about.distinct > 0.9 * min(
            rows, found.rows - about.nulls
        ):
            yield (name,)
    for pair in combinations(names, 2):
        if not found.key and len(set(zip(*(first[name] for name in pair), strict=True))) == rows:
            yield pair

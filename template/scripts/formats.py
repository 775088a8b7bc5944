"""How the values of an answer are written: in its CSV file, and for a reader.

analysis/_analysis.yml gives each column of an answer one of FORMATS. The terminal, the dashboard and
the hand-over write by it, so a number reads the same everywhere. A column without a format is
written by the type of its values.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from settings import Problem

MISSING = "-"
GAP = "\N{NO-BREAK SPACE}"  # between a number and its unit
MOST_LETTERS = 120  # a longer text is cut for a reader
LONGEST_VALUE = 10_000_000  # letters of a value in a CSV file; a longer one is refused
INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # categories of Unicode: controls, directions, line ends
JOINERS = "\u200c\u200d"  # invisible too, but part of words and emoji

# --- text that comes from the data ----------------------------------------------------------------


def visible(text: str) -> str:
    """Text with every character that could act instead of being seen written as its escape.

    A terminal obeys escape sequences, a page the direction of writing, a line of a file its end.
    """
    if text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode()
        if unicodedata.category(letter) in INVISIBLE and letter not in JOINERS
        else letter
        for letter in text
    )


def readable(text: str) -> str:
    """Visible text of a length that a reader can take in."""
    cut = text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
    return visible(cut)


# --- in a CSV file --------------------------------------------------------------------------------


def csv_text(value: Any) -> str:
    """A value in a CSV file: ISO dates, true and false, numbers without exponent, "" for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        value = Decimal(repr(value))  # the shortest decimal that is the same float
    if isinstance(value, Decimal):
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return str(value)


# What a spreadsheet takes for the start of a formula: in a cell, or after what may divide cells.
FORMULA = re.compile(r"(^\s*|[;,]\s*)(?=[=+@＝＋＠－-])")


def spreadsheet_text(value: Any) -> str:
    """A value in a CSV file that is safe to open in a spreadsheet: a formula becomes text by a quote."""
    text = csv_text(value)
    try:
        float(text)
    except ValueError:
        return FORMULA.sub(r"\1'", visible(text))
    return text


def csv_rows(path: Path) -> Iterator[list[str]]:
    """The rows of a CSV file one by one, its header first. Raises Problem where one can't be read."""
    csv.field_size_limit(LONGEST_VALUE)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            yield from csv.reader(stream)
    except FileNotFoundError:
        raise Problem(
            f"There is no {path.name} in {path.parent}: run `make answers` first."
        ) from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise Problem(f"{path} can't be read: {error}. Run `make answers` again.") from error


def from_csv(kind: str | None, text: str) -> Any:
    """The value that a CSV file holds of a column with this format; None for an empty one.

    A text is readable, and MISSING where it is empty. None for what is not a number, which no
    picture has a place for.
    """
    if text == "":
        return MISSING if kind == "text" else None
    if kind not in FORMATS or kind in AS_THEY_ARE:
        return readable(text)
    value = float(text)
    if not math.isfinite(value):
        return None
    return value if "." in text else int(text)


# --- for a reader ---------------------------------------------------------------------------------


def compact(value: float | None) -> str:
    """An amount with three digits or so and a unit: 1.24 M, 9,980, 54.20."""
    if value is None:
        return MISSING
    for size, unit in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
        # 999,950 would be 1000.0 k
        if abs(value) >= size * 0.9995 and (unit != "k" or abs(value) >= 9999.5):
            scaled = float(value) / size
            decimals = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
            return f"{scaled:.{decimals}f}{GAP}{unit}"
    whole = value == int(value) or abs(value) >= 99.995
    return f"{value:,.0f}" if whole else f"{value:,.2f}"


def percent(value: float | None, decimals: int | None = None) -> str:
    """A share as a percentage, with three digits or so unless `decimals` are given: 24.9 %, 1.23 %."""
    if value is None:
        return MISSING
    if decimals is None:
        decimals = 1 if abs(value) >= 0.09995 else 2
    return f"{100 * value:,.{decimals}f}{GAP}%"


def number(value: float | None, decimals: int = 1) -> str:
    return MISSING if value is None else f"{value:,.{decimals}f}"


FORMATS = {
    "text": lambda value: readable(csv_text(value)),
    "date": csv_text,
    "key": lambda value: readable(csv_text(value)),
    "ordinal": lambda value: f"{value:.0f}",  # a rank or a year
    "count": lambda value: f"{value:,.0f}",
    "number": lambda value: number(value, 2),
    "money": compact,
    "percent": percent,
    "coefficient": lambda value: number(value, 3),
}
AS_THEY_ARE = ("text", "date", "key")


def format_of(kind: str | None, values: list[Any]) -> str:
    """The format of a column, or the one that suits its values where it has none."""
    if kind:
        return kind
    present = [value for value in values if value is not None]
    if any(isinstance(value, bool | str | date) for value in present) or not present:
        return "text"
    return "count" if all(isinstance(value, int) for value in present) else "number"


def shown(kind: str, value: Any) -> str:
    """A value for a reader, in one of FORMATS."""
    return MISSING if value is None else FORMATS[kind](value)


def is_right(kind: str) -> bool:
    """Whether a column of this format is aligned on the right, as numbers are."""
    return kind not in ("text", "date")

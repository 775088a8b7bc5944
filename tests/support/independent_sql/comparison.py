"""Do two results agree? And a strict reader for the CSV files of `make answers`.

The rule: counts, keys, texts, dates and booleans are equal; other numbers differ by at most
max(1e-6, 1e-6 x |value|), |value| being the reference's. Null equals only null. The order of
columns and of rows counts. Numbers are compared as exact decimals, so that a difference of one in
the sixth place passes, and not a hair more.
"""

import csv
import datetime
import decimal
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from .queries import NAMES, answer

TOLERANCE = Decimal("0.000001")
MOST = 10
"""Differences that `compare` tells; a last line says how many more there are."""

_EXACT = decimal.Context(prec=60)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WRONG = (
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]+.*"), "a date with a time"),
    (re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{2,4}"), "a date that is not ISO"),
    (re.compile(r"[-+]?[0-9.]+e[-+]?[0-9]+", re.IGNORECASE), "a number with an exponent"),
    (re.compile(r"[-+]?[0-9]{1,3}([,' _][0-9]{3})+(\.[0-9]*)?"), "a number with separators"),
    (
        re.compile(r"\+[0-9.]+|-?\.[0-9]+|-?[0-9]+\.|-?0[0-9]+(\.[0-9]*)?"),
        "a number not written plainly",
    ),
    (re.compile(r"[-+]?(nan|inf(inity)?)", re.IGNORECASE), "not a number"),
    (re.compile(r"true|false", re.IGNORECASE), "a boolean not in lower case"),
    (re.compile(r"null|none|<na>|n/a|\\n", re.IGNORECASE), "a null that is not empty"),
    (re.compile(r"\s.*|.*\s", re.DOTALL), "space at an end"),
)


def compare(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    other_columns: Sequence[str],
    other_rows: Sequence[Sequence[Any]],
) -> list[str]:
    """What differs between the reference (first) and another result; empty when they agree.

    A whole number (int) of the reference is a count or a key, which the other must equal, as an
    int. A float or a Decimal is a measure, which the other must come close to. At most `MOST`
    differences are told.
    """
    if list(columns) != list(other_columns):
        return [_columns_differ(list(columns), list(other_columns))]
    differences = []
    if len(rows) != len(other_rows):
        differences.append(f"{len(other_rows)} rows instead of {len(rows)}")
    for number, (row, other) in enumerate(zip(rows, other_rows), start=1):
        if len(other) != len(columns):
            differences.append(f"row {number} has {len(other)} values instead of {len(columns)}")
            continue
        for column, value, found in zip(columns, row, other):
            reason = _differs(value, found)
            if reason is not None:
                label = f"row {number} ({columns[0]} {_show(row[0])})"
                differences.append(
                    f"{label}, {column}: {_show(found)} instead of {_show(value)}{reason}"
                )
    if len(differences) > MOST:
        differences[MOST:] = [f"and {len(differences) - MOST} more differences"]
    return differences


def read_csv(path: Path | str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of a CSV file, with None, bool, int, Decimal, date and str.

    The format is that of the answers: UTF-8, header, ISO dates without time, true and false, empty
    for null, plain numbers. Raises ValueError, with line and column, for anything else: a ragged
    row, a name twice, a time in a date, an exponent, separators of thousands, `NULL`, `True`,
    space at an end of a value.
    """
    path = Path(path)
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, strict=True)
        columns = next(lines, [])
        if not columns:
            raise ValueError(f"{path.name}: no header")
        for column in columns:
            if not re.fullmatch("[a-z][a-z0-9_]*", column):
                raise ValueError(f"{path.name}: {column!r} is no column name")
            if columns.count(column) > 1:
                raise ValueError(f"{path.name}: column {column} twice")
        return columns, [_row(path, lines.line_num, columns, values) for values in lines]


def _row(path: Path, line: int, columns: list[str], values: list[str]) -> tuple[Any, ...]:
    if len(values) != len(columns):
        raise ValueError(f"{path.name} line {line}: {len(values)} values instead of {len(columns)}")
    row = []
    for column, text in zip(columns, values):
        try:
            row.append(_value(text))
        except ValueError as error:
            raise ValueError(f"{path.name} line {line}, {column}: {text!r} is {error}") from None
    return tuple(row)


def _value(text: str) -> Any:
    if text == "":
        return None
    if text in ("true", "false"):
        return text == "true"
    if match := _NUMBER.fullmatch(text):
        return Decimal(text) if match[2] else int(text)
    if _DATE.fullmatch(text):
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            raise ValueError("no date of the calendar") from None
    for pattern, what in _WRONG:
        if pattern.fullmatch(text):
            raise ValueError(what)
    return text


def _differs(value: Any, found: Any) -> str | None:
    """Why the other's value is wrong ("" when the two values say it all), None when it is right."""
    if value is None or found is None:
        return None if value is None and found is None else ""
    if isinstance(value, (float, Decimal)):
        if isinstance(found, bool) or not isinstance(found, (int, float, Decimal)):
            return " (a number is expected)"
        if not (math.isfinite(value) and math.isfinite(found)):
            return " (not a finite number)"
        expected, actual = Decimal(str(value)), Decimal(str(found))
        off = abs(_EXACT.subtract(expected, actual))
        allowed = max(TOLERANCE, _EXACT.multiply(TOLERANCE, abs(expected)))
        return (
            None
            if off <= allowed
            else f" (off by {off.normalize():f}, allowed {allowed.normalize():f})"
        )
    if type(value) is not type(found):
        return f" ({type(value).__name__} is expected, not {type(found).__name__})"
    return None if value == found else ""


def _show(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return repr(value) if isinstance(value, str) else str(value)


def _columns_differ(columns: list[str], other: list[str]) -> str:
    def names(of: Iterable[str]) -> str:
        return ", ".join(of)

    missing = [column for column in columns if column not in other]
    extra = [column for column in other if column not in columns]
    if not missing and not extra:
        return f"columns in another order: {names(other)} instead of {names(columns)}"
    parts = [f"missing: {names(missing)}"] if missing else []
    parts += [f"not expected: {names(extra)}"] if extra else []
    return "columns differ; " + "; ".join(parts)


def differences(answers: Path, reference) -> dict[str, list[str]]:
    """What differs between the CSV files of a folder and the reference, by name of the result."""
    assert {path.stem for path in answers.glob("*.csv")} == set(NAMES)
    compared = {
        name: compare(*answer(reference, name), *read_csv(answers / f"{name}.csv"))
        for name in NAMES
    }
    return {name: found for name, found in compared.items() if found}

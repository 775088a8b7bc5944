"""What panels are made of: the rows of the answers, intervals, and the order of the page.

`panels.py` is yours; this file is the template's, and an update may change it.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pictures import Row

from formats import csv_rows, from_csv
from questions import questions
from settings import Problem

LARGEST = 64_000_000  # bytes of an answer, all of whose rows are in memory; customer_360 streams
SURE = 1.96  # standard errors on both sides of a mean that hold 95 % of a normal distribution


# ---------------------------------------------------------------- panels
@dataclass
class Picture:
    """A picture and the rows it shows: columns of the answer as they are, and label, low, high."""

    rows: list[Row]
    draw: Callable[[list[Row]], Any]
    title: str = ""


@dataclass
class Panel:
    """A finding, the answer (a CSV file's name) that it is read from, and how it is shown."""

    answer: str
    finding: str
    observations: str
    pictures: list[Picture] = field(default_factory=list)
    verdict: str = ""
    side_by_side: bool = False
    wide: bool = False
    tall: bool = False
    top: int = 0  # rows of the answer that are shown as a table, in place of a picture


# ---------------------------------------------------------------- answers
def records(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file as text, read one by one."""
    rows = csv_rows(path)
    header = next(rows, [])
    for row in rows:
        yield dict(zip(header, row, strict=False))


@dataclass
class Buyers:
    """What the pictures need of customer_360: a sample of the buyers, and figures of all."""

    sample: list[Row]
    as_of: date | None
    per_year: dict[str, array[float]]  # orders a year of each buyer, by segment


def read_buyers(path: Path, most: int) -> Buyers:
    """One pass over customer_360.csv; the sample is every n-th buyer by key, `most` at most."""
    sample: list[Row] = []
    step, buyers, as_of = 1, 0, None
    per_year: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for row in records(path):
        if row["is_buyer"] != "true":
            continue
        orders = int(row["orders"])
        segment = from_csv("text", row["market_segment"])
        if buyers % step == 0:
            shown = {"customer_key": row["customer_key"], "market_segment": segment}
            sample.append(
                {**shown, "orders": orders, "avg_order_value": float(row["avg_order_value"])}
            )
            if len(sample) > most:
                sample, step = sample[::2], 2 * step
        buyers += 1
        per_year[segment].append(orders * 365.25 / (int(row["tenure_days"]) + 1))
        last_order = date.fromisoformat(row["last_order_date"])
        as_of = as_of or last_order + timedelta(int(row["recency_days"]))
    return Buyers(sample, as_of, per_year)


class Answers:
    """The answers in a folder, and the panels that its subclass makes of them.

    A panel is a method with the name of its question. A question without one is shown as a table.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]):
        self.folder = folder
        self.settings = settings
        self.questions = questions()
        self.cache: dict[str, list[Row]] = {}
        self.buyers = read_buyers(folder / "customer_360.csv", settings["scatter_points"])

    def rows(self, name: str) -> list[Row]:
        """The rows of an answer, typed by their formats; raises Problem when it has none."""
        if name not in self.cache:
            path = self.folder / f"{name}.csv"
            if path.exists() and path.stat().st_size > LARGEST:
                raise Problem(
                    f"{path} has {path.stat().st_size / 1e6:,.0f} MB, and the dashboard reads at most "
                    f"{LARGEST / 1e6:.0f} MB of an answer. Aggregate more in analysis/{name}.sql."
                )
            kinds = self.questions[name].formats
            self.cache[name] = [
                {column: from_csv(kinds.get(column), text) for column, text in record.items()}
                for record in records(path)
            ]
        if not self.cache[name]:
            raise Problem(f"{name}.csv has no rows: there is nothing to draw.")
        return self.cache[name]

    def table(self, answer: str) -> Panel:
        """The panel of a question that has no method."""
        rows = self.rows(answer)
        return Panel(answer, self.questions[answer].text, f"n = {len(rows):,} rows.", top=len(rows))

    def sections(self) -> dict[str, list[Panel]]:
        """The panels by section, in the order of the list of questions."""
        found: dict[str, list[Panel]] = {}
        for name, question in self.questions.items():
            if question.section:
                make = getattr(self, name, None)
                found.setdefault(question.section, []).append(make() if make else self.table(name))
        return found


def ordered(rows: list[Row], value: str) -> list[Row]:
    """Largest first; rows without a value last."""
    return sorted(rows, key=lambda row: (row[value] is None, -(row[value] or 0)))


def labelled(rows: list[Row], label: Callable[[Row], str]) -> list[Row]:
    return [{**row, "label": label(row)} for row in rows]


# ---------------------------------------------------------------- intervals
def with_interval(row: Row, value: float | None, error: float | None) -> Row:
    """The row with its 95 % interval; none where the standard error is not defined."""
    half = SURE * error if error is not None and value is not None else 0
    return {
        **row,
        "low": None if value is None else value - half,
        "high": None if value is None else value + half,
    }


def apart(rows: Sequence[Row], value: str) -> bool:
    """Is the largest value distinguishable from the smallest: do their intervals not overlap?"""
    present = [row for row in rows if row[value] is not None]
    if len(present) < 2:
        return False
    high = max(present, key=lambda row: row[value])
    low = min(present, key=lambda row: row[value])
    return high["low"] > low["high"]


def verdict(rows: Sequence[Row], value: str, what: str) -> str:
    intervals = f"the 95 % intervals of the highest and the lowest {what}"
    if apart(rows, value):
        return f"Distinguishable: {intervals} are apart."
    return f"Not distinguishable: {intervals} overlap."


def comparison(
    rows: Sequence[Row], name: str, value: str, what: str, text: Callable[..., str]
) -> str:
    """The finding of a picture with intervals: who leads, or that nobody does."""
    present = [row for row in rows if row[value] is not None]
    if not present:
        return f"No {what} can be computed"
    first, last = present[0], present[-1]
    if apart(rows, value):
        return (
            f"{first[name]} has the highest {what}: {text(first[value])}; "
            f"{last[name]} the lowest: {text(last[value])}"
        )
    verb = "are" if what.startswith("orders") else "is"
    noun = name.split("_")[0] if name == "region_name" else "segment"
    between = f"{text(last[value])} to {text(first[value])}"
    return f"The {what} {verb} not distinguishable between {noun}s: {between}"

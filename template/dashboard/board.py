"""What panels are made of: the rows of the answers, intervals, and the order of the page.

`panels.py` is yours; this file is the template's, and an update may change it.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pictures import REST, Row
from wording import UNKNOWN, day, joined

from formats import GAP, csv_rows, from_csv
from questions import Question, questions
from settings import PROJECT, Problem, read_yaml

LARGEST = 64_000_000  # bytes of an answer, all of whose rows are in memory; customer_360 streams
SURE = 1.96  # standard errors on both sides of a mean that hold 95 % of a normal distribution
MOST, TOP = 30, 20  # of more than 30 categories, a picture shows 20 and the sum of the others
KEYS = ("market_segment", "region_name", "nation_name", "month_start")  # what cells are cut by
VARIABLES = read_yaml(PROJECT / "dbt_project.yml").get("vars", {})
SHIPPED_SPEND = "1992-01-01,AUTOMOBILE,events,1317.36"  # a row of the synthetic marketing spend


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


class Tile(NamedTuple):
    """A number at the top of the page."""

    value: str
    what: str
    definition: str = ""
    change: str = ""  # against a year before
    filtered_by: str = ""  # the name by which page.js computes it for a filter; else it is dimmed
    synthetic: bool = False


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
    per_year: dict[str, array[float]]  # orders per year of each buyer who has a rate, by segment


def read_buyers(path: Path, most: int) -> Buyers:
    """One pass over customer_360.csv; the sample is every n-th buyer by key, `most` at most."""
    least_days = VARIABLES.get("minimum_tenure_days", 90)  # as purchase_frequency has it
    sample: list[Row] = []
    step, buyers, as_of = 1, 0, None
    per_year: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for row in records(path):
        if row["is_buyer"] != "true":
            continue
        orders, tenure = int(row["orders"]), int(row["tenure_days"])
        segment = from_csv("text", row["market_segment"])
        if buyers % step == 0:
            shown = {"customer_key": row["customer_key"], "market_segment": segment}
            sample.append(
                {**shown, "orders": orders, "avg_order_value": float(row["avg_order_value"])}
            )
            if len(sample) > most:
                sample, step = sample[::2], 2 * step
        buyers += 1
        if tenure >= least_days:
            per_year[segment].append(orders * 365.25 / (tenure + 1))
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
        self.cache: dict[str, list[Row]] = {}
        self.buyers = read_buyers(folder / "customer_360.csv", settings["scatter_points"])

    # what sentences need besides

    @property
    def in_currency(self) -> str:
        """` in EUR`, where the project has a currency."""
        currency = VARIABLES.get("currency")
        return f" in {currency}" if currency else ""

    @property
    def spend_is_synthetic(self) -> bool:
        """Is the marketing spend still the file that comes with the template?"""
        seed = PROJECT / "seeds" / "marketing_spend.csv"
        return seed.is_file() and SHIPPED_SPEND in seed.read_text("utf-8")

    @property
    def incomplete_month(self) -> str:
        """The month of the as-of date as q04 writes it, unless that is its last day; else empty."""
        as_of = self.buyers.as_of
        if as_of is None or (as_of + timedelta(1)).day == 1:
            return ""
        return as_of.replace(day=1).isoformat()

    def incomplete_note(self, period: str = "month") -> str:
        """A sentence on the newest month or quarter, empty where the data goes to its end."""
        as_of = self.buyers.as_of
        ends = as_of is None or (as_of + timedelta(1)).day == 1
        if period == "quarter":
            ends = ends and (as_of is None or as_of.month % 3 == 0)
        return "" if ends else f"Data ends on {day(as_of)}: the hatched {period} is incomplete."

    def change(
        self, values: Sequence[float], per: Sequence[float] = (), at_the_end: bool = False
    ) -> str:
        """How a number by month changed in a year, in complete months; empty in a younger shop.

        Of the sum of 12 months, or with `per` its ratio to theirs, or of the value `at_the_end`.
        """
        complete = len(values) - bool(self.incomplete_month)
        if complete < 24:
            return ""

        def of_year(until: int) -> float:
            months = slice(until - 12, until)
            if at_the_end:
                return values[until - 1]
            return sum(values[months]) / ((sum(per[months]) or math.nan) if per else 1)

        before, now = of_year(complete - 12), of_year(complete)
        if not before > 0 or math.isnan(now):
            return ""
        what = "" if at_the_end else "last 12 months: "
        return f"{what}{now / before - 1:+.1%} against a year before".replace("%", f"{GAP}%")

    def cells(self) -> dict[str, list[list[Any]]]:
        """What the page's filters sum, by file of answers/dashboard: the header, then the rows."""
        found: dict[str, list[list[Any]]] = {}
        for path in sorted((self.folder / "dashboard").glob("*.csv")):
            rows = found[path.stem] = []
            for row in records(path):
                rows += [] if rows else [list(row)]
                rows.append(
                    [
                        from_csv("text", text) if name in KEYS else float(text)
                        for name, text in row.items()
                    ]
                )
        return found

    # answers and panels

    @cached_property
    def questions(self) -> dict[str, Question]:
        return questions()

    def rows(self, name: str) -> list[Row]:
        """The rows of an answer, typed by their formats; raises Problem when it has no file."""
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
        return self.cache[name]

    def has(self, *names: str) -> bool:
        """Have these answers been given, with a row at least?"""
        return all((self.folder / f"{name}.csv").exists() and self.rows(name) for name in names)

    def table(self, answer: str) -> Panel:
        """The panel of a question that has no method."""
        rows = self.rows(answer)
        return Panel(answer, self.questions[answer].text, f"n = {len(rows):,} rows.", top=len(rows))

    def panel(self, name: str) -> Panel:
        """The panel of a question; raises Problem where its method fails."""
        if not self.rows(name):
            finding = "Nothing to show yet" if self.buyers.as_of else "No orders yet"
            return Panel(name, finding, "The answer has no rows.")
        try:
            return getattr(self, name, lambda: self.table(name))()
        except Exception as error:
            raise Problem(
                f"The panel {name} failed: {type(error).__name__}: {error}. Correct its method in "
                "dashboard/panels.py, or delete it: the answer is then shown as a table."
            ) from error

    def sections(self) -> dict[str, list[Panel]]:
        """The panels by section, in the order of the list of questions; see also `left_out`."""
        found: dict[str, list[Panel]] = {}
        for name, question in self.questions.items():
            if question.section and (self.folder / f"{name}.csv").exists():
                found.setdefault(question.section, []).append(self.panel(name))
        return found

    def left_out(self) -> list[str]:
        """The texts of the questions that this project doesn't answer, as it lacks their data."""
        return [
            question.text
            for name, question in self.questions.items()
            if question.section and not (self.folder / f"{name}.csv").exists()
        ]


def ordered(rows: list[Row], value: str) -> list[Row]:
    """Largest first; then rows without a value, and `unknown` last of all."""
    return sorted(
        rows, key=lambda row: (UNKNOWN in row.values(), row[value] is None, -(row[value] or 0))
    )


def labelled(rows: list[Row], label: Callable[[Row], str]) -> list[Row]:
    return [{**row, "label": label(row)} for row in rows]


def with_rest(rows: list[Row], name: str, label: Callable[[Row], str]) -> list[Row]:
    """The rows with labels; where there are more than MOST, one more that sums up all after TOP."""
    rest = rows[TOP:] if len(rows) > MOST else []
    summed = (
        [
            {
                column: None if isinstance(value, str) else sum(row[column] or 0 for row in rest)
                for column, value in rest[0].items()
            }
            | {name: f"{len(rest):,}{REST}"}
        ]
        if rest
        else []
    )
    return labelled(rows + summed, label)


def extremes(rows: Sequence[Row], name: str, value: str) -> tuple[list[Row], list[Row]]:
    """The rows with the largest value and those with the smallest: several where they are equal.

    `unknown` is none of them, unless there is nothing else; rows without a value never are.
    """
    present = [row for row in rows if row[value] is not None]
    known = [row for row in present if row[name] != UNKNOWN] or present
    values = [row[value] for row in known]
    return (
        [row for row in known if row[value] == max(values)],
        [row for row in known if row[value] == min(values)],
    )


def names(rows: Sequence[Row], name: str) -> str:
    """`IRAN`, `IRAN and MOROCCO`, `5 nations`: the names in rows as a part of a sentence."""
    return joined([row[name] for row in rows], noun(name))


def noun(name: str) -> str:
    """What a column of names holds: nation_name is a nation, market_segment a segment."""
    return {"nation_name": "nation", "region_name": "region"}.get(name, "segment")


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
    if sum(row[value] is not None for row in rows) < 2:
        return ""
    intervals = f"the 95 % intervals of the highest and the lowest {what}"
    if apart(rows, value):
        return f"Distinguishable: {intervals} are apart."
    return f"Not distinguishable: {intervals} overlap."


def comparison(
    rows: Sequence[Row], name: str, value: str, what: str, text: Callable[..., str]
) -> str:
    """The finding of a picture with intervals: who leads, or that nobody does."""
    first, last = (
        extremes(rows, name, value) if any(row[value] is not None for row in rows) else ([], [])
    )
    if not first:
        return f"There is not enough data yet for the {what}"
    low, high = text(last[0][value]), text(first[0][value])
    if first == last and len(first) == 1:
        return f"The {what} is {high} in {first[0][name]}, the only {noun(name)} that has one"
    if apart(rows, value):
        return (
            f"{names(first, name)} {'has' if len(first) == 1 else 'have'} the highest {what}: "
            f"{high}; {names(last, name)} the lowest: {low}"
        )
    verb = "are" if what.startswith("orders") else "is"
    between = f"{low} to {high}" if low != high else high
    return f"The {what} {verb} not distinguishable between {noun(name)}s: {between}"

"""The kinds of pictures: which columns of its rows a picture draws, and on which scale.

page.html draws them as HTML and SVG, so a page needs no library, and shows its pictures without
JavaScript; page.js draws them again for a filter. Rows may carry three fields more than the answer:
`label`, the text beside them, and `low` and `high`, their 95 % interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]
Drawing = dict[str, Any]  # what page.html draws: a kind, names of columns, a scale

REST = " others"  # `180 others`, after the bars of the largest
PERCENT_AXIS = "percent"  # the format of an axis


def scale(values: Sequence[float | None], zero: bool = True, kind: str = "money") -> Drawing:
    """The ends of an axis that holds the values, its round ticks, and the format of these."""
    present = [value for value in values if value is not None] or [0.0]
    low, high = min(present), max(present)
    if zero or low == high:
        low, high = min(low, 0), max(high, 0)
    span = high - low or 1
    size = 10 ** math.floor(math.log10(span / 3))
    step = size * next(factor for factor in (1, 2, 5, 10) if span / (factor * size) <= 4)
    step = max(step, 1) if kind == "count" else step
    first, last = math.floor(low / step), math.ceil((high if high > low else low + span) / step)
    ticks = [round(step * place, 12) for place in range(first, last + 1)]
    return {"low": ticks[0], "high": ticks[-1], "ticks": ticks, "kind": kind}


def is_rest(row: Row, name: str) -> bool:
    """Does the row sum up what has no bar of its own?"""
    return str(row[name]).endswith(REST)


def bars(rows: Sequence[Row], name: str, value: str, part: str = "", row: int = 0) -> Drawing:
    """Bars in the order of the rows, labelled at the right; `part` is a darker bar inside."""
    high = max((row[value] or 0 for row in rows if not is_rest(row, name)), default=0)
    axis = {"low": 0, "high": high or 1}
    return {"kind": "bars", "name": name, "value": value, "part": part, "axis": axis}


def intervals(
    rows: Sequence[Row], name: str, value: str, kind: str = "money", zero: bool = False
) -> Drawing:
    """A dot for each row with its 95 % interval (the fields low and high), and its label."""
    ends = [row[end] for row in rows for end in ("low", "high")]
    return {"kind": "intervals", "name": name, "value": value, "axis": scale(ends, zero, kind)}


def bands(rows: Sequence[Row]) -> Drawing:
    """Distribution of lifetime value: 10 to 90 % pale, the middle half dark, median white."""
    ends = [row[end] for row in rows for end in ("ltv_p10", "ltv_p90")]
    return {"kind": "bands", "name": "market_segment", "value": "ltv_median", "axis": scale(ends)}


def line(rows: Sequence[Row], value: str, kind: str = "line") -> Drawing:
    """A value by month."""
    written = "money" if value.endswith("revenue") else "count"
    return {"kind": kind, "value": value, "axis": scale([row[value] for row in rows], kind=written)}


def columns(rows: Sequence[Row], value: str) -> Drawing:
    return line(rows, value, "columns")


def scatter(rows: Sequence[Row]) -> Drawing:
    return {
        "kind": "scatter",
        "x": scale([row["orders"] for row in rows], kind="count"),
        "axis": scale([row["avg_order_value"] for row in rows]),
    }


def heat_map(rows: Sequence[Row]) -> Drawing:
    top = max((row["retention_rate"] for row in rows), default=0) or 1
    return {
        "kind": "heat_map",
        "axis": {"low": 0, "high": top, "ticks": [0, top], "kind": "percent"},
    }

"""Numbers, dates and names in sentences; scripts/formats.py has those that tables share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from formats import MISSING, compact, number, percent

__all__ = ["MISSING", "compact", "month", "number", "percent", "quarter", "several"]

UNKNOWN = "unknown"  # the segment, nation, region or category of those that have none
NAMED = 3  # names that a sentence lists; of more it gives the number
# Words of column names, and of their values, that a reader would have to look up.
PLAIN = {
    "aov": "average order value",
    "avg": "average",
    "cac": "cost of acquisition",
    "cagr": "yearly growth",
    "hhi": "concentration",
    "ltv": "lifetime value",
    "mfgr": "maker",
    "stddev": "standard deviation",
    "stderr": "standard error",
    "12m": "in 12 months",
}


def plain(name: str) -> str:
    """A name of a column in words: `ltv_stddev` is `lifetime value standard deviation`."""
    words = name.removeprefix("type_").split("_")
    return " ".join(PLAIN.get(word, word) for word in words)


def several(count: int, noun: str) -> str:
    """`1 customer`, `1,500 customers`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def joined(names: Sequence[str], noun: str) -> str:
    """`IRAN`, `IRAN and MOROCCO`, and where there are more than a few, `5 nations`."""
    if len(names) > NAMED:
        return several(len(names), noun)
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def day(value: date) -> str:
    """`2 Aug 1998`."""
    return f"{value.day} {value:%b %Y}"


def month(value: str) -> str:
    """`August 1998` for an ISO date."""
    return date.fromisoformat(value).strftime("%B %Y")


def quarter(value: str) -> str:
    """`1998 Q3` for an ISO date."""
    day = date.fromisoformat(value)
    return f"{day.year} Q{(day.month + 2) // 3}"

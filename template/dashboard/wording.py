"""Numbers and dates in sentences; scripts/formats.py has those that tables share."""

from __future__ import annotations

from datetime import date

from formats import MISSING, compact, number, percent

__all__ = ["MISSING", "compact", "month", "number", "percent", "quarter", "several"]


def several(count: int, noun: str) -> str:
    """`1 customer`, `1,500 customers`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def month(value: str) -> str:
    """`August 1998` for an ISO date."""
    return date.fromisoformat(value).strftime("%B %Y")


def quarter(value: str) -> str:
    """`1998 Q3` for an ISO date."""
    day = date.fromisoformat(value)
    return f"{day.year} Q{(day.month + 2) // 3}"

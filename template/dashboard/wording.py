"""Numbers and dates as a reader wants them: 1.24 M, 24.9 %, August 1998."""

from __future__ import annotations

from datetime import date

MISSING = "-"
GAP = "\N{NO-BREAK SPACE}"  # between a number and its unit


def compact(value: float | None) -> str:
    """An amount with three digits or so and a unit: 1.24 M; whole below ten thousand."""
    if value is None:
        return MISSING
    for size, unit in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
        # 999,950 would be 1000.0 k
        if abs(value) >= size * 0.9995 and (unit != "k" or abs(value) >= 9999.5):
            scaled = value / size
            decimals = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
            return f"{scaled:.{decimals}f}{GAP}{unit}"
    return f"{value:,.0f}"


def percent(value: float | None, decimals: int = 1) -> str:
    return MISSING if value is None else f"{100 * value:,.{decimals}f}{GAP}%"


def number(value: float | None, decimals: int = 1) -> str:
    return MISSING if value is None else f"{value:,.{decimals}f}"


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

"""The kinds of pictures, made with Altair from rows of an answer.

Rows may carry three fields more than the answer: `label`, the text beside them, and `low` and
`high`, their 95 % interval. Dark and light stay apart in grey-scale and for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

Row = dict[str, Any]

DARK, LIGHT, INK, SOFT = "#1f4e79", "#a9c6e3", "#1c2733", "#5b6876"
ROW = 26  # pixels of a category
COMPACT_AXIS = (
    "abs(datum.value) >= 1e9 ? format(datum.value / 1e9, ',.3~g') + ' bn'"
    " : abs(datum.value) >= 1e6 ? format(datum.value / 1e6, ',.3~g') + ' M'"
    " : abs(datum.value) >= 1e4 ? format(datum.value / 1e3, ',.3~g') + ' k'"
    " : format(datum.value, ',.4~g')"
)
PERCENT_AXIS = "format(100 * datum.value, ',.3~g') + ' %'"


def chart_of(rows: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def axis(kind: str = COMPACT_AXIS, **more: Any) -> alt.Axis:
    """An axis of numbers with few ticks, labelled as the rest of the page."""
    return alt.Axis(
        **{"labelExpr": kind, "tickCount": 4, "labelOverlap": True, "labelSeparation": 8, **more}
    )


def categories(rows: Sequence[Row], name: str) -> alt.Y:
    """The categories of a picture from top to bottom, in the order of the rows."""
    return alt.Y(
        name,
        type="nominal",
        sort=[row[name] for row in rows],
        title=None,
        axis=alt.Axis(
            ticks=False,
            domain=False,
            labelPadding=6,
            # `all_customers` is a value of ours; names that come from the data stay as they are
            **({"labelExpr": "replace(datum.label, '_', ' ')"} if name == "population" else {}),
        ),
    )


def column_of_labels(rows: Sequence[Row], name: str) -> alt.Chart:
    """The field `label` as a column at the right of the picture, where nothing cuts it off."""
    return (
        chart_of(rows)
        .mark_text(align="right", fontSize=12, color=INK)
        .encode(y=categories(rows, name), text="label:N", x=alt.value("width"))
    )


def beside_labels(rows: Sequence[Row], **more: Any) -> alt.Scale:
    """A scale of x that ends before the column of labels, however narrow the picture is."""
    longest = max((len(row["label"]) for row in rows), default=0)
    return alt.Scale(rangeMax=alt.ExprRef(f"width - {12 + 7 * longest}"), **more)


def tooltips(rows: Sequence[Row]) -> list[alt.Tooltip]:
    """Every column of the answer, by its name."""
    hidden = ("label", "low", "high")
    return [
        alt.Tooltip(
            name,
            type="nominal" if isinstance(value, str) else "quantitative",
            title=name.replace("_", " "),
        )
        for name, value in rows[0].items()
        if name not in hidden
    ]


def bars(rows: Sequence[Row], name: str, value: str, part: str = "", row: int = ROW) -> Any:
    """Bars in the order of the rows, labelled at the right; `part` is a darker bar inside."""
    x = alt.X(
        value,
        type="quantitative",
        title=None,
        axis=None,
        scale=beside_labels(rows, nice=False),
    )
    base = chart_of(rows).encode(y=categories(rows, name), tooltip=tooltips(rows))
    layers = [base.mark_bar(color=LIGHT if part else DARK).encode(x=x)]
    if part:
        layers.append(base.mark_bar(color=DARK).encode(x=alt.X(part, type="quantitative")))
    layers.append(column_of_labels(rows, name))
    return alt.layer(*layers).properties(height=row * len(rows))


def intervals(
    rows: Sequence[Row], name: str, value: str, kind: str = COMPACT_AXIS, zero: bool = False
) -> Any:
    """A dot for each row with its 95 % interval (the fields low and high), and its label."""
    scale = beside_labels(rows, zero=zero, padding=4)
    x = alt.X(value, type="quantitative", title=None, axis=axis(kind), scale=scale)
    base = chart_of(rows).encode(y=categories(rows, name), tooltip=tooltips(rows))
    layers = [
        base.mark_rule(color=LIGHT, strokeWidth=6).encode(
            x=alt.X("low:Q", title=None, axis=axis(kind), scale=scale), x2="high:Q"
        ),
        base.mark_circle(color=DARK, size=80, opacity=1).encode(x=x),
        column_of_labels(rows, name),
    ]
    if zero:
        layers.insert(0, chart_of([{"zero": 0}]).mark_rule(color=SOFT).encode(x="zero:Q"))
    return alt.layer(*layers).properties(height=ROW * len(rows))


def bands(rows: Sequence[Row]) -> Any:
    """Distribution of lifetime value: 10 to 90 % pale, the middle half dark, median white."""
    base = chart_of(rows).encode(y=categories(rows, "market_segment"), tooltip=tooltips(rows))

    def x(name: str) -> alt.X:
        return alt.X(name, type="quantitative", title=None, axis=axis())

    return alt.layer(
        base.mark_bar(color=LIGHT, height=8).encode(x=x("ltv_p10"), x2="ltv_p90"),
        base.mark_bar(color=DARK, height=16).encode(x=x("ltv_p25"), x2="ltv_p75"),
        base.mark_tick(color="white", thickness=3, height=16).encode(x=x("ltv_median")),
    ).properties(height=(ROW + 6) * len(rows))


def time_axis() -> alt.X:
    """Months in UTC: in the reader's own zone the first of a month may be the day before."""
    return alt.X(
        "month_start:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(format="%Y", tickCount="year"),
    )


def line(rows: Sequence[Row], value: str) -> Any:
    return (
        chart_of(rows)
        .mark_area(line={"color": DARK, "strokeWidth": 2}, color=LIGHT, opacity=0.6)
        .encode(
            x=time_axis(),
            y=alt.Y(value, type="quantitative", title=None, axis=axis()),
            tooltip=tooltips(rows),
        )
        .properties(height=150)
    )


def columns(rows: Sequence[Row], value: str) -> Any:
    return (
        chart_of(rows)
        .mark_rule(color=DARK, strokeWidth=3)
        .encode(
            x=time_axis(),
            y=alt.Y(value, type="quantitative", title=None, axis=axis()),
            tooltip=tooltips(rows),
        )
        .properties(height=110)
    )


def scatter(rows: Sequence[Row]) -> Any:
    return (
        chart_of(rows)
        .mark_circle(color=DARK, opacity=0.35, size=22)
        .encode(
            x=alt.X("orders:Q", title="orders of the buyer", axis=axis()),
            y=alt.Y("avg_order_value:Q", title="average order value", axis=axis()),
            tooltip=tooltips(rows),
        )
        .properties(height=230)
    )


def heat_map(rows: Sequence[Row]) -> Any:
    return (
        chart_of(rows)
        .mark_rect()
        .encode(
            x=alt.X(
                "quarter_number:O",
                title="quarters since the first order",
                axis=alt.Axis(labelAngle=0, labelOverlap=True, labelSeparation=6, ticks=False),
            ),
            y=categories(rows, "label"),
            color=alt.Color(
                "retention_rate:Q",
                title="ordered in the quarter",
                scale=alt.Scale(scheme="blues"),
                legend=alt.Legend(labelExpr=PERCENT_AXIS, orient="top", gradientLength=180),
            ),
            tooltip=tooltips(rows),
        )
        .properties(height=20 * len({row["label"] for row in rows}))
    )

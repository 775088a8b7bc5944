"""Draw the answers as pictures: `make dashboard`, or `python dashboard/render.py` after it.

Reads the CSV files that `make answers` wrote into answers/, so every picture shows exactly the
numbers of the answer, on every target. Writes dashboard/build/index.html: one file that loads
nothing, so you can mail it or put it on any web server.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
sys.path.insert(1, str(PROJECT / "scripts"))
from board import Answers, Panel, Picture
from panels import Board
from pictures import INK, SOFT, line
from wording import compact, month, several

import formats
from questions import questions
from settings import read_yaml

MOST_ROWS = 120  # a longer table is cut, and says so


def specification(picture: Picture) -> dict[str, Any]:
    """The Vega-Lite specification of a picture, with the look that all share."""
    chart = (
        picture.draw(picture.rows)
        .properties(width="container")
        .configure(font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            grid=False,
            labelColor=INK,
            labelFontSize=12,
            titleColor=SOFT,
            titleFontWeight="normal",
            titleFontSize=12,
            domainColor="#b8c2cc",
            tickColor="#b8c2cc",
            labelLimit=150,
        )
        .configure_legend(titleColor=SOFT, titleFontWeight="normal", labelColor=INK)
    )
    return chart.to_dict()


def trend(board: Answers) -> Panel:
    """Revenue by month, for the overview."""
    months = board.rows("q04_growth_by_month")
    begin, end = (month(row["month_start"]) for row in (months[0], months[-1]))
    best = max(months, key=lambda row: row["revenue"])
    usual = statistics.median(row["revenue"] for row in months)
    return Panel(
        "q04_growth_by_month",
        f"A month usually brings a revenue of {compact(usual)}; the best was "
        f"{month(best['month_start'])} with {compact(best['revenue'])}",
        f"The median of {several(len(months), 'month')}, {begin} to {end}. "
        "The last month may be incomplete.",
        [Picture(months, lambda rows: line(rows, "revenue"))],
        wide=True,
    )


def page(board: Answers, settings: dict[str, Any], target: str) -> str:
    """The whole dashboard as one HTML document."""
    pages = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(
        shown=lambda value, kind: formats.shown(kind, value), specification=specification
    )
    return pages.get_template("page.html").render(
        board=board,
        sections=board.sections(),
        trend=trend(board),
        questions=questions(),
        is_right=formats.is_right,
        settings=settings,
        target=target,
        most_rows=MOST_ROWS,
        library=Markup(vl_convert.javascript_bundle()),
    )


def main() -> None:
    settings = read_yaml(HERE / "dashboard.yml")
    board = Board(PROJECT / "answers", settings)
    output = HERE / "build" / "index.html"
    output.parent.mkdir(exist_ok=True)
    output.parent.chmod(0o700)  # only the owner reads the page
    text = page(board, settings, os.environ.get("DBT_TARGET") or "local")
    output.write_text(text, "utf-8")
    print(f"The dashboard is {output}: open it in a browser.")


if __name__ == "__main__":
    main()

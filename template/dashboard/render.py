"""Draw the answers as pictures: `make dashboard`, or `python dashboard/render.py` after it.

Reads the CSV files that `make answers` wrote into answers/, so every picture shows exactly the
numbers of the answer, on every target. Writes dashboard/build/index.html: one file with all that it
needs, Vega's JavaScript included, that loads nothing and can be mailed or put on any web server.

Each panel has a title that says the finding, the question, the pictures, the definition with the
number of observations, and the numbers as a table. Exits with 1 when an answer is not there.
"""

from __future__ import annotations

import html
import json
import os
import re
import statistics
import string
import sys
from pathlib import Path
from typing import Any

import vl_convert
import yaml
from panels import Board, Panel, Picture, Problem
from pictures import INK, SOFT, Row, line
from wording import MISSING, compact, month, number, percent, several

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent

RATES = re.compile(r"share|rate|cagr")
PLAIN = re.compile(r"_key$|rank$|^first_year$|^last_full_year$")
AMOUNTS = re.compile(r"revenue|spend|cac_|ltv|aov|value$")
MOST_ROWS = 120  # a longer table is cut, and says so


def cell(name: str, value: Any) -> str:
    """A value as it stands in a table of the page."""
    if value is None or isinstance(value, str) or PLAIN.search(name):
        return html.escape(MISSING if value is None else str(value))
    if RATES.search(name) and not name.startswith("stderr"):
        return percent(value)
    if AMOUNTS.search(name) and "pearson" not in name and "spearman" not in name:
        return compact(value)
    return f"{value:,}" if isinstance(value, int) else number(value, 3)


def table(rows: list[Row]) -> str:
    names = list(rows[0])
    kinds = {
        name: "" if any(isinstance(row[name], str) for row in rows) else ' class="number"'
        for name in names
    }
    head = "".join(f"<th{kinds[name]}>{name.replace('_', ' ')}</th>" for name in names)
    body = "\n".join(
        "<tr>" + "".join(f"<td{kinds[n]}>{cell(n, row[n])}</td>" for n in names) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>\n{body}</table></div>'


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
    return json.loads(chart.to_json(indent=None))


def figure(panel: Panel, board: Board, questions: dict[str, dict[str, str]]) -> str:
    """A panel as HTML."""
    rows = board.rows(panel.answer)
    about = questions.get(panel.answer, {"question": "", "definition": ""})
    pictures = []
    for picture in panel.pictures:
        if not picture.rows:
            pictures.append("<p>There is nothing to show yet.</p>")
            continue
        title = f"<h4>{html.escape(picture.title)}</h4>" if picture.title else ""
        # `</` would end the script
        data = json.dumps(specification(picture), ensure_ascii=False).replace("</", "<\\/")
        name = html.escape(picture.title or panel.finding, quote=True)
        pictures.append(
            f'<div>{title}<div class="chart" role="img" aria-label="{name}"></div>'
            f'<script type="application/json">{data}</script></div>'
        )
    shown = "".join(pictures)
    if panel.side_by_side:
        shown = f'<div class="pair">{shown}</div>'
    if panel.top:
        shown += table(rows[: panel.top])
        details = ""
    else:
        numbers = table(rows[:MOST_ROWS])
        if len(rows) > MOST_ROWS:
            numbers += f"<p>The first {MOST_ROWS} of {len(rows):,} rows.</p>"
        details = f"<details><summary>The numbers</summary>{numbers}</details>"
    shape = ' class="wide"' if panel.wide or panel.top else ' class="tall"' if panel.tall else ""
    note = html.escape(f"{about['definition']} {panel.observations}")
    said = f" <b>{html.escape(panel.verdict)}</b>" if panel.verdict else ""
    return (
        f'<figure id="{panel.answer}"{shape}>'
        f"<h3>{html.escape(panel.finding)}</h3>"
        f'<p class="question">{html.escape(about["question"])}</p>'
        f'{shown}<p class="note">{note}{said}</p>{details}</figure>'
    )


def read_questions(project: Path) -> dict[str, dict[str, str]]:
    """Question and definition of each answer, from where `make answers` has them."""
    listed = yaml.safe_load((project / "analysis" / "_analysis.yml").read_text("utf-8"))
    questions = {
        entry["name"]: {
            "question": entry.get("config", {}).get("meta", {}).get("question", ""),
            "definition": " ".join(entry.get("description", "").split()),
        }
        for entry in listed["analyses"]
    }
    questions["customer_cohort_retention"] = {
        "question": "How many customers come back, and for how long?",
        "definition": "A cohort is the customers whose first order lies in the same quarter; the "
        "share of them who ordered in each later quarter.",
    }
    return questions


def page(answers: Path, project: Path, settings: dict[str, Any], target: str) -> str:
    """The whole dashboard as one HTML document."""
    board = Board(answers, settings)
    sections, questions = board.sections(), read_questions(project)
    tiles = "".join(
        f'<div class="tile"><b>{html.escape(value)}</b><span>{html.escape(what)}</span></div>'
        for value, what in board.headlines()
    )
    months = board.rows("q04_growth_by_month")
    begin, end = (month(row["month_start"]) for row in (months[0], months[-1]))
    best = max(months, key=lambda row: row["revenue"])
    usual = statistics.median(row["revenue"] for row in months)
    trend = Panel(
        "q04_growth_by_month",
        f"A month usually brings a revenue of {compact(usual)}; the best was "
        f"{month(best['month_start'])} with {compact(best['revenue'])}",
        f"The median of {several(len(months), 'month')}, {begin} to {end}. "
        "The last month may be incomplete.",
        [Picture(months, lambda rows: line(rows, "revenue"))],
        wide=True,
    )
    trend_html = figure(trend, board, {}).replace(f'id="{trend.answer}"', 'id="revenue"')
    findings = "".join(
        f'<li><a href="#{panel.answer}">{html.escape(panel.finding)}</a></li>'
        for panels in sections.values()
        for panel in panels
    )
    findings = f'<h3>What the answers say</h3><ul class="findings">{findings}</ul>'
    parts = [
        f"""<section id="overview"><h2>Overview</h2><div class="tiles">{tiles}</div>
<div class="panels below">{trend_html}<figure class="wide">{findings}</figure></div></section>"""
    ]
    for name, panels in sections.items():
        figures = "\n".join(figure(panel, board, questions) for panel in panels)
        parts.append(
            f'<section id="{name.lower()}"><h2>{name}</h2>'
            f'<div class="panels">{figures}</div></section>'
        )
    as_of = f"as of {board.buyers.as_of}" if board.buyers.as_of else "without orders"
    template = string.Template((HERE / "page.html").read_text("utf-8"))
    return template.substitute(
        title=html.escape(str(settings["title"])),
        subtitle=html.escape(f"Twelve answers about the customers, {as_of}. Target: {target}."),
        links="".join(f'<a href="#{name.lower()}">{name}</a>' for name in ("Overview", *sections)),
        sections="\n".join(parts),
        reading="“Not distinguishable” means that the 95 % intervals of the highest and the lowest "
        "value overlap, so that chance alone may have put them in this order. Intervals take the "
        "customers for a random sample of those who could have come.",
        contact=f"Questions: {html.escape(str(settings['owner']))}, "
        f"{html.escape(str(settings['email']))}.",
        library=vl_convert.javascript_bundle(),
    )


def main() -> None:
    settings = yaml.safe_load((HERE / "dashboard.yml").read_text("utf-8"))
    target = os.environ.get("DBT_TARGET") or "local"
    text = page(PROJECT / "answers", PROJECT, settings, target)
    output = HERE / "build" / "index.html"
    output.parent.mkdir(exist_ok=True)
    output.write_text(text, "utf-8")
    print(f"The dashboard is {output}: open it in a browser.")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))

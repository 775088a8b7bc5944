"""Draw the answers as pictures: `make dashboard`, or `python dashboard/render.py` after it.

Reads the CSV files that `make answers` wrote into answers/, so every picture shows exactly the
numbers of the answer, on every target. With the argument `answers` it has them answered first.
Writes dashboard/build/index.html: one file that loads nothing, so you can mail it or put it on any
web server. When it fails, that file says so, in place of a page of yesterday.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
OUTPUT = HERE / "build" / "index.html"
sys.path.insert(1, str(PROJECT / "scripts"))
from board import MOST, TOP, Answers, Panel, Picture
from pictures import is_rest, line
from wording import compact, day, month, plain, several

import formats
import settings as needed
from settings import Problem, read_yaml

MOST_ROWS = 1000  # a longer table is cut, and says so


class Checks(NamedTuple):
    """What the newest run of each test found, and the sentence that says it."""

    text: str
    red: bool


def checks(folder: Path, target: str) -> Checks:
    """The tests in dbt's results of this target: of `make build`, or of the steps of a schedule."""
    results: dict[str, tuple[str, str]] = {}  # by test or model: when it ran, and what came out
    for path in folder.glob("*run_results.json"):
        run = json.loads(path.read_text("utf-8"))
        if run["args"].get("which") not in ("build", "test", "run"):
            continue
        if (run["args"].get("target") or target) != target:
            continue
        for result in run["results"]:
            found = (run["metadata"]["generated_at"], result["status"])
            name = result["unique_id"]
            results[name] = max(results.get(name, found), found)
    failed = sum(status in ("error", "fail", "skipped") for _, status in results.values())
    tests = [
        status for name, (_, status) in results.items() if name.startswith(("test.", "unit_test."))
    ]
    if failed:
        return Checks(
            f"The last build failed: {several(failed, 'step')} failed or were skipped.", True
        )
    if not tests:
        return Checks("No results of checks: run `make build`.", True)
    passed = sum(status == "pass" for status in tests)
    return Checks(f"{passed} of {several(len(tests), 'check')} passed.", passed < len(tests))


def trend(board: Answers) -> Panel | None:
    """Revenue by month, for the overview; None without a month."""
    months = board.rows("q04_growth_by_month")
    if not months:
        return None
    complete = [row for row in months if row["month_start"] != board.incomplete_month] or months
    best = max(complete, key=lambda row: row["revenue"])
    usual = statistics.median(row["revenue"] for row in complete)
    finding = (
        f"A month usually brings a revenue of {compact(usual)}; the best was "
        f"{month(best['month_start'])} with {compact(best['revenue'])}"
    )
    observed = (
        f"The median of {several(len(complete), 'month')}, {month(months[0]['month_start'])} to "
        f"{month(complete[-1]['month_start'])}. "
    )
    if len(complete) == 1:
        observed = ""
        finding = f"{month(best['month_start'])} brought a revenue of {compact(best['revenue'])}"
    guests = sum(row.get("guest_orders", 0) for row in months)
    return Panel(
        "q04_growth_by_month",
        finding,
        observed
        + board.incomplete_note()
        + (f" {several(guests, 'order')} of guests included." if guests else ""),
        [Picture(months, lambda rows: line(rows, "revenue"))],
        wide=True,
    )


def exact(kind: str, value: Any) -> str:
    """A value for a tooltip, where amounts are written out."""
    if kind == "money" and value is not None:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"
    return formats.shown(kind, value)


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
        shown=lambda value, kind: formats.shown(kind, value),
        exact=lambda value, kind: exact(kind, value),
        plain=plain,
        rest=is_rest,
        month=month,
    )
    return pages.get_template("page.html").render(
        board=board,
        cells=board.cells(),
        sections=board.sections(),
        trend=trend(board),
        questions=board.questions,
        is_right=formats.is_right,
        settings=settings,
        target=target,
        most_rows=MOST_ROWS,
        top=TOP,
        most=MOST,
        built=datetime.now(UTC),
        as_of=board.buyers.as_of and day(board.buyers.as_of),
        checks=checks(PROJECT / "target", target),
        day=day,
    )


def write(text: str) -> None:
    """Put the page in its place in one step."""
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.parent.chmod(0o700)  # only the owner reads the page
    new = OUTPUT.with_suffix(".new")
    new.write_text(text, "utf-8")
    new.replace(OUTPUT)


def main(arguments: list[str]) -> None:
    try:
        if needed.main([]):
            raise Problem("Settings are missing: see above.")
        if arguments == ["answers"]:
            import answers

            answers.main()
        print("Drawing the dashboard ...", flush=True)
        from panels import Board  # here, because a slip in it has to show on the page too

        class Drawn(Board, Answers):
            """The client's panels; in 1.0.0 their class had no base."""

        settings = read_yaml(HERE / "dashboard.yml")
        board = Drawn(PROJECT / "answers", settings)
        write(page(board, settings, os.environ.get("DBT_TARGET") or "local"))
    except BaseException as error:
        now = datetime.now(UTC)
        reason = (
            escape(str(error)) if isinstance(error, Problem) else "See the messages of its run."
        )
        write(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>No dashboard</title>'
            f"<h1>This dashboard could not be made</h1><p>{day(now)}, {now:%H:%M} UTC. "
            f"{reason}</p><p>Run make build, then make dashboard.</p></html>"
        )
        raise
    print(f"The dashboard is {OUTPUT}: open it in a browser.")


if __name__ == "__main__":
    main(sys.argv[1:])

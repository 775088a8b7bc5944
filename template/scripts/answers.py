"""Answer the business questions: `make answers` prints them, and writes them as CSV into answers/.

Runs every analysis on the target that DBT_TARGET names. answers/ gets <analysis>.csv for each, in the
folder that it has in analysis/, and the marts that are exported whole (`export_by` in their YAML): customer_360.csv and
customer_cohort_retention.csv. When one answer fails, the files of the last run stay as they are.
SPREADSHEET=1 writes values that a spreadsheet would take for formulas as text.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

import formats
import session
from questions import Question, question, questions, why_skipped
from settings import PROJECT, Problem

ANSWERS = PROJECT / "answers"
MOST_ROWS = 25  # a longer answer is shortened on the screen, to
SHORT_ROWS = 10
GAP = 2  # blanks between two columns


def write_csv(
    path: Path,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    text: Callable[[Any], str] = formats.csv_text,
) -> int:
    """Write a result, each value by `text`, and return the number of its rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([text(value) for value in row])
            count += 1
    return count


# --- on the screen --------------------------------------------------------------------------------

Column = tuple[str, str, list[str]]  # header, format, cells


def columns_of(
    about: Question, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[Column]:
    """The columns of a result, written for a reader."""
    columns = []
    for name, *values in zip(names, *rows, strict=True):
        kind = formats.format_of(about.formats.get(name), values)
        columns.append(
            (name.replace("_", " "), kind, [formats.shown(kind, value) for value in values])
        )
    return columns


def width(column: Column) -> int:
    """The least width of a column: headers wrap between words, cells never."""
    header, _, cells = column
    return max(map(cell_len, [*header.split(), *cells]))


def parts(columns: list[Column], available: int) -> list[list[Column]]:
    """The columns in as few tables as the terminal's width allows; each repeats the first texts."""
    lead = 1
    while lead < len(columns) - 1 and columns[lead][1] == "text":
        lead += 1
    tables = [columns[:lead]]
    for column in columns[lead:]:
        wide = sum(map(width, tables[-1])) + width(column) + GAP * len(tables[-1])
        if wide > available and len(tables[-1]) > lead:
            tables.append(columns[:lead])
        tables[-1].append(column)
    return tables


def shorten(rows: Sequence[Sequence[Any]], file: str) -> tuple[Sequence[Sequence[Any]], str]:
    """The rows to show of a result, and a note on the others; of a time series the last ones."""
    if len(rows) <= MOST_ROWS:
        return rows, ""
    more = len(rows) - SHORT_ROWS
    if isinstance(rows[0][0], date):
        return rows[-SHORT_ROWS:], f"... {more:,} earlier rows in {file}"
    return rows[:SHORT_ROWS], f"... {more:,} more rows in {file}"


def print_answer(
    console: Console, about: Question, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Print an answer: the question, its definition, its table, and where the rest of it is."""
    console.print()
    console.print(Text(about.text, style="bold"))
    console.print(Text(f"{about.name}: {about.definition}", style="dim"))
    visible, note = shorten(rows, f"answers/{about.name}.csv")
    if not rows:
        note = "(no rows)"
    for number, columns in enumerate(parts(columns_of(about, names, visible), console.width)):
        if number:
            console.print()
        # the gap is the table's divider and one blank of padding
        table = Table(
            box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0)
        )
        for column in columns:
            justify = "right" if formats.is_right(column[1]) else "left"
            table.add_column(Text(column[0]), justify=justify, max_width=width(column))
        for cells in zip(*(cells for _, _, cells in columns), strict=True):
            table.add_row(*(Text(cell, no_wrap=True) for cell in cells))
        console.print(table)
    if note:
        console.print(Text(note, style="dim"))


# --- the run --------------------------------------------------------------------------------------


def check_built(adapter: Any, nodes: Iterable[Any]) -> None:
    """Raise Problem when the table of a model is missing."""
    missing = sorted(
        node.name
        for node in nodes
        if not adapter.get_relation(node.database, node.schema, node.identifier)
    )
    if missing:
        names = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        target = adapter.config.target_name
        raise Problem(f"Target {target} has no {names} yet: run `make build` first.")


def answer(folder: Path) -> None:
    """Print all answers, and write all files into `folder`."""
    # a letter that this terminal can't show is written as its escape
    sys.stdout.reconfigure(errors="backslashreplace")
    console = Console(highlight=False)
    safe = os.environ.get("SPREADSHEET", "0") not in ("", "0")
    text = formats.spreadsheet_text if safe else formats.csv_text
    manifest = session.invoke(["parse"])
    compiled = session.invoke(
        ["compile", "--no-introspect", "--no-populate-cache"]
        + ["--select", "package:this,resource_type:analysis"],
        manifest,
    )
    adapter = session.adapter()
    analyses = sorted((result.node for result in compiled.results), key=lambda node: node.name)
    exported = [node for node in manifest.nodes.values() if "export_by" in node.config.meta]
    read = {id_ for node in analyses for id_ in node.depends_on.nodes if id_ in manifest.nodes}

    left_out = adapter.config.vars.to_dict().get("left_out") or []
    skipped: dict[str, list[str]] = {}  # names of questions by the reason

    with adapter.connection_named("answers"):
        check_built(adapter, [*exported, *(manifest.nodes[unique_id] for unique_id in read)])
        for node in analyses:
            about = question(node.to_dict())
            if reason := why_skipped(about, left_out):
                skipped.setdefault(reason, []).append(about.name)
                continue
            try:
                names, rows = session.query(adapter, node.compiled_code)
                rows = list(rows)
            except Exception as error:
                raise Problem(f"{node.name} failed: {error}") from error
            path = (folder / Path(*Path(node.original_file_path).parts[1:])).with_suffix(".csv")
            path.parent.mkdir(exist_ok=True)
            write_csv(path, names, rows, text)
            if "question" in node.config.meta:
                print_answer(console, about, names, rows)

        console.print()
        for node in exported:
            start = time.monotonic()
            sql = f"select * from {node.relation_name} order by {node.config.meta['export_by']}"
            count = write_csv(folder / f"{node.name}.csv", *session.query(adapter, sql), text)
            seconds = time.monotonic() - start
            console.print(
                Text(f"{node.name}.csv: {count:,} rows in {seconds:.1f} s"), soft_wrap=True
            )
    for reason, names in skipped.items():
        console.print(
            Text(f"Skipped because {reason} (var left_out): {', '.join(names)}."), soft_wrap=True
        )
    count = len(list(folder.rglob("*.csv")))
    console.print(Text(f"{count} files are in {ANSWERS}."), soft_wrap=True)


def main() -> None:
    os.chdir(PROJECT)
    os.umask(0o077)  # only the owner reads the answers
    print("Compiling the analyses ...", flush=True)
    # the files come into answers/ when all are there, so that it never holds half of a run
    work = ANSWERS.with_name(".answers.partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        answer(work)
        ANSWERS.mkdir(exist_ok=True)
        ANSWERS.chmod(0o700)  # one that was there may be open to others
        for name in questions():  # an older answer to a question that is skipped now
            (ANSWERS / f"{name}.csv").unlink(missing_ok=True)
        for path in sorted(work.rglob("*.csv")):
            target = ANSWERS / path.relative_to(work)
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()

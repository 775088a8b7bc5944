"""Print the answers to the business questions, and write them as CSV: `make answers`.

Compiles every analysis of the project and runs it on the target that DBT_TARGET names, through
dbt's own connection, in this one process. Each answer is printed as a table that fits the terminal,
under its question and its definition (both from analysis/_analysis.yml). answers/ gets
<analysis>.csv for each, and the marts customer_360.csv and customer_cohort_retention.csv: a header,
ISO dates, true/false, plain numbers, nothing for null. Exits with 1 when an answer cannot be given;
the files of the last run are then left as they are.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from settings import PROJECT, Problem

ANSWERS = PROJECT / "answers"
# The marts that are written beside the answers, and what puts their rows in order.
MARTS = {
    "customer_360": "customer_key",
    "customer_cohort_retention": "cohort_quarter, quarter_number",
}
BATCH = 10_000  # rows fetched at a time
MOST_ROWS = 25  # a longer answer is shortened on the screen, to
SHORT_ROWS = 10


# --- values in a CSV file -------------------------------------------------------------------------


def csv_decimal(value: Decimal) -> str:
    """A decimal without exponent and without zeros at its end."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def csv_float(value: float) -> str:
    """A float as its shortest exact decimal; nan and inf as they are called."""
    return csv_decimal(Decimal(repr(value))) if value - value == 0 else str(value)


def csv_datetime(value: datetime) -> str:
    """An ISO date, with the time behind it only when there is one."""
    if value.time() == datetime.min.time():
        return value.date().isoformat()
    return value.isoformat(" ")


CSV_FORMATS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "",
    bool: lambda value: "true" if value else "false",
    int: str,
    str: str,
    float: csv_float,
    Decimal: csv_decimal,
    date: date.isoformat,
    datetime: csv_datetime,
}


def csv_row(row: Iterable[Any]) -> list[str]:
    """The values of a row as they stand in a CSV file."""
    return [CSV_FORMATS.get(type(value), str)(value) for value in row]


# --- values on the screen -------------------------------------------------------------------------

PLAIN_NUMBERS = re.compile(r"(_key|rank|^first_year|^last_full_year)$")
RATES = re.compile(r"share|rate|cagr")
COEFFICIENTS = re.compile(r"pearson|spearman|hhi$")
MONEY = re.compile(r"revenue|spend|cac_|ltv|aov|value$|balance")
UNITS = ((1e9, "bn"), (1e6, "M"), (1e4, "k"))  # from this size on; k counts thousands
NOTHING = "-"


def money(values: Sequence[float]) -> list[str]:
    """Amounts with a unit: one for all where the smallest is readable in it, else each its own."""

    def unit_of(size: float) -> tuple[float, str]:
        for start, name in UNITS:
            if size >= start:
                return (1e3 if name == "k" else start), name
        return 1.0, ""

    def text(value: float, unit: float, name: str, decimals: int) -> str:
        return f"{value / unit:,.{decimals}f} {name}".rstrip()

    sizes = [abs(value) for value in values if value]
    unit, name = unit_of(max(sizes, default=0))
    if all(size >= unit / 10 for size in sizes):
        decimals = 1 if max(sizes, default=0) >= 100 * unit and name else 2
        return [text(value, unit, name, decimals) for value in values]
    return [
        text(value, *unit_of(abs(value)), 1 if unit_of(abs(value))[1] else 2) for value in values
    ]


def shown(name: str, values: Sequence[Any]) -> tuple[list[str], bool]:
    """The values of a column for a reader, and whether they are aligned on the right.

    What kind of number a column holds is told by its name, because that is a promise of the mart.
    """
    present = [value for value in values if value is not None]
    numeric = bool(present) and all(
        isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        for value in present
    )
    if not numeric:
        texts = csv_row(present)
    elif PLAIN_NUMBERS.search(name):
        texts = [f"{value:.0f}" for value in present]
    elif COEFFICIENTS.search(name):
        texts = [f"{value:.3f}" for value in present]
    elif RATES.search(name):
        decimals = 1 if max(abs(value) for value in present) >= 0.1 else 2
        texts = [f"{100 * value:,.{decimals}f} %" for value in present]
    elif MONEY.search(name):
        texts = money([float(value) for value in present])
    elif all(isinstance(value, int) for value in present):
        texts = [f"{value:,}" for value in present]
    else:
        texts = [f"{value:,.2f}" for value in present]
    rest = iter(texts)
    return [NOTHING if value is None else next(rest) for value in values], numeric or not present


# --- tables on the screen -------------------------------------------------------------------------

GAP = 2  # blanks between two columns


@dataclass
class Column:
    """A column as it is shown: its header in words, its cells, and how they are aligned."""

    words: list[str]
    cells: list[str]
    right: bool

    @property
    def width(self) -> int:
        return max(len(text) for text in [*self.words, *self.cells])

    @property
    def header(self) -> str:
        """The words in as few lines as the width allows."""
        lines: list[str] = []
        for word in self.words:
            if lines and len(lines[-1]) + 1 + len(word) <= self.width:
                lines[-1] += " " + word
            else:
                lines.append(word)
        return "\n".join(lines)


@dataclass
class Block:
    """A table that fits the terminal, under a title of its own where an answer has several."""

    title: str
    columns: list[Column]


def columns_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Column]:
    """The columns of a result, as they are shown."""
    columns = []
    for index, name in enumerate(names):
        cells, right = shown(name, [row[index] for row in rows])
        columns.append(Column(name.split("_"), cells, right))
    return columns


def transposed(columns: list[Column]) -> list[Column]:
    """Rows as columns: the first column becomes the header, the names of the others the first."""
    first, *others = columns
    result = [Column(first.words, [" ".join(column.words) for column in others], False)]
    for index, cell in enumerate(first.cells):
        result.append(Column([cell], [column.cells[index] for column in others], True))
    return result


def fits(columns: list[Column], width: int) -> bool:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1) <= width


def groups(columns: list[Column]) -> list[Block]:
    """One block for each value of the first column, without it; none when it has no repeats."""
    first, *others = columns
    keys = list(dict.fromkeys(first.cells))
    if first.right or len(keys) in (1, len(first.cells)):
        return []
    name = " ".join(first.words)
    return [
        Block(
            f"{name}: {key}",
            [
                Column(
                    column.words,
                    [
                        cell
                        for cell, group in zip(column.cells, first.cells, strict=True)
                        if group == key
                    ],
                    column.right,
                )
                for column in others
            ],
        )
        for key in keys
    ]


def chunks(columns: list[Column], width: int) -> list[Block]:
    """The columns in several tables, each beginning with the first column."""
    first, *others = columns
    blocks = [Block("", [first])]
    for column in others:
        if len(blocks[-1].columns) > 1 and not fits([*blocks[-1].columns, column], width):
            blocks.append(Block("", [first]))
        blocks[-1].columns.append(column)
    return blocks


def layout(columns: list[Column], width: int) -> list[Block]:
    """A result as tables no wider than `width`: whole, else on its side, in groups or in chunks."""
    whole = [Block("", columns)]
    by_group = groups(columns)
    candidates = [
        whole,
        [Block("", transposed(columns))],
        by_group,
        [Block(block.title, transposed(block.columns)) for block in by_group],
    ]
    for blocks in candidates:
        if blocks and all(fits(block.columns, width) for block in blocks):
            return blocks
    return chunks(columns, width)


def shorten(
    names: Sequence[str], rows: Sequence[Sequence[Any]], file: str
) -> tuple[Sequence[Sequence[Any]], str]:
    """The rows to show of a result, and a note on the others; of a time series the last ones."""
    if len(rows) <= MOST_ROWS:
        return rows, ""
    more = len(rows) - SHORT_ROWS
    if isinstance(rows[0][0], date):
        return rows[-SHORT_ROWS:], f"... {more:,} earlier rows in {file}"
    return rows[:SHORT_ROWS], f"... {more:,} more rows in {file}"


def print_answer(
    console: Any, title: str, definition: str, names: Sequence[str], rows: list, file: str
) -> None:
    """Print an answer: the question, its definition, its table, and where the rest of it is."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print()
    console.print(Text(title, style="bold"))
    console.print(Text(definition, style="dim"))
    visible, note = shorten(names, rows, file)
    if not rows:
        console.print(Text("(no rows)", style="dim"))
    for index, block in enumerate(
        layout(columns_of(names, visible), console.width) if rows else []
    ):
        if index:
            console.print()
        if block.title:
            console.print(Text(block.title, style="italic"))
        # the gap is the table's divider and one blank of padding
        table = Table(
            box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0)
        )
        for column in block.columns:
            justify = "right" if column.right else "left"
            table.add_column(Text(column.header), justify=justify, no_wrap=True)
        for cells in zip(*(column.cells for column in block.columns), strict=True):
            table.add_row(*(Text(cell) for cell in cells))
        console.print(table)
    if note:
        console.print(Text(note, style="dim"))


# --- dbt ------------------------------------------------------------------------------------------


def invoke(arguments: list[str], manifest: Any = None) -> Any:
    """Run a dbt command in this process and return its result; raises Problem when it fails."""
    from dbt.cli.main import dbtRunner

    done = dbtRunner(manifest=manifest).invoke(["--quiet", "--no-write-json", *arguments])
    if not done.success:
        raise Problem(f"dbt {arguments[0]} failed: {done.exception or 'see its messages above.'}")
    return done.result


def query(adapter: Any, sql: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """Run a query on the open connection: the names of its columns, and its rows in batches."""
    from dbt.adapters.sql import SQLConnectionManager

    if not isinstance(adapter.connections, SQLConnectionManager):
        # BigQuery has no cursor: its result comes whole, through agate
        _, table = adapter.execute(sql, fetch=True)
        return [name.lower() for name in table.column_names], (tuple(row) for row in table.rows)
    # through the cursor and not agate, which would take minutes and gigabytes for a large mart
    _, cursor = adapter.connections.add_query(sql, auto_begin=False)

    def rows() -> Iterator[Sequence[Any]]:
        while batch := cursor.fetchmany(BATCH):
            yield from batch

    return [column[0].lower() for column in cursor.description], rows()


def write_csv(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a result and return the number of its rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow(csv_row(row))
            count += 1
    return count


def check_built(adapter: Any, nodes: Iterable[Any]) -> None:
    """Raise Problem when the table of a model is not there."""
    missing = [
        node.name
        for node in nodes
        if not adapter.get_relation(node.database, node.schema, node.identifier)
    ]
    if missing:
        names = ", ".join(sorted(missing)[:3]) + (", ..." if len(missing) > 3 else "")
        target = adapter.config.target_name
        raise Problem(f"Target {target} has no {names} yet: run `make build` first.")


def one_line(text: str) -> str:
    return " ".join(text.split())


def answer(folder: Path) -> None:
    """Print all answers, and write all files into `folder`."""
    from dbt.adapters.factory import FACTORY
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    manifest = invoke(["parse"])
    compiled = invoke(
        ["compile", "--no-introspect", "--no-populate-cache"]
        + ["--select", "package:this,resource_type:analysis"],
        manifest,
    )
    analyses = sorted((result.node for result in compiled.results), key=lambda node: node.name)
    (adapter,) = FACTORY.adapters.values()
    project = adapter.config.project_name
    marts = {name: manifest.nodes.get(f"model.{project}.{name}") for name in MARTS}
    marts = {name: node for name, node in marts.items() if node}
    needed = {node.unique_id: node for node in marts.values()}
    for node in analyses:
        for unique_id in node.depends_on.nodes:
            if unique_id.startswith("model."):
                needed[unique_id] = manifest.nodes[unique_id]

    with adapter.connection_named("answers"):
        check_built(adapter, needed.values())
        for node in analyses:
            try:
                names, result = query(adapter, node.compiled_code)
                rows = list(result)
            except Exception as error:
                raise Problem(f"{node.name} failed: {error}") from error
            write_csv(folder / f"{node.name}.csv", names, rows)
            title = one_line(str(node.meta.get("question") or node.name.replace("_", " ")))
            definition = one_line(f"{node.name}: {node.description}")
            print_answer(console, title, definition, names, rows, f"answers/{node.name}.csv")

        console.print()
        for name, node in marts.items():
            start = time.monotonic()
            sql = f"select * from {node.relation_name} order by {MARTS[name]}"
            count = write_csv(folder / f"{name}.csv", *query(adapter, sql))
            seconds = time.monotonic() - start
            console.print(Text(f"{name}.csv: {count:,} rows in {seconds:.1f} s"), soft_wrap=True)
    console.print(Text(f"{len(analyses) + len(marts)} files are in {ANSWERS}."), soft_wrap=True)


def main() -> None:
    os.chdir(PROJECT)
    print("Compiling the analyses ...", flush=True)
    # the files come into answers/ when all are there, so that it never holds half of a run
    work = ANSWERS.with_name(".answers.partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        answer(work)
        ANSWERS.mkdir(exist_ok=True)
        for path in sorted(work.iterdir()):
            path.replace(ANSWERS / path.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))

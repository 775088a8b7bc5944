"""Print the questions of a project with their answers as JSON, as `make answers` shows them.

The project's own Python runs this file in the project's folder, because only the project knows its
questions and how their values are written. The result has an entry per question whose answer is in
answers/:

    {"q01_customers_by_nation": {"question": text, "definition": text, "rows": number of all rows,
                                 "columns": [{"name": text, "right": bool, "cells": [text, ...]}]}}

`cells` holds the first rows; the first argument says how many. The second one names a folder that
gets each answer as a CSV file that is safe to open in a spreadsheet.
"""

import csv
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, "scripts")
from formats import csv_rows, from_csv, is_right, shown, spreadsheet_text
from questions import Question, questions


def copied(rows: Iterator[list[str]], writer) -> Iterator[list[str]]:
    """The rows, each of which is written on its way."""
    for row in rows:
        writer.writerow([spreadsheet_text(text) for text in row])
        yield row


def table(path: Path, question: Question, most_rows: int, copy: Path) -> dict:
    """An answer as the pages show it; `copy` is the CSV file to write."""
    with copy.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        rows = copied(csv_rows(path), writer)
        header, *first = islice(rows, most_rows + 1)
        count = len(first) + sum(1 for _ in rows)
    columns = []
    for name, *texts in zip(header, *first, strict=True):
        kind = question.formats.get(name, "text")
        cells = [shown(kind, from_csv(kind, text)) for text in texts]
        columns.append({"name": name, "right": is_right(kind), "cells": cells})
    return {
        "question": question.text,
        "definition": question.definition,
        "rows": count,
        "columns": columns,
    }


if __name__ == "__main__":
    found = {}
    for name, question in questions().items():
        if (path := Path("answers", f"{name}.csv")).is_file():
            found[name] = table(path, question, int(sys.argv[1]), Path(sys.argv[2], path.name))
    json.dump(found, sys.stdout)

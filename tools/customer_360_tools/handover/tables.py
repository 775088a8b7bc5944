"""Print the questions of a project with their answers as JSON, as `make answers` shows them.

The project's own Python runs this file in the project's folder, because only the project knows its
questions and how their values are written. The result has an entry per question whose answer is in
answers/:

    {"q01_customers_by_nation": {"question": text, "definition": text, "rows": number of all rows,
                                 "columns": [{"name": text, "right": bool, "cells": [text, ...]}]}}

`cells` holds the first rows; the first argument says how many.
"""

import csv
import json
import sys
from pathlib import Path

sys.path.insert(0, "scripts")
from formats import from_csv, is_right, shown
from questions import Question, questions


def table(path: Path, question: Question, most_rows: int) -> dict:
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = []
    for name, *texts in zip(header, *rows[:most_rows], strict=True):
        kind = question.formats.get(name, "text")
        cells = [shown(kind, from_csv(kind, text)) for text in texts]
        columns.append({"name": name, "right": is_right(kind), "cells": cells})
    return {
        "question": question.text,
        "definition": question.definition,
        "rows": len(rows),
        "columns": columns,
    }


if __name__ == "__main__":
    found = {}
    for name, question in questions().items():
        if (path := Path("answers", f"{name}.csv")).is_file():
            found[name] = table(path, question, int(sys.argv[1]))
    json.dump(found, sys.stdout)

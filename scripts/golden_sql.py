"""What engines that do not run here get differently, for a person to read: `make golden`.

Writes tests/engines/golden/<warehouse>.sql, which a test compares with what is compiled now: the SQL
of each macro that depends on the engine (called in macro_calls.sql), what a later run of an incremental
model adds, and the options of tables. The rest of the SQL is the same everywhere.
"""

import difflib
import sys
import tempfile
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import rendering
from engines.compile_sql import Compiled, compiled_for_both_runs

GOLDEN = rendering.ROOT / "tests" / "engines" / "golden"
MACRO_CALLS = {"analysis/macro_calls.sql": (GOLDEN / "macro_calls.sql").read_text("utf-8")}
# which run on nothing here, so that a person has to read what they get
UNPROVED = ("bigquery", "redshift", "databricks")


def answers(warehouse: str) -> dict:
    return {"warehouse": warehouse, "elementary": False}


@cache
def both_runs(warehouse: str) -> Compiled:
    """The project for a warehouse at the target dev, compiled for a first and for a later run."""
    return compiled_with(warehouse, {})


def compiled_with(warehouse: str, more: dict[str, str]) -> Compiled:
    with tempfile.TemporaryDirectory() as work:
        return compiled_for_both_runs(answers(warehouse), "dev", Path(work), MACRO_CALLS | more)


def golden(warehouse: str, project: Compiled) -> str:
    """What golden/<warehouse>.sql has to hold."""
    sections = [
        f"-- What {warehouse} gets differently, for a review: make golden",
        f"-- Types of columns: {', '.join(column_types(project))}",
        "\n-- ======== macro_calls.sql",
        without_blank_lines(project.later["macro_calls"].partition("\n")[2]),
    ]
    for name in incremental(project):
        added = difflib.ndiff(project.first[name].splitlines(), project.later[name].splitlines())
        text = "\n".join(line[2:] for line in added if line.startswith("+ "))
        sections += [f"\n-- ======== {name}: what a later run adds", without_blank_lines(text)]
    sections += ["\n-- ======== options of tables", *options(project)]
    return "\n".join(sections) + "\n"


def incremental(project: Compiled) -> list[str]:
    """The names of incremental models."""
    nodes = project.nodes.items()
    return sorted(name for name, node in nodes if node.config.materialized == "incremental")


def without_blank_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def column_types(project: Compiled) -> list[str]:
    """The types that contracts promise."""
    columns = [column for node in project.nodes.values() for column in node.columns.values()]
    return sorted({column.data_type for column in columns if column.data_type})


def options(project: Compiled) -> list[str]:
    """What is configured of each table for its engine, and how incremental models are written."""
    lines = []
    for name, node in sorted(project.nodes.items()):
        if node.resource_type not in ("model", "snapshot"):
            continue
        found = {key: value for key, value in node.config._extra.items() if value is not None}
        if name in incremental(project):
            found |= {key: node.config[key] for key in ("incremental_strategy", "unique_key")}
        if found:
            words = [f"{key} = {value}" for key, value in sorted(found.items())]
            lines += [f"-- {name}: {'; '.join(words)}"]
    return lines


if __name__ == "__main__":
    for engine in UNPROVED:
        (GOLDEN / f"{engine}.sql").write_text(golden(engine, both_runs(engine)), "utf-8")

"""What BigQuery's analyzer is asked about a compiled project, and what it answers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import rendering
from virtual_environments import FOLDER, python_of

from .compile_sql import Compiled

LOCK = rendering.ROOT / "requirements" / "zetasql.txt"
PROGRAM = Path(__file__).with_name("bigquery_analyzer.py")

# BigQuery's types for what DuckDB finds in files
OF_FILES = {
    "BIGINT": "INT64",
    "BOOLEAN": "BOOL",
    "DATE": "DATE",
    "DECIMAL": "NUMERIC",
    "DOUBLE": "FLOAT64",
    "INTEGER": "INT64",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "VARCHAR": "STRING",
}
# what dbt adds to a snapshot
OF_SNAPSHOTS = [
    ["dbt_scd_id", "STRING"],
    ["dbt_updated_at", "TIMESTAMP"],
    ["dbt_valid_from", "TIMESTAMP"],
    ["dbt_valid_to", "TIMESTAMP"],
    ["dbt_is_deleted", "STRING"],
]


def analyzed(statements: list[dict[str, Any]], tables: dict[str, Any]) -> list[dict[str, Any]]:
    """The analyzer's answers, one per statement: see bigquery_analyzer.py."""
    python = python_of(LOCK.read_bytes(), "zetasql")
    done = subprocess.run(
        [python, PROGRAM, FOLDER / "zetasql-compiled"],
        input=json.dumps({"tables": tables, "statements": statements}),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"The analyzer of BigQuery failed:\n{done.stderr}")
    return json.loads(done.stdout)


def catalog(project: Compiled, data: Path) -> dict[str, list[list[str]]]:
    """The columns of the sources, whose Parquet files are in `data`, and of the seeds, by relation."""
    tables = {
        source.relation_name: _columns(data / f"{source.name}.parquet")
        for source in project.manifest.sources.values()
    }
    for node in project.manifest.nodes.values():
        if node.resource_type == "seed":
            found = dict(_columns(rendering.ROOT / "template" / node.original_file_path))
            declared = {name: kind.upper() for name, kind in node.config.column_types.items()}
            tables[node.relation_name] = [*map(list, (found | declared).items())]
    return tables


def _columns(file: Path) -> list[list[str]]:
    columns = duckdb.sql(f"describe from '{file}'").fetchall()
    return [[name, OF_FILES[kind.partition("(")[0]]] for name, kind, *_ in columns]


def statements(project: Compiled) -> list[dict[str, Any]]:
    """Every compiled statement, each after those whose tables it reads.

    A model whose SQL differs between a first run, which makes its table, and a later one comes twice.
    """
    found, later = [], []
    for node in in_order(project):
        # macro_calls only puts macros side by side, over tables that there are not
        if node.name not in project.later or node.name == "macro_calls":
            continue
        sql = project.later[node.name]
        first = project.first.get(node.name, sql)
        statement = {"name": node.name, "sql": first}
        if node.resource_type in ("model", "snapshot"):
            statement["makes"] = node.relation_name
        if node.resource_type == "snapshot":
            statement["more"] = OF_SNAPSHOTS
        found.append(statement)
        if first != sql:
            later.append({"name": f"{node.name}, later run", "sql": sql})
    return found + later


def in_order(project: Compiled) -> list[Any]:
    """The nodes of a project, each after those that it depends on."""
    nodes = {node.unique_id: node for node in project.manifest.nodes.values()}
    done: dict[str, Any] = {}

    def visit(name: str) -> None:
        if name in nodes and name not in done:
            for other in nodes[name].depends_on_nodes:
                visit(other)
            done[name] = nodes[name]

    for name in nodes:
        visit(name)
    return list(done.values())

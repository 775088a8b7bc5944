"""Where each column comes from: read off the SQL that dbt compiled, by sqlglot.

A model's column is traced through its own query to columns of what the query reads: models, seeds,
snapshots and sources. Columns that only filter, join or order are not origins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage

ROWS = "*"  # an origin that is no column: how many rows a table has
Origin = tuple[str, str]  # unique id of what is read, and its column or ROWS


def origins(
    sql: str, tables: Mapping[str, str], columns: Mapping[str, Iterable[str]], dialect: str
) -> dict[str, list[Origin]]:
    """The origins of each column of a query, in its order; none for a constant.

    `tables` gives the unique id of each relation as it is written in the SQL. `columns` gives the
    columns of those whose columns are known; every name that the query mentions is taken for a
    column of the others. Raises sqlglot.errors.SqlglotError when the SQL cannot be read.
    """
    ids = {}
    for number, (relation, unique_id) in enumerate(tables.items()):
        # short names: a source can be a call such as read_parquet('...')
        ids[f"t{number}"] = unique_id
        sql = sql.replace(relation, f"node.t{number}")
    query = sqlglot.parse_one(sql, dialect=dialect)
    mentioned = {column.name.lower() for column in query.find_all(exp.Column)}
    schema = {
        name: dict.fromkeys(columns.get(unique_id) or mentioned, "text")
        for name, unique_id in ids.items()
    }
    nodes = lineage(None, query, {"node": schema}, dialect=dialect)
    return {name.lower(): sorted(_leaves(node, query, ids)) for name, node in nodes.items()}


def _leaves(node: Node, query: exp.Expression, ids: Mapping[str, str]) -> set[Origin]:
    """The columns of tables at the ends of sqlglot's graph of a column."""
    found = set()
    for each in node.walk():
        if each.downstream:
            continue
        if isinstance(each.expression, exp.Table):
            table = each.expression.name.lower()  # sqlglot writes names as the engine does
            if table in ids:
                found.add((ids[table], each.name.split(".")[-1].strip('"').lower()))
        elif each.expression.find(exp.Count):  # count(*) reads no column
            found |= {(ids[name], ROWS) for name in _read(each.source, query, ids)}
    return found


def _read(select: exp.Expression, query: exp.Expression, ids: Mapping[str, str]) -> set[str]:
    """The short names of the tables that a part of the query is selected from."""
    found, seen = set(), set()
    waiting = [select]
    while waiting:
        each = waiting.pop()
        clauses = [*each.find_all(exp.From), *each.find_all(exp.Join)]
        tables = [table for clause in clauses for table in clause.find_all(exp.Table)]
        for name in {table.name.lower() for table in tables}:
            if name in ids:
                found.add(name)
            elif name not in seen:
                seen.add(name)
                parts = query.find_all(exp.CTE)
                waiting += [part.this for part in parts if part.alias.lower() == name]
    return found


def of_project(
    nodes: Mapping[str, dict[str, Any]], columns: Mapping[str, Iterable[str]], dialect: str
) -> dict[Origin, list[Origin]]:
    """The origins of every column of the nodes that have compiled SQL: (unique id, column)."""
    found: dict[Origin, list[Origin]] = {}
    for unique_id, node in nodes.items():
        if not node.get("compiled_code"):
            continue
        # itself too, where it is incremental
        reads = [i for i in (*node["depends_on"]["nodes"], unique_id) if i in nodes]
        tables = {nodes[i]["relation_name"]: i for i in reads if nodes[i].get("relation_name")}
        for column, read in origins(node["compiled_code"], tables, columns, dialect).items():
            found[unique_id, column] = [origin for origin in read if origin[0] != unique_id]
    return found


def first_origins(column: Origin, found: Mapping[Origin, list[Origin]]) -> list[Origin]:
    """Where a column comes from in the end: columns of sources and seeds, or rows of tables."""
    ends, seen, waiting = set(), set(), [column]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        if found.get(each):
            waiting += found[each]
        elif each != column and each not in found:  # a constant on the way is no origin
            ends.add(each)
    return sorted(ends)

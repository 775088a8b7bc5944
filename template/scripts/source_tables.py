"""The tables of a source, wherever they are: files, a DuckDB file, or a schema of the target.

`make source-scan` and `make sample` read a client's own source through this. Nothing is written there.
`write_rows` writes files in the form that the target local reads.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import session
from settings import PROJECT, Problem

SAMPLES = PROJECT / "samples"
FILES = (".parquet", ".csv", ".csv.gz")
DATABASES = (".duckdb", ".db")
# What DuckDB may use, whatever the size of the files; it writes the rest to disk.
MEMORY_LIMIT = "1GB"
BATCH = 10_000  # rows fetched at a time
# How a type's name begins, or ends, by kind; what is none of these is `other` (JSON, arrays ...).
KINDS = (
    ("time", r"date|timestamp|datetime"),
    ("boolean", r"bool"),
    ("integer", r"(tiny|small|big|huge|u|ubig|usmall|utiny|uhuge)?int|number\(\d+, ?0\)|serial"),
    ("number", r"num|dec|float|double|real|bignum|money"),
    ("text", r"(var)?char|character|text|string|bpchar|nvarchar|enum"),
    ("key", r"uuid"),
)

# types that DuckDB calls otherwise
TYPES = (
    (r"number\((\d+), ?(\d+)\)", r"decimal(\1, \2)"),
    (r"timestamp_(ntz|ltz).*|datetime|timestamp without.*", "timestamp"),
    (r"timestamp_tz.*|timestamp with .*", "timestamptz"),
    (r"(character varying|character|varchar|nvarchar|char|string|text|bpchar).*", "varchar"),
    (r"int64", "bigint"),
    (r"float64", "double"),
    (r"(big)?numeric|decimal", "decimal(38, 9)"),
    (r"variant|object|array|super|jsonb", "json"),
)


@dataclass
class Column:
    """A column of a table: its name, its type as the engine calls it, and its kind, one of KINDS."""

    name: str
    type: str
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        found = (kind for kind, words in KINDS if re.match(words, self.type.lower()))
        is_one = not self.type.endswith("[]") and "(" not in self.type.split("(", 1)[0]
        self.kind = next(found, "other") if is_one else "other"


@dataclass
class Source:
    """An open source. `tables` has, by name, what stands in SQL after `from`."""

    where: str  # for a reader
    tables: dict[str, str]
    columns: Callable[[str], list[Column]]
    query: Callable[[str], Iterator[Sequence[Any]]]
    quote: Callable[[str], str]

    def row(self, sql: str) -> Sequence[Any]:
        """The only row of a query."""
        [row] = self.query(sql)
        return row


def quoted(name: str) -> str:
    """A name as DuckDB takes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text as SQL of any engine."""
    return "'" + str(text).replace("'", "''") + "'"


def files_of(system: str, mapping: dict[str, Any]) -> Path:
    """The files that the target local reads of a system: a folder and `{identifier}` with an ending."""
    pattern = str(mapping.get("files", f"data/{system}/{{identifier}}.parquet"))
    variable = r"\{\{ *env_var\(['\"](\w+)['\"](?:, *['\"]([^'\"]*)['\"])?\) *\}\}"
    return PROJECT / re.sub(
        variable, lambda found: os.environ.get(found[1]) or found[2] or "", pattern
    )


def files_in(folder: Path) -> dict[str, Path]:
    """The Parquet and CSV files of a folder by the name of their table."""
    found = {}
    for path in sorted(folder.iterdir()):
        ending = next((ending for ending in FILES if path.name.lower().endswith(ending)), None)
        if ending and path.is_file() and not path.name.startswith("."):
            found.setdefault(path.name[: -len(ending)], path)
    return found


def is_path(place: str) -> bool:
    """Is a place a folder or a DuckDB file, not a schema?"""
    path = PROJECT / place
    return path.is_dir() or path.suffix in DATABASES or "/" in place or "\\" in place


@contextmanager
def opened(place: str) -> Iterator[Source]:
    """The source at a place: a folder, a DuckDB file, or `schema` or `database.schema` of the target.

    Raises Problem where there is nothing to read.
    """
    if is_path(place):
        with _duckdb(PROJECT / place) as source:
            yield source
    else:
        with _target(place) as source:
            yield source


@contextmanager
def _duckdb(path: Path) -> Iterator[Source]:
    import duckdb

    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"set temp_directory = {literal(PROJECT / 'target' / 'duckdb')}")
        connection.execute("set preserve_insertion_order = false")
        try:
            relations = _relations(connection, path)
        except (duckdb.Error, OSError) as error:
            first = str(error).splitlines()[0] if str(error) else repr(error)
            raise Problem(f"{path} can't be read: {first}") from error
        if not relations:
            raise Problem(f"{path} has no table: put Parquet or CSV files there, one per table.")

        def query(sql: str) -> Iterator[Sequence[Any]]:
            cursor = connection.cursor().execute(sql)
            while batch := cursor.fetchmany(BATCH):
                yield from batch

        def columns(table: str) -> list[Column]:
            return [Column(*row[:2]) for row in query(f"describe from {relations[table]}")]

        yield Source(str(path), relations, columns, query, quoted)


def _relations(connection: Any, path: Path) -> dict[str, str]:
    """Tables by name, of a folder of files or of a DuckDB file."""
    if path.is_dir():
        relations = {}
        for name, file in files_in(path).items():
            if file.suffix == ".parquet":
                relations[name] = f"read_parquet({literal(file)})"
                connection.execute(f"describe from {relations[name]}")  # is it Parquet?
            else:
                # types by all rows: an invoice called C1001 may come after 100,000 numbers
                [[prompt]] = connection.execute(
                    f"select Prompt from sniff_csv({literal(file)}, sample_size = -1)"
                ).fetchall()
                relations[name] = prompt.removeprefix("FROM ").rstrip(";")
        return relations
    if not path.is_file():
        raise Problem(
            f"{path} isn't there. FROM is a folder, a DuckDB file, or a schema of the target."
        )
    connection.execute(f"attach {literal(path)} as source (read_only)")
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'source' "
        "union all select schema_name, view_name from duckdb_views() "
        "where database_name = 'source' and not internal order by all"
    ).fetchall()
    return {table: f"source.{quoted(schema)}.{quoted(table)}" for schema, table in found}


@contextmanager
def _target(place: str) -> Iterator[Source]:
    """The schema `place` of the target that DBT_TARGET names, through dbt's own connection."""
    session.invoke(["parse"])
    adapter = session.adapter()
    database, _, schema = place.rpartition(".")
    database = database or adapter.config.credentials.database
    with adapter.connection_named("source"):
        try:
            found = adapter.list_relations(database, schema)
        except Exception as error:
            raise Problem(
                f"{place} can't be read: {str(error).strip()}\nRun make doctor."
            ) from error
        relations = {relation.identifier: relation for relation in found}
        if not relations:
            raise Problem(
                f"{place} has no table on the target {adapter.config.target_name}, or you may not see "
                "it. FROM names a folder, a DuckDB file, or a schema of the target."
            )
        yield Source(
            place,
            {name: str(relation) for name, relation in sorted(relations.items())},
            lambda table: [
                Column(column.name, column.data_type)
                for column in adapter.get_columns_in_relation(relations[table])
            ],
            lambda sql: session.query(adapter, sql)[1],
            adapter.quote,
        )


def write_rows(columns: Sequence[Column], rows: Iterable[Sequence[Any]], file: Path) -> None:
    """Write rows as Parquet, or as CSV where the file's name says so, in the types of the source."""
    import duckdb

    lines = file.with_suffix(".json")
    with lines.open("w", encoding="utf-8") as stream:
        for row in rows:
            values = {column.name: value for column, value in zip(columns, row, strict=True)}
            stream.write(json.dumps(values, default=str) + "\n")
    # JSON and the like come as their text, which read_json would quote once more
    types = {one.name: "varchar" if one.kind == "other" else _duckdb_type(one) for one in columns}
    listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    selected = ", ".join(
        f"cast({quoted(one.name)} as {_duckdb_type(one)}) as {quoted(one.name)}" for one in columns
    )
    kind = "csv, header" if file.suffix == ".csv" else "parquet, compression zstd"
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT}) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            f"copy (select {selected} from read_json({literal(lines)}, columns = {{{listed}}}, "
            f"format = 'newline_delimited')) to {literal(file)} (format {kind})"
        )
    lines.unlink()


def _duckdb_type(column: Column) -> str:
    """The type that DuckDB has for a column of another engine."""
    text = column.type.lower()
    for pattern, ours in TYPES:
        if re.fullmatch(pattern, text):
            return re.sub(pattern, ours, text)
    return column.type

"""Google's own analyzer of BigQuery's SQL: `python bigquery_analyzer.py CACHE < request > result`.

Runs in an environment of its own, with zetasql (requirements/zetasql.txt), which is that analyzer as
WebAssembly. The folder CACHE keeps its compiled form: compiling takes a minute, loading two seconds.

The request is JSON: `tables` is the catalog to start with, {relation: [[column, type], ...]}, and
`statements` are queries in an order in which each finds its tables. The columns of a statement that
`makes` a relation go into the catalog, followed by its `more` columns. The result is a list, one
{"error": text or null, "columns": [[column, type], ...]} per statement.

It finds functions, columns and types that BigQuery refuses. It accepts an outer join without an
equality, which BigQuery refuses when the query runs: test_dialects.py has a rule for that.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys
from pathlib import Path
from typing import Any

from zetasql.core import wasm_client

KINDS = {
    "BIGNUMERIC": "TYPE_BIGNUMERIC",
    "BOOL": "TYPE_BOOL",
    "DATE": "TYPE_DATE",
    "DATETIME": "TYPE_DATETIME",
    "FLOAT64": "TYPE_DOUBLE",
    "INT64": "TYPE_INT64",
    "NUMERIC": "TYPE_NUMERIC",
    "STRING": "TYPE_STRING",
    "TIMESTAMP": "TYPE_TIMESTAMP",
}
# names of types that BigQuery knows and the analyzer alone does not
ALIASES = {"bigint": "int64", "boolean": "bool", "decimal": "numeric", "int": "int64"}
ALIASES["integer"] = "int64"


def load_faster(cache: Path) -> None:
    """Keep the compiled module in a folder, and copy texts as a whole instead of byte by byte."""

    class Kept(wasm_client.Config):
        def __init__(self) -> None:
            super().__init__()
            cache.mkdir(parents=True, exist_ok=True)
            settings = cache / "wasmtime.toml"
            settings.write_text(f'[cache]\ndirectory = "{cache.resolve()}"\n')
            self.cache = str(settings)

    def write_bytes(self, pointer: int, data: bytes) -> None:
        start = ctypes.addressof(self.memory.data_ptr().contents)
        ctypes.memmove(start + pointer, data, len(data))

    def read_bytes(self, pointer: int, size: int) -> bytes:
        return ctypes.string_at(ctypes.addressof(self.memory.data_ptr().contents) + pointer, size)

    wasm_client.Config = Kept
    wasm_client.WasmClient.write_bytes = write_bytes
    wasm_client.WasmClient.read_bytes = read_bytes


def plain(sql: str) -> str:
    """The statement with tables named by one word, and types by the analyzer's names."""
    sql = re.sub(r"`([\w-]+)`\.`(\w+)`\.`(\w+)`", r"\2__\3", sql)
    names = "|".join(ALIASES)
    return re.sub(rf"(?i)\bas ({names})\b", lambda found: f"as {ALIASES[found[1].lower()]}", sql)


class Engine:
    """The analyzer and a catalog that grows."""

    def __init__(self) -> None:
        from zetasql.types import (
            AnalyzerOptions,
            ErrorMessageMode,
            LanguageFeature,
            LanguageOptions,
            ProductMode,
            TypeKind,
            ZetaSQLBuiltinFunctionOptions,
        )

        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        language.enabled_language_features = [
            feature
            for feature in language.enabled_language_features
            # with it, cast(x as numeric(15, 2)) would pass, which BigQuery refuses
            if feature != LanguageFeature.FEATURE_PARAMETERIZED_TYPES
        ]
        self._options = AnalyzerOptions(language_options=language)
        self._options.error_message_mode = ErrorMessageMode.ERROR_MESSAGE_ONE_LINE
        self._functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
        self._kinds = {name: getattr(TypeKind, kind) for name, kind in KINDS.items()}
        self._names = {kind.value: name for name, kind in self._kinds.items()}
        self._tables: dict[str, Any] = {}
        self._catalog = None

    def add(self, relation: str, columns: list[list[str]]) -> None:
        from zetasql.api import TableBuilder

        name = plain(relation)
        builder = TableBuilder(name)
        for column, kind in columns:
            builder.add_column(column, self._kinds[kind])
        self._tables[name] = builder.build()
        self._catalog = None

    def columns(self, sql: str) -> list[list[str]]:
        """The columns of a query, each with its type. Raises what zetasql raises."""
        from zetasql.api import Analyzer, CatalogBuilder

        if self._catalog is None:
            builder = CatalogBuilder("catalog").with_builtin_functions(self._functions)
            for table in self._tables.values():
                builder.add_table(table)
            self._catalog = builder.build()
        found = Analyzer(self._options, self._catalog).analyze_statement(plain(sql))
        columns = []
        for column in found.output_column_list:
            kind = column.column.type.type_kind
            columns.append([column.name, self._names.get(getattr(kind, "value", kind), str(kind))])
        return columns


def analyze(request: dict[str, Any]) -> list[dict[str, Any]]:
    engine = Engine()
    for relation, columns in request["tables"].items():
        engine.add(relation, columns)
    results = []
    for statement in request["statements"]:
        try:
            columns = engine.columns(statement["sql"])
        except Exception as error:  # noqa: BLE001 - its errors have no class of their own
            results.append({"error": str(error), "columns": []})
            continue
        if statement.get("makes"):
            engine.add(statement["makes"], columns + statement.get("more", []))
        results.append({"error": None, "columns": columns})
    return results


if __name__ == "__main__":
    load_faster(Path(sys.argv[1]))
    json.dump(analyze(json.load(sys.stdin)), sys.stdout)

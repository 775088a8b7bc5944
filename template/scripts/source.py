"""Write the staging of a system from its mapping: `make source SYSTEM=shop`; without SYSTEM, of all.

Reads mappings/<system>.yml and writes models/staging/<system>/: a view per entity, their YAML, and
the sources. macros/mappings.sql tells dbt's other models what the mappings hold, and the var
`delivered` in dbt_project.yml what there is at all. What was written is remembered by its hash in
mappings/.written.json: a file that was edited since is left alone, and nothing is written, unless
FORCE=1 says to write it again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import sqlfluff
from sqlfluff.core import FluffConfig

from mapping import (
    MAPPINGS,
    SCHEMA,
    Mapping,
    contract,
    entities,
    mappings,
    sql_of,
    tables_of,
    values_of,
)
from settings import PROJECT, Problem

WRITTEN = MAPPINGS / ".written.json"
# Heading of the columns in a view, and per type: the SQL type, and its name in a contract.
GROUPS = {
    "ids": ("key",),
    "strings": ("string",),
    "numerics": ("integer", "amount", "rate"),
    "booleans": ("boolean",),
    "dates": ("date",),
}
TYPES = {
    "key": ("{{ key_type() }}", "\"{{ var('key_type', 'bigint') }}\""),
    "string": ("{{ dbt.type_string() }}", "string"),
    "integer": ("{{ dbt.type_int() }}", "integer"),
    "amount": (
        "{{ amount_type() }}",
        "numeric({{ 13 + var('amount_places', 2) }}, {{ var('amount_places', 2) }})",
    ),
    "rate": (
        "{{ rate_type() }}",
        "numeric({{ 13 + var('rate_places', 2) }}, {{ var('rate_places', 2) }})",
    ),
    "boolean": ("{{ dbt.type_boolean() }}", "boolean"),
    "date": ("date", "date"),
    "timestamp": ("{{ dbt.type_timestamp() }}", "timestamp"),
}
DOCUMENTED = set(
    re.findall(r"{% docs (\w+) %}", (PROJECT / "models" / "_columns.md").read_text("utf-8"))
)
YAML_WORDS = {"n", "y", "no", "yes", "on", "off", "true", "false", "null"}
AGGREGATE = re.compile(r"\b(min|max|sum|count|avg)\s*\(", re.IGNORECASE)
KEYS = {
    "customers": ["customer_key"],
    "orders": ["order_key"],
    "order_lines": ["order_key", "line_number"],
    "products": ["product_key"],
    "nations": ["nation_key"],
    "regions": ["region_key"],
    "suppliers": ["supplier_key"],
    "part_supply": ["product_key", "supplier_key"],
}


# --- one view -------------------------------------------------------------------------------------
class View:
    """The staging view of an entity: its SQL, and its entry in the YAML."""

    def __init__(self, system: str, entity: str, mapping: Mapping) -> None:
        self.system, self.entity, self.mapping = system, entity, mapping
        self.about = mapping[entity]
        self.name = f"stg_{system}__{self.about.get('view', entity)}"
        self.columns: dict[str, tuple[str, str]] = {}  # name to type and SQL
        for name, column in self.about["columns"].items():
            self._add(name, column)
        self._derive()

    def _add(self, name: str, column: Any) -> None:
        kind = self._kind(name)
        sql, words = sql_of(column), values_of(column)
        if kind == "date" and "time_zone" in self.mapping:
            sql = f"{{{{ local_time({json.dumps(sql)}, {self.mapping['time_zone']!r}) }}}}"
        mapped = _case(sql, words)
        if name == "order_status" and mapped != sql:
            self.columns["order_state"] = ("string", mapped)
        elif mapped != sql:
            sql = mapped
        self.columns[name] = (kind, sql)

    def _kind(self, name: str) -> str:
        about = self.about["columns"].get(name)
        if name == "line_number":
            return "integer"
        given = contract(self.entity).get(name, {}).get("x-type")
        return given or (about.get("type", "string") if isinstance(about, dict) else "string")

    def _derive(self) -> None:
        """Add the columns that are made of others: a missing key, and the price of a line."""
        columns = self.about["columns"].items()
        own = [sql_of(column) for name, column in columns if name != KEYS[self.entity][0]]
        listed = "\n".join(f"{' ' * 12}{json.dumps(sql)}," for sql in own)
        loaded_at = f", {json.dumps(self._loaded_at())}" if self._loaded_at() else ""
        if self.entity == "orders" and "order_key" not in self.columns:
            self.columns = {
                "order_key": ("key", f"{{{{ stable_key([\n{listed}\n{' ' * 8}]{loaded_at}) }}}}"),
                **self.columns,
            }
        if self.entity == "order_lines":
            if "line_number" not in self.columns:
                order = self.columns["order_key"][1]
                call = f"{{{{ line_number({json.dumps(order)}, [\n{listed}\n{' ' * 8}]) }}}}"
                self.columns["line_number"] = ("integer", call)
            if "unit_price" in self.columns:
                quantity, price = (
                    f"cast({self.columns[name][1]} as {TYPES['amount'][0]})"
                    for name in ("quantity", "unit_price")
                )
                del self.columns["unit_price"]
                self.columns["extended_price"] = ("amount", f"{quantity} * {price}")

    def _ordered(self) -> list[tuple[str, str, str, str]]:
        """Heading, name, type and SQL of the columns, as they stand in the view."""
        ordered = []
        for heading, kinds in GROUPS.items():
            for name, (kind, sql) in self.columns.items():
                in_ids = name == "line_number"
                if (kind in kinds and not in_ids) or (heading == "ids" and in_ids):
                    ordered.append((heading, name, kind, sql))
        return [*ordered, ("timestamps", "loaded_at", "timestamp", self._loaded_at())]

    def _loaded_at(self) -> str:
        return sql_of(self.about.get("loaded_at") or self.mapping.get("loaded_at") or "")

    def where(self) -> list[str]:
        """Conditions of the rows that the view keeps, in the source's SQL."""
        conditions = []
        if "filter" in self.about:
            conditions.append(f"({sql_of(self.about['filter'])})")
        if "deleted" in self.about:
            conditions.append(f"not coalesce({sql_of(self.about['deleted'])}, false)")
        if self.about.get("grouped") and self.entity not in ("orders", "order_lines"):
            conditions.append(f"{self.columns[KEYS[self.entity][0]][1]} is not null")
        return conditions

    def sql(self) -> str:
        """The file of the view."""
        key = self.columns[KEYS[self.entity][0]][1]
        grouped = self.about.get("grouped", False)
        lines, heading = [], ""
        for group, name, kind, sql in self._ordered():
            if group != heading:
                lines += [*([""] if heading else []), f"        -- {group}"]
                heading = group
            if grouped and sql != key and not AGGREGATE.search(sql):
                sql = f"max({sql or '{{ loaded_at() }}'})"
            if name == "loaded_at" and not sql:
                lines.append("        {{ loaded_at() }} as loaded_at,")
            else:
                line = f"        cast({sql} as {TYPES[kind][0]}) as {name},"
                if "\n" not in line and len(line) > 100:
                    inner = f"{' ' * 12}{sql}\n{' ' * 12}as {TYPES[kind][0]}"
                    line = f"        cast(\n{inner}\n        ) as {name},"
                lines.append(line)
        lines[-1] = lines[-1].rstrip(",")
        ctes = [
            (table, f"    select * from {{{{ source('{self.system}', '{table}') }}}}\n")
            for table in self.about.get("tables", [])
        ]
        table = self.about.get("table")
        rows = (
            f"    select * from {{{{ source('{self.system}', '{table}') }}}}\n"
            if table
            else textwrap.indent(self.about["query"].strip(), "    ") + "\n"
        )
        if self.where():
            condition = " and ".join(self.where())
            rows = f"{rows}    where {condition}\n" if table else rows
        ctes.append(("source", rows))
        source = "source"
        if self.where() and not table:
            source = "filtered"
            ctes.append(
                (source, f"    select * from source\n    where {' and '.join(self.where())}\n")
            )
        group_by = f"    group by {key}\n" if grouped else ""
        body = "    select\n" + "\n".join(lines) + f"\n\n    from {source}\n{group_by}"
        ctes.append(("renamed", body))
        return (
            "with\n\n"
            + ",\n\n".join(f"{name} as (\n\n{rows}\n)" for name, rows in ctes)
            + "\n\nselect * from renamed\n"
        )

    def formatted(self) -> str:
        """The file of the view as `make format` leaves it. Plain columns are in that form already."""
        written = [sql_of(column) for column in self.about["columns"].values()]
        written += [sql_of(self.about.get(name, "")) for name in ("filter", "deleted", "loaded_at")]
        if "query" in self.about or not all(re.fullmatch(r"\w*", sql) for sql in written):
            return sqlfluff.fix(self.sql(), config=_style())
        return self.sql()

    def yaml(self) -> str:
        """The view's entry in the YAML of the models."""
        row = SCHEMA["properties"][self.entity]["x-row"]
        text = self.about.get("description") or (
            f"{row.capitalize()}s of the source, renamed and cast. One row per {row}."
        )
        lines = [
            f"  - name: {self.name}",
            "    description: |-",
            *textwrap.wrap(text.strip(), 100, initial_indent=" " * 6, subsequent_indent=" " * 6),
            "",
            "      ```sql",
            f"      select count(*) as {row.replace(' ', '_')}s from {self.name}",
            "      ```",
            "    columns:",
        ]
        for _, name, kind, _sql in self._ordered():
            lines += self._column_yaml(name, kind)
        return "\n".join(lines) + "\n"

    def _column_yaml(self, name: str, kind: str) -> list[str]:
        given = self.about["columns"].get(name)
        long = given if isinstance(given, dict) else {}
        known = contract(self.entity).get(name, {})
        if name == "order_state":
            description = "What the status means: `placed` or `cancelled`."
        elif "description" in long:
            description = long["description"]
        elif name in DOCUMENTED and not known.get("x-no-doc"):
            description = f"{{{{ doc('{name}') }}}}"
        else:
            description = known.get("description", f"{name.replace('_', ' ').capitalize()}.")
        lines = [
            f"      - name: {name}",
            f"        description: {_scalar(description)}",
            f"        data_type: {TYPES[kind][1]}",
        ]
        if long.get("personal", known.get("x-personal", False)):
            lines += ["        config:", "          tags:", "            - pii"]
        words = values_of(given)
        if words and name != "order_status" and _case("", words) == "":
            listed = ", ".join(_scalar(word) for word in words)
            lines += [
                "        data_tests:",
                "          - accepted_values:",
                "              arguments:",
                f"                values: [{listed}]",
            ]
        return lines

    def facts(self) -> dict[str, Any]:
        """What other models have to know: where rows come from, and the source's own expressions."""
        about: dict[str, Any] = {"model": self.name, "columns": list(self.columns)}
        if "table" in self.about:
            about["table"] = self.about["table"]
        else:
            about |= {"tables": self.about["tables"], "query": self.about["query"].strip()}
        if self.where():
            about["where"] = " and ".join(self.where())
        if self.about.get("grouped"):
            about["grouped"] = True
        about["sql"] = {name: sql_of(column) for name, column in self.about["columns"].items()}
        words = {
            name: sorted(set(values_of(column).values()))
            for name, column in self.about["columns"].items()
            if _case("", values_of(column)) != ""
        }
        return about | ({"words": words} if words else {})


def _case(sql: str, words: dict[str, str]) -> str:
    """An expression in our words; a word that has none of ours stays, and is refused by its name."""
    if all(theirs == ours for theirs, ours in words.items()):
        return sql
    quoted = {_quoted(theirs): _quoted(ours) for theirs, ours in words.items()}
    text = f"cast({sql} as {TYPES['string'][0]})"
    cases = "\n".join(f"            when {theirs} then {ours}" for theirs, ours in quoted.items())
    return f"case {text}\n{cases}\n            else {text}\n        end"


@cache
def _style() -> FluffConfig:
    return FluffConfig.from_path(str(PROJECT / "models"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _scalar(text: str) -> str:
    """A text as a YAML scalar on one line, in quotes only where it needs them."""
    plain = re.fullmatch(r"[A-Za-z][^:#{}\[\]&*!|>'\"%@`\n]*[^:\s]|[A-Za-z]", text)
    is_text = plain and text.lower() not in YAML_WORDS
    return text if is_text else json.dumps(text, ensure_ascii=False)


# --- all files ------------------------------------------------------------------------------------
def sources_yaml(system: str, mapping: Mapping) -> str:
    """The file that declares the tables of a system to dbt."""
    files = mapping.get("files", f"data/{system}/{{identifier}}.parquet")
    reader = "read_csv" if files.lower().endswith(".csv") else "read_parquet"
    readers: dict[str, list[str]] = {table: [] for table in tables_of(mapping)}
    for name, entity in entities(mapping).items():
        for table in entity.get("tables") or [entity["table"]]:
            readers[table].append(name)
    description = mapping.get("description", f"The tables of {system} as the loader left them.")
    indent = {"width": 98, "initial_indent": " " * 6, "subsequent_indent": " " * 6}
    lines = [
        "version: 2",
        "sources:",
        f"  - name: {system}",
        "    description: >-",
        *textwrap.wrap(" ".join(description.split()), **indent),
        f"    database: {_setting(mapping, 'database')}",
        f"    schema: {_setting(mapping, 'schema')}",
        "    config:",
    ]
    for name, text in mapping.get("freshness", {}).items():
        count, period = text.split()
        if "      freshness:" not in lines:
            lines.append("      freshness:")
        lines.append(f"        {name}: {{count: {count}, period: {period.removesuffix('s')}}}")
    if "freshness" in mapping:
        column = sql_of(mapping.get("loaded_at", ""))
        field = _scalar(column) if column else "\"{{ var('source_loaded_at') }}\""
        lines.append(f"      loaded_at_field: {field}")
    lines += [
        "      meta:",
        "        external_location: >-",
        f"          {reader}('{files}')",
        "    tables:",
    ]
    for table, names in readers.items():
        rows = [SCHEMA["properties"][name]["x-row"] for name in names]
        entity = mapping[names[0]]
        one = len(names) == 1 and "table" in entity and not entity.get("grouped")
        text = f"One row per {rows[0]}." if one else f"Read for every {' and '.join(rows)}."
        lines += [f"      - name: {table}", f"        description: {text}"]
    return "\n".join(lines) + "\n"


def _setting(mapping: Mapping, name: str) -> str:
    return _scalar(mapping[name]) if name in mapping else f"\"{{{{ var('source_{name}') }}}}\""


def mappings_macro(found: dict[str, Mapping]) -> str:
    """macros/mappings.sql: what dbt's models have to know of every mapping."""
    facts = {
        system: {name: View(system, name, mapping).facts() for name in entities(mapping)}
        for system, mapping in found.items()
    }
    return (
        "{#\n    What the mappings hold, by system and entity. `make source` writes this file from mappings/.\n#}\n"
        "{% macro mappings() %}\n    {% do return("
        + textwrap.indent(json.dumps(facts, indent=4), "    ").lstrip()
        + ") %}\n{% endmacro %}\n"
    )


def files_of(system: str, mapping: Mapping) -> dict[str, str]:
    """The files of a system's staging, by path."""
    folder = f"models/staging/{system}"
    views = [View(system, name, mapping) for name in entities(mapping)]
    made = {f"{folder}/{view.name}.sql": view.formatted() for view in views}
    entries = "".join(view.yaml() for view in sorted(views, key=lambda view: view.name))
    made[f"{folder}/_{system}__models.yml"] = "version: 2\nmodels:\n" + entries
    made[f"{folder}/_{system}__sources.yml"] = sources_yaml(system, mapping)
    return made


# --- what was written -----------------------------------------------------------------------------
def _hash(text: str) -> int:
    """A number that tells a text from its edits, whatever its line ends are."""
    return int(hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()[:12], 16)


def edited_files(made: dict[str, str], record: dict[str, int], gone: list[str]) -> list[str]:
    """Files with edits made since make source last wrote them."""
    edited = []
    for path in [*made, *gone]:
        file = PROJECT / path
        if file.is_file():
            text = file.read_text("utf-8")
            if text != made.get(path) and record.get(path) != _hash(text):
                edited.append(path)
    return edited


def main(system: str | None) -> None:
    found = mappings()
    if system and system not in found:
        raise Problem(
            f"mappings/{system}.yml doesn't exist. Write it first; mappings/tpch.yml is an example."
        )
    made = {"macros/mappings.sql": mappings_macro(found)}
    for name, mapping in found.items():
        if system in (None, "", name):
            made |= files_of(name, mapping)
    record = json.loads(WRITTEN.read_text("utf-8")) if WRITTEN.is_file() else {}
    folders = {str(Path(path).parent) for path in made if path.startswith("models/")}
    gone = [path for path in record if str(Path(path).parent) in folders and path not in made]
    if edited := edited_files(made, record, gone):
        if os.environ.get("FORCE", "0") in ("", "0"):
            raise Problem(
                "These files were edited since make source wrote them, so nothing was written:\n  "
                + "\n  ".join(edited)
                + "\nMove the edits into the mapping, or write them again with FORCE=1, which loses them."
            )
        print("Edits are lost in " + ", ".join(edited) + ".")
    for path in gone:
        (PROJECT / path).unlink(missing_ok=True)
        print(f"  removed {path}")
        del record[path]
    changed = 0
    for path, text in made.items():
        file = PROJECT / path
        if not file.is_file() or file.read_text("utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="\n")
            print(f"  wrote {path}")
            changed += 1
        record[path] = _hash(text)
    WRITTEN.write_text(json.dumps(dict(sorted(record.items())), indent=2) + "\n", "utf-8")
    print(f"{changed} files written. Next: make build" if changed else "Nothing to change.")
    if unread := sorted(found.keys() - {"tpch"}):
        print(
            "models/intermediate reads the staging of tpch only. To use "
            f"{' and '.join(unread)} in the marts, change its models to read it."
        )


if __name__ == "__main__":
    main(os.environ.get("SYSTEM") or None)

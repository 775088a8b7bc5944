"""Write the staging of a system from its mapping: `make source SYSTEM=shop`; without SYSTEM, of all.

Reads mappings/<system>.yml and writes models/staging/<system>/: a view per entity, their YAML, and
the sources. macros/mappings.sql tells dbt's other models what the mappings hold. What was written is
remembered by its hash in mappings/.written.json: a file that was edited since is left alone, and
nothing is written, unless FORCE=1 says to write it again. `source.py remove` takes a system away.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import sys
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import sqlfluff
from dbt_osmosis.core.schema.parser import create_yaml_instance
from sqlfluff.core import FluffConfig

from mapping import (
    AGGREGATE,
    MAPPINGS,
    OUR_WORDS,
    SCHEMA,
    Mapping,
    completed,
    contract,
    entities,
    mappings,
    sql_of,
    tables_of,
    values_of,
)
from questions import questions, why_skipped
from settings import PROJECT, Problem, read_yaml

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
# a row of the marketing spend that comes with the template
SHIPPED_SPEND = "1992-01-01,AUTOMOBILE,events,1317.36"
NEVER_LOADED = "'1970-01-01 00:00:00'"  # of rows without a load time
YAML_WORDS = {"n", "y", "no", "yes", "on", "off", "true", "false", "null"}
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
        if kind == "key" and "key_prefix" in self.mapping:
            sql = f"{_quoted(self.mapping['key_prefix'])} || cast({sql} as {TYPES['string'][0]})"
        mapped = _case(sql, words, nulls=name in OUR_WORDS)
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
            made = f"{{{{ stable_key([\n{listed}\n{' ' * 8}]{loaded_at}) }}}}"
            if "key_prefix" in self.mapping:
                made = f"{_quoted(self.mapping['key_prefix'])} || {made}"
            self.columns = {"order_key": ("key", made), **self.columns}
        if self.entity == "order_lines":
            if "line_number" not in self.columns:
                order = sql_of(self.about["columns"]["order_key"])
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
        """The load time in the source's SQL; empty where the var source_loaded_at names it."""
        given = self.about.get("loaded_at", self.mapping.get("loaded_at", ""))
        return NEVER_LOADED if given is False else sql_of(given)

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
        written += [sql_of(self.mapping.get(name, "")) for name in ("loaded_at", "key_prefix")]
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
            *_description(description),
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
        """What dbt's models have to know: the view, and the source's own expressions."""
        about: dict[str, Any] = {"model": self.name, "columns": list(self.columns)}
        if "table" in self.about:
            about["table"] = self.about["table"]
        else:
            about |= {"tables": self.about["tables"], "query": self.about["query"].strip()}
        if self.where():
            about["where"] = " and ".join(self.where())
        about["sql"] = {name: sql_of(column) for name, column in self.about["columns"].items()}
        if self.about.get("grouped"):
            key = about["group_by"] = about["sql"][KEYS[self.entity][0]]
            about["same"] = {
                name: sql
                for name, sql in about["sql"].items()
                if sql != key and not AGGREGATE.search(sql)
            }
            about["sql"] |= {name: f"max({sql})" for name, sql in about["same"].items()}
        if "time_zone" in self.mapping:
            about["time_zone"] = self.mapping["time_zone"]
        given = self.about.get("loaded_at", self.mapping.get("loaded_at"))
        if given is not None:
            about["loaded_at"] = given if given is False else sql_of(given)
        if given and "group_by" in about and not AGGREGATE.search(sql_of(given)):
            about["loaded_at"] = f"max({sql_of(given)})"
        words = {
            name: sorted(set(values_of(column).values()))
            for name, column in self.about["columns"].items()
            if _case("", values_of(column)) != ""
        }
        return about | ({"words": words} if words else {})


def line_of_order(orders: dict[str, Any]) -> dict[str, Any]:
    """What dbt's models have to know of order lines where each order is one line of its amount."""
    left_out = ("columns", "sql", "words")
    about = {name: value for name, value in orders.items() if name not in left_out}
    kept = {"order_key": "order_key", "amount": "extended_price", "tax": "tax"}
    about["columns"] = [ours for name, ours in kept.items() if name in orders["columns"]]
    about["renamed"] = {"extended_price": "amount"}
    about["sql"] = {
        ours: orders["sql"][name] for name, ours in kept.items() if name in orders["sql"]
    }
    return about


def _case(sql: str, words: dict[str, str], nulls: bool = False) -> str:
    """An expression in our words; a word that has none of ours stays, and is refused by its name.

    nulls: a null is the word "", which has to have one of ours, too.
    """
    if all(theirs == ours for theirs, ours in words.items()):
        return sql
    quoted = {_quoted(theirs): _quoted(ours) for theirs, ours in words.items()}
    text = f"cast({sql} as {TYPES['string'][0]})"
    if nulls:
        text = f"coalesce({text}, '')"
    cases = "\n".join(f"            when {theirs} then {ours}" for theirs, ours in quoted.items())
    return f"case {text}\n{cases}\n            else {text}\n        end"


@cache
def _style() -> FluffConfig:
    return FluffConfig.from_path(str(PROJECT / "models"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _description(text: str) -> list[str]:
    """The lines of a column's description, as dbt-osmosis writes them: make yaml-check looks."""
    if "{{" in text:
        return [f"        description: {json.dumps(text, ensure_ascii=False)}"]
    stream = io.StringIO()
    # at the depth of a column; below another key, because dbt-osmosis counts no depth in its files
    nested = {
        "models": [{"name": "model", "entries": [{"name": "x", "description": text.strip()}]}]
    }
    create_yaml_instance().dump(nested, stream)
    written = (
        "        description:" + stream.getvalue().split("        description:", 1)[1].rstrip()
    )
    # where it would leave a blank at the end of a line, yamllint's word counts
    return [re.sub(r" \n +", " ", written)]


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
    facts = {}
    for system, given in found.items():
        mapping = completed(given)
        facts[system] = {name: View(system, name, mapping).facts() for name in entities(mapping)}
        if "order_lines" not in mapping:
            facts[system]["order_lines"] = line_of_order(facts[system]["orders"])
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


def check_keys(found: dict[str, Mapping]) -> None:
    """Raise Problem where keys of two systems could be mistaken for each other."""
    plain = [system for system, mapping in found.items() if "key_prefix" not in mapping]
    prefixes = [mapping["key_prefix"] for mapping in found.values() if "key_prefix" in mapping]
    if len(plain) > 1 and "tpch" in plain:
        others = " and ".join(system for system in plain if system != "tpch")
        raise Problem(
            f"TPC-H, the sample data, would count beside {others}. Remove it first:\n"
            "  make source-remove SYSTEM=tpch"
        )
    if len(plain) > 1:
        raise Problem(
            f"{' and '.join(plain)} may have the same keys for different things. The system that you "
            f"built first keeps its keys; give the other a prefix, such as\n  key_prefix: '{plain[-1]}:'"
        )
    if twice := {prefix for prefix in prefixes if prefixes.count(prefix) > 1}:
        raise Problem(f"Two systems have the key_prefix {twice.pop()!r}. Give each its own.")
    settings = read_yaml(PROJECT / "dbt_project.yml")["vars"]
    if prefixes and settings.get("key_type", "bigint") != "string":
        raise Problem(
            "Keys with a prefix are text. Set the var key_type to string in dbt_project.yml, and build "
            "once with FULL_REFRESH=1."
        )


def lacking(found: dict[str, Mapping]) -> list[str]:
    """What no system has, in words of the var left_out; spend isn't a matter of mappings."""
    columns = {
        name
        for mapping in found.values()
        for name in mapping.get("customers", {}).get("columns", {})
    }
    has = {
        "segments": "market_segment" in columns,
        "geography": bool({"nation_key", "nation_name"} & columns),
        "products": any("products" in mapping for mapping in found.values()),
    }
    return [name for name, there in has.items() if not there]


def spend_left_out() -> list[str]:
    """The word `spend`, where the client has put it into the var left_out."""
    settings = read_yaml(PROJECT / "dbt_project.yml")["vars"]
    return [word for word in settings.get("left_out") or [] if word == "spend"]


def set_left_out(words: list[str]) -> None:
    """Write the var left_out in dbt_project.yml, and say which questions that concerns."""
    path = PROJECT / "dbt_project.yml"
    text = path.read_text("utf-8")
    line = f"left_out: [{', '.join(words)}]"
    changed, count = re.subn(r"(?m)^(  )left_out: \[[^\]\n]*\]", rf"\1{line}", text)
    if not count:
        print(f"Set this var in dbt_project.yml:  {line}")
    elif changed != text:
        path.write_text(changed, "utf-8", newline="\n")
        reasons: dict[str, list[str]] = {}
        for about in questions().values():
            if reason := why_skipped(about, words):
                reasons.setdefault(reason, []).append(about.name[:3])
        print(f"  set {line} in dbt_project.yml")
        for reason, names in reasons.items():
            print(f"Skipped because {reason}: {', '.join(names)}.")


def report(system: str, mapping: Mapping) -> None:
    """Say what make source derived."""
    if "customers" not in mapping:
        print(
            f"{system}: the customers are those named in the orders."
            if "customer_key" in mapping["orders"]["columns"]
            else f"{system}: the orders name no customer, so every order is a guest's."
        )
    if "order_key" not in mapping["orders"]["columns"]:
        print(f"{system}: the rows have no order key, so one is made from their columns.")
    if "order_lines" not in mapping:
        print(f"{system}: there are no lines, so each order gets one, with the order's amount.")


def refuse_edits(edited: list[str], done: str) -> None:
    """Raise Problem where files were edited by hand, unless FORCE=1; `done`: what is not done then."""
    if edited and os.environ.get("FORCE", "0") in ("", "0"):
        raise Problem(
            f"These files were edited since make source wrote them, so nothing was {done}:\n  "
            + "\n  ".join(edited)
            + "\nMove the edits into the mapping, or lose them with FORCE=1."
        )
    if edited:
        print("Edits are lost in " + ", ".join(edited) + ".")


def recorded() -> dict[str, int]:
    """The hash of each file that make source wrote, by path."""
    return json.loads(WRITTEN.read_text("utf-8")) if WRITTEN.is_file() else {}


def write(made: dict[str, str], gone: list[str]) -> int:
    """Write files, delete others, remember both; returns how many changed."""
    record = recorded()
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
    return changed


def remove(system: str) -> None:
    """Remove a system: its mapping, its staging, and what the models know of it."""
    found = mappings()
    if system not in found:
        raise Problem(f"mappings/{system}.yml doesn't exist. There are: {', '.join(found)}.")
    del found[system]
    if not found:
        raise Problem(
            f"{system} is the only system. Write the mapping of another one first: "
            "make source-scan SYSTEM=shop proposes it."
        )
    check_keys(found)
    folder = f"models/staging/{system}"
    gone = [path for path in recorded() if path.startswith(f"{folder}/")]
    made = {"macros/mappings.sql": mappings_macro(found)}
    refuse_edits(edited_files(made, recorded(), gone), "removed")
    (MAPPINGS / f"{system}.yml").unlink()
    write(made, gone)
    with contextlib.suppress(OSError):  # what else is in it stays
        (PROJECT / folder).rmdir()
    spend = PROJECT / "seeds" / "marketing_spend.csv"
    if system == "tpch" and spend.is_file() and SHIPPED_SPEND in spend.read_text("utf-8"):
        header = spend.read_text("utf-8").splitlines()[0]
        spend.write_text(header + "\n", "utf-8", newline="\n")
        print("Emptied seeds/marketing_spend.csv: its figures were made up for the sample data.")
        set_left_out([*lacking(found), "spend"])
    else:
        set_left_out([*lacking(found), *spend_left_out()])
    print(f"{system} is gone. Next: make source")


def main(system: str | None) -> None:
    found = mappings()
    if system and system not in found:
        raise Problem(
            f"mappings/{system}.yml doesn't exist. make source-scan SYSTEM={system} proposes it."
        )
    check_keys(found)
    made = {"macros/mappings.sql": mappings_macro(found)}
    for name, mapping in found.items():
        if system in (None, "", name):
            made |= files_of(name, completed(mapping))
    folders = {str(Path(path).parent) for path in made if path.startswith("models/")}
    gone = [path for path in recorded() if str(Path(path).parent) in folders and path not in made]
    refuse_edits(edited_files(made, recorded(), gone), "written")
    changed = write(made, gone)
    set_left_out([*lacking(found), *spend_left_out()])
    for name, mapping in found.items():
        if name == system or (not system and name != "tpch"):
            report(name, mapping)
    print(f"{changed} files written. Next: make build" if changed else "Nothing to change.")


if __name__ == "__main__":
    name = os.environ.get("SYSTEM") or None
    if sys.argv[1:] == ["remove"]:
        if not name:
            raise Problem("Say which system: make source-remove SYSTEM=tpch")
        remove(name)
    else:
        main(name)

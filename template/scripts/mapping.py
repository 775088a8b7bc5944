"""Mappings: how the tables of each system become customers, orders and so on.

A mapping is a file mappings/<system>.yml; mappings/mapping.schema.json says what it may hold and what
each word means. This module reads and checks them. `make source` writes dbt's files from them.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from settings import PROJECT, Problem, yaml_text

MAPPINGS = PROJECT / "mappings"
SCHEMA = json.loads((MAPPINGS / "mapping.schema.json").read_text("utf-8"))
ENTITIES: tuple[str, ...] = tuple(
    name for name, entity in SCHEMA["properties"].items() if "x-row" in entity
)
OUR_WORDS = {"order_status": ("placed", "cancelled"), "line_kind": ("sale", "refund")}
# Numbers that another run, or one late row, gives to another row.
UNSTABLE_KEY = re.compile(
    r"\b(row_number|rownum|rank|dense_rank|uuid\w*|gen_random_\w+)\b", re.IGNORECASE
)
AGGREGATE = re.compile(r"\b(min|max|sum|count|avg)\s*\(", re.IGNORECASE)

Mapping = dict[str, Any]
Path_ = tuple[str | int, ...]


def contract(entity: str) -> dict[str, dict[str, Any]]:
    """The columns of an entity that this project knows, by name, as the schema describes them."""
    return SCHEMA["properties"][entity]["properties"]["columns"]["properties"]


def sql_of(column: Any) -> str:
    """The expression of a column, in its short or its long form."""
    sql = column["sql"] if isinstance(column, dict) else column
    return str(sql).lower() if isinstance(sql, bool) else str(sql).strip()


def values_of(column: Any) -> dict[str, str]:
    """The words that may occur in a column, each with ours; empty where any may."""
    values = column.get("values", {}) if isinstance(column, dict) else {}
    if isinstance(values, list):
        values = {str(value): str(value) for value in values}
    return values


def entities(mapping: Mapping) -> dict[str, dict[str, Any]]:
    """The entities of a mapping, in the order of the file."""
    return {name: entity for name, entity in mapping.items() if name in ENTITIES}


def tables_of(mapping: Mapping) -> list[str]:
    """The tables that a mapping reads, each once, in the order of the file."""
    tables = [
        table
        for entity in entities(mapping).values()
        for table in entity.get("tables") or [entity["table"]]
    ]
    return list(dict.fromkeys(tables))


def mappings() -> dict[str, Mapping]:
    """All mappings by system, in the order of their names. Raises Problem where one has a fault."""
    return {path.stem: read_mapping(path) for path in sorted(MAPPINGS.glob("*.yml"))}


def completed(mapping: Mapping) -> Mapping:
    """The mapping with the customers that it lacks: those who occur in its orders, one row each."""
    orders = mapping["orders"]
    if "customers" in mapping or "customer_key" not in orders["columns"]:
        return mapping
    customers = {
        name: orders[name]
        for name in ("table", "tables", "query", "filter", "deleted", "loaded_at")
        if name in orders
    }
    customers |= {
        "description": "Customers who occur in the orders. One row per customer.",
        "grouped": True,
        "columns": {"customer_key": orders["columns"]["customer_key"]},
    }
    return {**mapping, "customers": customers}


def read_mapping(path: Path) -> Mapping:
    """A mapping that is right by its schema. Raises Problem with a sentence for each fault."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", path.stem):
        raise Problem(
            f"{path.name}: a system's name has up to 20 small letters, digits and underscores, and "
            "begins with a letter. Rename the file."
        )
    try:
        text = yaml_text(path)
    except OSError as error:
        raise Problem(f"{path} can't be read: {error.strerror}. Write it first.") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        mapping = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise Problem(f"{path.name}{where}: this isn't YAML: {error.problem}.") from error
    mapping = _with_text_keys(mapping)
    problems = [*_twice(node), *_faults(mapping)]
    if problems:
        raise Problem(
            "\n".join(f"{path.name}:{_position(node, at)}: {problem}" for at, problem in problems)
        )
    return mapping


def _with_text_keys(value: Any) -> Any:
    """The same tree, with the keys of its mappings as text: a code such as 1 is a key, too."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _position(node: yaml.Node, path: Path_) -> str:
    """Line and column, from 1, of what a path leads to, or of the last part of it that is there."""
    mark = node.start_mark if node else None
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(step)), None)
            if not found:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
    return f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"


def _twice(node: yaml.Node | None, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Keys that a YAML mapping has twice, of which the parser would keep the last."""
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            yield (*path, name), f"{name} is there twice. Keep one of them."
        for key, value in node.value:
            yield from _twice(value, (*path, key.value))


def _faults(mapping: Any) -> Iterator[tuple[Path_, str]]:
    """What is wrong with a mapping: where, and a sentence."""
    found = list(_schema_faults(mapping))
    yield from found
    if not found:
        yield from _faults_of_meaning(mapping)


def _schema_faults(mapping: Any) -> Iterator[tuple[Path_, str]]:
    errors = jsonschema.Draft202012Validator(SCHEMA).iter_errors(mapping)
    for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path))):
        path = tuple(error.absolute_path)
        name = ".".join(map(str, path)) or "The mapping"
        if error.validator == "additionalProperties":
            known = list(error.schema.get("properties", {}))
            for key in error.instance.keys() - set(known):
                near = difflib.get_close_matches(key, known, 1)
                advice = f"Did you mean {near[0]}?" if near else f"Use one of {', '.join(known)}."
                yield (*path, key), f"{name} has no {key}. {advice}"
        elif error.validator == "required":
            [missing] = set(re.findall(r"'(\w+)' is a required", error.message))
            yield path, f"{name} has no {missing}. Add it."
        elif error.validator == "oneOf":
            yield path, f"{name} names its rows once: by `table`, or by `tables` and a `query`."
        elif error.validator == "anyOf":
            yield (
                path,
                f"{name} is an expression, or `sql` with more about it. {error.instance!r} is neither.",
            )
        elif error.validator == "pattern" and "propertyNames" in error.absolute_schema_path:
            yield (
                (*path, error.instance),
                (f"{error.instance} isn't a name. Use small letters, digits and underscores."),
            )
        else:
            expected = {"type": "a", "enum": "one of", "pattern": "of the form"}.get(
                error.validator, str(error.validator)
            )
            yield (
                path,
                f"{name} is {error.instance!r}. It has to be {expected} {error.validator_value}.",
            )


def _faults_of_meaning(mapping: Mapping) -> Iterator[tuple[Path_, str]]:
    """Faults that a schema can't see."""
    for name, entity in entities(mapping).items():
        columns = entity["columns"]
        for column, about in columns.items():
            path = (name, "columns", column)
            kind = contract(name).get(column, {}).get("x-type")
            if (kind == "key" or column == "line_number") and (
                word := UNSTABLE_KEY.search(sql_of(about))
            ):
                yield (
                    path,
                    (
                        f"{column} is made by {word[0]}, which gives other rows the same key when one row "
                        "arrives late. Name a column that identifies the row, or leave it out: it is "
                        "then made from the row's own columns."
                    ),
                )
            if "{{" in sql_of(about) or "{%" in sql_of(about):
                yield path, f"{column} holds Jinja. Write SQL of the source."
            for ours in values_of(about).values():
                words = OUR_WORDS.get(column)
                if words and ours not in words:
                    yield (
                        (*path, "values"),
                        f"{ours} isn't a word of ours. Use {' or '.join(words)}.",
                    )
    lines = mapping.get("order_lines")
    if lines:
        columns = lines["columns"]
        if "extended_price" not in columns and not {"quantity", "unit_price"} <= columns.keys():
            yield (
                ("order_lines", "columns"),
                ("Order lines have no price. Name extended_price, or quantity and unit_price."),
            )
        if {"extended_price", "unit_price"} <= columns.keys():
            yield (
                ("order_lines", "columns", "unit_price"),
                ("A line has one price. Name extended_price or unit_price."),
            )
        for column in {"amount", "tax"} & mapping["orders"]["columns"].keys():
            yield (
                ("orders", "columns", column),
                (f"orders.{column} isn't read where there are order_lines. Take it out."),
            )
        if "order_key" not in mapping["orders"]["columns"]:
            yield (
                ("orders", "columns"),
                "orders has no order_key, to which the lines belong. Add it.",
            )
    elif "amount" not in mapping["orders"]["columns"]:
        yield ("orders", "columns"), "Without order_lines, orders needs an amount. Add it."
    key = sql_of(mapping["orders"]["columns"].get("customer_key", ""))
    if "customers" not in mapping and AGGREGATE.search(key):
        yield (
            ("orders", "columns", "customer_key"),
            f"{key} can't be the key of a customer. Add customers, with the column that holds it.",
        )
    customers = mapping.get("customers", {}).get("columns", {})
    if "nations" in mapping:
        for column in {"nation_name", "region_name"} & customers.keys():
            yield (
                ("customers", "columns", column),
                (f"{column} comes from nations, which this mapping has. Take it out."),
            )
    elif "nation_key" in customers:
        yield (
            ("customers", "columns", "nation_key"),
            (
                "nation_key refers to nations, which this mapping lacks. Name nation_name instead, or add nations."
            ),
        )
    elif "region_name" in customers and "nation_name" not in customers:
        yield ("customers", "columns", "region_name"), "A region needs a nation_name beside it."
    if "regions" in mapping and "region_key" not in mapping.get("nations", {}).get("columns", {}):
        yield ("regions",), "No nation refers to the regions. Name region_key in nations."
    for entity in ("part_supply",):
        if entity in mapping and not {"products", "suppliers"} <= mapping.keys():
            yield (entity,), f"{entity} needs products and suppliers."

"""What a change of a project means for its data: its models compiled before and after, compared.

The models are compiled for the target local in an empty database, as a full refresh, so that the
result depends on the code alone, and nothing of yours is read or written. That doesn't show all:

- `{% if is_incremental() %}` hides a part of a model, and dbt leaves the macros called there out of
  `depends_on`. So the source of models that depend on what an earlier run left is compared too, with
  the macros and vars that it names, recursively.
- What only another warehouse runs isn't compiled. Source that names the warehouse is compared.
- A project can replace macros of dbt itself, which no model names.
- The rows of a seed and the types of a contract are in no SQL.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]  # dbt's manifest.json
Node = dict[str, Any]

MAKING = (
    "materialized",
    "unique_key",
    "incremental_strategy",
    "strategy",
    "check_cols",
    "updated_at",
)
"""The settings of a model or snapshot that decide which rows it holds."""
HIDES = re.compile("is_incremental|FULL_REFRESH|load_relation|get_relation|run_query|statement")
"""Code that an empty database, or a full refresh, keeps from running."""

PARENTS = {"redshift": "postgres", "databricks": "spark"}  # whose macros dbt falls back to
WAREHOUSES = {"snowflake", "postgres", "bigquery", *PARENTS, *PARENTS.values()}


def compile_models(project: Path, folder: Path, dbt: Path) -> str:
    """Compile all models; what dbt writes goes into `folder`. Returns dbt's message if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty.duckdb").unlink(missing_ok=True)
    done = subprocess.run(
        [
            *(str(dbt), "--quiet", "--no-use-colors", "compile", "--full-refresh"),
            *("--target", "local", "--target-path", str(folder), "--log-path", str(folder)),
            *("--select", "resource_type:model"),
        ],
        cwd=project,
        env={
            **os.environ,
            "LOCAL_DUCKDB": str(folder / "empty.duckdb"),
            "DBT_TARGET": "local",
            "DBT_PROFILES_DIR": str(project / "profiles"),
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return (done.stdout + done.stderr).strip() if done.returncode else ""


# a string, which may hold what looks like a comment, or a comment of SQL or Jinja
COMMENT = re.compile(
    r"""('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*")|--[^\n]*|/\*.*?\*/|\{\#.*?\#\}""", re.DOTALL
)


@cache
def bare(sql: str) -> str:
    """SQL without comments and layout."""
    return " ".join(COMMENT.sub(lambda found: found[1] or " ", sql).split())


@cache
def named(code: str) -> frozenset[str]:
    """What a piece of code may call, or look up by name: words before a bracket, and in quotes."""
    return frozenset(re.findall(r"\w+(?=\s*\()|(?<=['\"])\w+(?=['\"])", code))


@dataclass
class Compiled:
    """A project as dbt compiled it: `folder` has its manifest, `project` its files."""

    project: Path
    folder: Path

    @cached_property
    def manifest(self) -> Manifest:
        return json.loads((self.folder / "manifest.json").read_text("utf-8"))

    @cached_property
    def own(self) -> str:
        return self.manifest["metadata"]["project_name"]

    @cached_property
    def clock(self) -> re.Pattern[str]:
        """Text that says when dbt compiled: the days around that one, with or without a time."""
        day = datetime.fromisoformat(self.manifest["metadata"]["generated_at"]).date()
        days = "|".join(str(day + timedelta(days=away)) for away in range(-2, 3))
        return re.compile(rf"'({days})([ T]\d\d:\d\d:[\d.+:Z]*)?'")

    def compiled(self, node: Node) -> str:
        """What a node selects, without comments, layout, and the time at which dbt compiled it."""
        return self.clock.sub("'now'", bare(node.get("compiled_code") or ""))

    def nodes(self, *kinds: str) -> dict[str, Node]:
        """The project's own nodes of these kinds by unique id."""
        return {
            name: node
            for name, node in self.manifest["nodes"].items()
            if node["resource_type"] in kinds and node["package_name"] == self.own
        }

    @cached_property
    def macros(self) -> dict[str, str]:
        """The bodies of the project's own macros by name, without comments and layout."""
        return {
            macro["name"]: bare(macro["macro_sql"])
            for macro in self.manifest["macros"].values()
            if macro["package_name"] == self.own
        }

    @cached_property
    def variables(self) -> dict[str, Any]:
        """The vars of dbt_project.yml by name."""
        found = yaml.safe_load((self.project / "dbt_project.yml").read_text("utf-8")).get(
            "vars", {}
        )
        return {**found, **(found.get(self.own) or {})}

    @cached_property
    def replaced(self) -> set[str]:
        """The project's macros that dbt, or a package, calls in place of its own."""
        theirs = {
            macro["name"]
            for macro in self.manifest["macros"].values()
            if macro["package_name"] != self.own
        }
        bases = theirs | {name.rpartition("__")[2] for name in theirs}
        return {name for name in self.macros if name in theirs or name.rpartition("__")[2] in bases}

    def reached(self, code: str) -> set[str]:
        """The project's macros that code calls, directly or through others."""
        found: set[str] = set()
        waiting = [code]
        while waiting:
            words = named(waiting.pop())
            for name in self.macros:
                # adapter.dispatch("name") calls name as <adapter>__name
                if name not in found and (name in words or name.rpartition("__")[2] in words):
                    found.add(name)
                    waiting.append(self.macros[name])
        return found

    def source(self, node: Node, warehouse: str) -> dict[str, Any]:
        """All code and settings that a node names on a warehouse, by what they are."""
        config = node["config"]
        hooks = [hook["sql"] for name in ("pre-hook", "post-hook") for hook in config.get(name, [])]
        code = bare(node.get("raw_code") or "")
        everything = " ".join([code, *hooks])
        elsewhere = WAREHOUSES - {warehouse, PARENTS.get(warehouse)}
        macros = {
            name: self.macros[name]
            for name in self.reached(everything)
            if name.partition("__")[0] not in elsewhere
        }
        words = named(" ".join([everything, *macros.values()]))
        return {
            "code": code,
            "hooks": hooks,
            **{f"macro {name}": body for name, body in macros.items()},
            **{f"var {name}": self.variables[name] for name in words & self.variables.keys()},
        }


def types(node: Node) -> dict[str, str]:
    """The types that a contract enforces, by column."""
    if not node["config"].get("contract", {}).get("enforced"):
        return {}
    return {column["name"]: column["data_type"] for column in node["columns"].values()}


def differs(before: Compiled, after: Compiled, name: str, warehouse: str) -> bool:
    """Does a model, seed or snapshot hold something else than before?"""
    old, new = before.manifest["nodes"][name], after.manifest["nodes"][name]
    if old["resource_type"] == "seed":
        return (old["checksum"], old["config"].get("column_types")) != (
            new["checksum"],
            new["config"].get("column_types"),
        )
    if any(old["config"].get(key) != new["config"].get(key) for key in MAKING):
        return True
    if before.compiled(old) != after.compiled(new):
        return True
    one, other = before.source(old, warehouse), after.source(new, warehouse)
    changed = {
        key: f"{key} {one.get(key)} {other.get(key)}"
        for key in one | other
        if one.get(key) != other.get(key)
    }
    if new["resource_type"] == "snapshot" or "hooks" in changed:
        return bool(changed)
    if is_incremental(new) or HIDES.search(f"{one} {other}"):
        return bool(changed)
    seldom = ("target.", *(f"macro {name}__" for name in (warehouse, PARENTS.get(warehouse))))
    return warehouse != "duckdb" and any(
        word in text for text in changed.values() for word in seldom
    )


def is_incremental(node: Node) -> bool:
    return node["config"].get("materialized") == "incremental"


def upstream(manifest: Manifest, name: str) -> Iterator[str]:
    """A node and everything that it is made from, each once."""
    seen, waiting = set(), [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            yield current
            waiting += manifest["parent_map"].get(current, [])


def column_changes(old: Node, new: Node) -> list[str]:
    """Columns added, removed and retyped, a few words each."""
    before = {column["name"]: column["data_type"] for column in old["columns"].values()}
    after = {column["name"]: column["data_type"] for column in new["columns"].values()}
    return [
        *(f"{name} added ({after[name]})" for name in after if name not in before),
        *(f"{name} removed" for name in before if name not in after),
        *(
            f"{name} is now {after[name]}, was {before[name]}"
            for name in after
            if name in before and before[name] != after[name]
        ),
    ]


def names_of(nodes: Iterable[Node]) -> str:
    return ", ".join(sorted(f"`{node['name']}`" for node in nodes))


def data_changes(before: Compiled, after: Compiled, warehouse: str) -> list[str]:
    """What two compilations differ in, a sentence each; nothing where no data changes."""
    old, new = (project.nodes("model", "seed", "snapshot") for project in (before, after))
    changed = {name for name in new if name in old and differs(before, after, name, warehouse)}
    replaced = sorted(
        name
        for name in before.replaced | after.replaced
        if before.macros.get(name) != after.macros.get(name)
    )
    # those that say what a table is called change no row
    retyped = {
        name
        for name in new
        if name in old
        and new[name]["resource_type"] == "model"
        and types(old[name]) != types(new[name])
    }
    by_all = set(new) if any(not name.startswith("generate_") for name in replaced) else set()
    stale = [
        node
        for name, node in new.items()
        if name in old
        and is_incremental(node)
        and (by_all | changed | retyped) & set(upstream(after.manifest, name))
    ]
    moved = [new[name] for name in new if name in old and place(old[name]) != place(new[name])]

    def of(kind: str, names: Iterable[str], nodes: dict[str, Node]) -> list[Node]:
        return [nodes[name] for name in names if nodes[name]["resource_type"] == kind]

    lines = []
    if added := of("model", (name for name in new if name not in old), new):
        lines.append(f"New models: {names_of(added)}.")
    if removed := of("model", (name for name in old if name not in new), old):
        lines.append(
            f"Models that are gone; their tables stay until you drop them: {names_of(removed)}."
        )
    for kind, words in (
        ("model", "Models whose SQL changed"),
        ("seed", "Seeds whose rows changed"),
        ("snapshot", "Snapshots that changed"),
    ):
        if nodes := of(kind, changed, new):
            lines.append(f"{words}: {names_of(nodes)}.")
    if retyped:
        lines.append(f"Models whose contract changed: {names_of(new[name] for name in retyped)}.")
    if replaced:
        names = ", ".join(f"`{name}`" for name in replaced)
        lines.append(f"Macros that dbt calls for every model, and that changed: {names}.")
    if moved:
        lines.append(f"Models with another schema or name in the warehouse: {names_of(moved)}.")
    for name in sorted(new):
        mart = new[name]["original_file_path"].replace("\\", "/").startswith("models/marts/")
        if mart and name in old and (columns := column_changes(old[name], new[name])):
            lines.append(f"Columns of `{new[name]['name']}`: {'; '.join(columns)}.")
    if stale:
        select = " ".join(sorted(f"{node['name']}+" for node in stale))
        lines += [
            (
                f"Incremental models that changed, or read what changed: {names_of(stale)}. "
                "Rows that they hold already change by a full refresh only:"
            ),
            f'`make build FULL_REFRESH=1 SELECT="{select}"`',
        ]
    return lines


def place(node: Node) -> tuple[str | None, str | None]:
    """Where a node's table is: schema and name."""
    return node.get("schema"), node.get("alias")

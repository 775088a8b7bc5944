"""What a change of the project means for its data: the models compiled before and after, compared.

Used by update.py. The models are compiled for the target local in an empty database, as a full
refresh, so that the result depends on the code alone, and nothing of yours is read or written.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlparse import lexer
from sqlparse.tokens import Comment

from settings import PROJECT

Manifest = dict[str, Any]  # dbt's manifest.json
Node = dict[str, Any]


def compile_models(folder: Path) -> str:
    """Compile all models; what dbt writes goes into `folder`. Returns dbt's message if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    dbt = Path(sysconfig.get_path("scripts")) / "dbt"
    done = subprocess.run(
        [
            *(str(dbt), "--quiet", "--no-use-colors", "compile", "--full-refresh"),
            *("--target", "local", "--target-path", str(folder), "--select", "resource_type:model"),
        ],
        cwd=PROJECT,
        env={**os.environ, "LOCAL_DUCKDB": str(folder / "empty.duckdb"), "DBT_TARGET": "local"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return (done.stdout + done.stderr).strip() if done.returncode else ""


def models(manifest: Manifest) -> dict[str, Node]:
    """The project's own models by unique id."""
    own = manifest["metadata"]["project_name"]
    return {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["package_name"] == own
    }


def bare(sql: str) -> str:
    """SQL without comments and layout.

    By the words alone: sqlparse.format builds a tree, and refuses SQL of more than 10,000 words.
    """
    sql = re.sub(r"\{#.*?#\}", "", sql, flags=re.DOTALL)
    words = (" " if kind in Comment else word for kind, word in lexer.tokenize(sql))
    return " ".join("".join(words).split())


def compiled(manifest: Manifest, name: str) -> str:
    """A node's compiled SQL, bare, without the end of the present, which moves with each run."""
    today = datetime.fromisoformat(manifest["metadata"]["generated_at"]).date()
    days = "|".join(str(today + timedelta(days=ahead)) for ahead in (0, 1))
    sql = re.sub(rf"'({days})( \d\d:\d\d:\d\d)?'", "now", manifest["nodes"][name]["compiled_code"])
    return bare(sql)


def own_macros(manifest: Manifest, node: Node) -> dict[str, str]:
    """The project's macros that a model reaches, directly or through others: SQL by name."""
    macros, own = manifest["macros"], manifest["metadata"]["project_name"]
    reached: dict[str, str] = {}
    waiting = list(node["depends_on"]["macros"])
    while waiting:
        name = waiting.pop()
        macro = macros.get(name)
        if macro and macro["package_name"] == own and name not in reached:
            reached[name] = macro["macro_sql"]
            waiting += macro["depends_on"]["macros"]
    return reached


def is_incremental(node: Node) -> bool:
    return node["config"]["materialized"] == "incremental"


def differs(before: Manifest, after: Manifest, name: str) -> bool:
    """Does a model select something else than before?

    An incremental model also has SQL that an empty database does not show: there its source is
    compared too, and the macros that it uses.
    """
    old, new = before["nodes"][name], after["nodes"][name]
    if compiled(before, name) != compiled(after, name):
        return True
    if not is_incremental(new):
        return False
    if old["config"].get("unique_key") != new["config"].get("unique_key"):
        return True
    return bare(old["raw_code"]) != bare(new["raw_code"]) or (
        own_macros(before, old) != own_macros(after, new)
    )


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


def data_changes(before_folder: Path, after_folder: Path) -> list[str]:
    """What two compilations differ in, a sentence each."""
    before, after = (
        json.loads((folder / "manifest.json").read_text("utf-8"))
        for folder in (before_folder, after_folder)
    )
    old, new = models(before), models(after)
    changed = {name for name in new if name in old and differs(before, after, name)}
    stale = [
        node
        for name, node in new.items()
        if name in old and is_incremental(node) and changed & set(upstream(after, name))
    ]
    lines = []
    if added := [new[name] for name in new if name not in old]:
        lines.append(f"New models: {names_of(added)}.")
    if removed := [old[name] for name in old if name not in new]:
        lines.append(
            f"Models that are gone; their tables stay until you drop them: {names_of(removed)}."
        )
    if changed:
        lines.append(f"Models whose SQL changed: {names_of(new[name] for name in changed)}.")
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
    return lines or ["No model selects anything else than before."]

"""Which tasks a run has, by target/manifest.json, and whether that file is the project's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from graphlib import TopologicalSorter

from airflow.sdk.exceptions import AirflowFailException

from . import PROJECT, skip_when_late

MANIFEST = PROJECT / "target" / "manifest.json"
LARGEST = 200_000_000  # bytes: the manifest of some thousand models, which every task start reads


@dataclass
class Piece:
    """What one task builds: its nodes in order, and the tests on them that have to wait."""

    nodes: list[str]
    too_early: list[str]
    after: set[str]  # the pieces before it


def load() -> dict:
    """The manifest; empty when there is none, which `check_manifest` then says in the run.

    Raises ValueError for one that would fill the scheduler's memory.
    """
    if not MANIFEST.is_file():
        return {}
    if (size := MANIFEST.stat().st_size) > LARGEST:
        raise ValueError(
            f"{MANIFEST} has {size / 1e6:,.0f} MB, and a DAG reads at most {LARGEST / 1e6:.0f} MB. "
            "Run `dbt parse` in CI, and ship the target/ that it writes."
        )
    return json.loads(MANIFEST.read_text("utf-8"))


def pieces(manifest: dict, fuse: bool) -> dict[str, Piece]:
    """The tasks of a manifest by the node that they are named for, in a legal order.

    A test runs with the last of the nodes that it reads, which the others become parents of: dbt
    by itself would run it too early, or never. With `fuse`, a node that only one task needs joins
    that task, nodes that nothing needs join each other where they wait for the same task, and then
    tasks that wait for the same tasks become one. Another package is one task, which stands for all
    of its nodes.
    """
    if not manifest:
        return {}
    own = manifest["metadata"]["project_name"]
    built = {
        unique_id: unique_id if node["package_name"] == own else f"package:{node['package_name']}"
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed", "snapshot")
        and node["config"]["materialized"] != "ephemeral"
    }

    def read_by(unique_id: str) -> set[str]:
        """What a node reads, through ephemeral models and sources."""
        found = set()
        for parent in manifest["parent_map"].get(unique_id, ()):
            found |= {built[parent]} if parent in built else read_by(parent)
        return found

    parents: dict[str, set[str]] = {}
    for unique_id, node in built.items():
        parents.setdefault(node, set()).update(read_by(unique_id) - {node})
    order = list(TopologicalSorter(parents).static_order())
    rank = {node: number for number, node in enumerate(order)}
    waiting: list[tuple[str, str, str]] = []  # test, a node that it reads, the last that it reads
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "test" and (reads := read_by(unique_id)):
            last = max(reads, key=rank.__getitem__)
            parents[last] |= reads - {last}
            waiting += [(node["name"], other, last) for other in reads - {last}]

    task = {node: node for node in order}
    if fuse:
        children: dict[str, set[str]] = {node: set() for node in order}
        for node in reversed(order):
            if len(needing := {task[child] for child in children[node]}) == 1:
                task[node] = needing.pop()
            for parent in parents[node]:
                children[parent].add(node)
        ends = {}
        for node in order:
            if parents[node] and not children[node]:
                waits_for = task[max(parents[node], key=rank.__getitem__)]
                ends[node] = ends.setdefault(waits_for, node)
        task = {node: ends.get(task[node], task[node]) for node in order}
        after: dict[str, set[str]] = {}
        for node in order:
            after.setdefault(task[node], set()).update(
                {task[parent] for parent in parents[node]} - {task[node]}
            )
        joined: dict[str, str] = {}
        first: dict[frozenset[str], str] = {}
        for name in TopologicalSorter(after).static_order():
            waits_for = frozenset(joined[other] for other in after[name])
            joined[name] = first.setdefault(waits_for, name)
        task = {node: joined[task[node]] for node in order}

    result: dict[str, Piece] = {}
    for node in order:
        piece = result.setdefault(task[node], Piece([], [], set()))
        piece.nodes.append(node)
        piece.after |= {task[parent] for parent in parents[node]} - {task[node]}
    for test, node, last in waiting:
        if task[node] != task[last]:
            result[task[node]].too_early.append(test)
    return result


def options(nodes: list[dict]) -> dict:
    """What the `meta` of a task's nodes sets: its owner, and under `airflow` its pool, queue ..."""
    found = {}
    for node in nodes:
        meta = node.get("config", {}).get("meta", {})
        found |= {key: meta[key] for key in ("owner",) if key in meta} | meta.get("airflow", {})
    return found


def differences(manifest: dict) -> list[str]:
    """The files of models and snapshots that are not those that the manifest was made from."""
    known = {
        node["original_file_path"]: node["checksum"]["checksum"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["package_name"] == manifest["metadata"]["project_name"]
    }
    found = {
        path.relative_to(PROJECT).as_posix(): hashlib.sha256(
            path.read_text("utf-8").strip().encode()
        ).hexdigest()
        for path in (PROJECT / "models").rglob("*.sql")
    }
    return sorted(path for path in {*known, *found} if known.get(path) != found.get(path))


def check_manifest(**context) -> None:
    """Fail the run, with a sentence that says what to do, unless the manifest is the project's."""
    skip_when_late(context)
    manifest = load()
    if not manifest:
        raise AirflowFailException(
            "target/manifest.json is missing: run `dbt parse` in CI, and ship target/."
        )
    if changed := differences(manifest):
        raise AirflowFailException(
            f"target/manifest.json is not of these models: {', '.join(changed[:5])}"
            f"{' and others' if len(changed) > 5 else ''}. Run `dbt parse` again, and ship target/."
        )

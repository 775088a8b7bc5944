"""What a version would do to a project, from the template's two renders and a merge of git."""

from __future__ import annotations

import hashlib
import json
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from .. import Problem, template
from ..data_changes import Compiled, compile_models, data_changes
from ..report import names_of_variables, of_dbt
from ..template import Answers
from .clients import Client
from .compare import Compared
from .renders import Renders, keep, write_tree


def plan(client: Client, renders: Renders, version: str) -> dict[str, Any]:
    """A row on the update of a project to a version. Raises Problem."""
    compared = Compared(client, renders, version)
    old = template.resolve(renders.clone, client.version)
    if not template.is_newer(renders.clone, version, old):
        return {"name": client.name, "version": client.version, "data": [f"not before {version}"]}
    before, after = (
        names_of_variables(compared.text(tree, ".env.example"))
        for tree in (compared.old, compared.new)
    )
    return {
        "name": client.name,
        "version": client.version,
        "conflicts": compared.collisions,
        "dropped": compared.dropped,
        "data": changes_of_data(renders, old, version, client.answers),
        "check_by_hand": compared.by_hand,
        "new_variables": [name for name in dict.fromkeys(after) if name not in before],
        "needs_trust": bool(template.migrations(renders.clone, old, version)),
    }


def deciding(settings: dict[str, Any], answers: Answers) -> Answers:
    """The answers that may decide what models select: choices, without the packages of Elementary.

    Names of projects, people and schemas are the same on both sides of a comparison.
    """
    return {
        name: answers[name]
        for name, details in settings.items()
        if name in answers
        and isinstance(details, dict)
        and (details.get("choices") or details.get("type") == "bool")
        and name not in ("elementary", "auth")
    } | {"elementary": False}


def changes_of_data(renders: Renders, old: str, new: str, answers: Answers) -> list[str]:
    """What the update means for the data; compiled once for all clients whose dbt files are the same."""
    trees = []
    for version in (old, new):
        settings = template.settings(renders.clone, version)
        trees.append(renders.tree(version, deciding(settings, answers)))
    warehouse = str(answers.get("warehouse", "duckdb"))
    with tempfile.TemporaryDirectory(prefix="plan-") as scratch:
        folders = [
            write_tree(renders.store, tree, Path(scratch) / name)
            for tree, name in zip(trees, ("before", "after"), strict=True)
        ]
        key = json.dumps([warehouse, *map(code, folders)])
        note = renders.work / "compared" / hashlib.sha256(key.encode()).hexdigest()
        if not note.is_file():
            keep(note, json.dumps(compared_in(folders, warehouse)))
    return json.loads(note.read_text("utf-8"))


def compared_in(folders: list[Path], warehouse: str) -> list[str]:
    """What two projects of the template differ in. Raises Problem where dbt can't compile one."""
    dbt = Path(sysconfig.get_path("scripts")) / "dbt"
    if not shutil.which(str(dbt)):
        raise Problem("dbt isn't installed beside this program: install the extra `fleet` too")
    compiled = []
    for folder in folders:
        if problem := compile_models(folder, folder / "target", dbt):
            raise Problem(f"dbt can't compile what the template gives: {problem.splitlines()[-1]}")
        compiled.append(Compiled(folder, folder / "target"))
    return data_changes(*compiled, warehouse)


def code(folder: Path) -> list[list[str]]:
    """The files that dbt reads, with a fingerprint of each."""
    return [
        [path, hashlib.sha256(content).hexdigest()]
        for path, content in template.tree(folder).items()
        if of_dbt(path)
    ]

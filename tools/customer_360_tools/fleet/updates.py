"""The update of a project of the fleet: a branch, and a request that says what it means."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from copier.errors import CopierError

from .. import Problem, report, template
from ..git import git, succeeds
from ..update import NeedsTrust, Project, merge
from . import hosts
from .clients import Client
from .compare import Compared
from .plan import changes_of_data
from .renders import Renders, keep

AUTHOR = ("-c", "user.name=Template update", "-c", "user.email=template-update@localhost")


def attempt(client: Client, renders: Renders, version: str, trusted: bool) -> dict[str, Any]:
    """The row of `propose`, or one with the reason why it could not be done."""
    try:
        return propose(client, renders, version, trusted)
    except Problem as problem:
        return {"name": client.name, "problem": str(problem)}


def propose(client: Client, renders: Renders, version: str, trusted: bool) -> dict[str, Any]:
    """Push a branch with the update, open its request, and return a row on it. Raises Problem.

    What was opened is noted, so that a second run goes on where the first one ended.
    """
    note = renders.work / "updates" / version / f"{client.name}.json"
    if note.is_file():
        return json.loads(note.read_text("utf-8"))
    old = template.resolve(renders.clone, client.version)
    if not template.is_newer(renders.clone, version, old):
        return {"name": client.name, "state": f"has {client.version}"}
    if template.migrations(renders.clone, old, version) and not trusted:
        raise Problem(
            f"{version} runs a migration: read hooks/migrations/ of the template, then add --trust"
        )
    place = renders.work / "scratch" / client.name
    shutil.rmtree(place, ignore_errors=True)
    try:
        row = update(client, renders, version, trusted, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    keep(note, json.dumps(row))
    return row


def update(
    client: Client, renders: Renders, version: str, trusted: bool, place: Path
) -> dict[str, Any]:
    """Merge in the clone `place`, push, and open the request."""
    branch = f"{hosts.PREFIX}{version}"
    place.parent.mkdir(parents=True, exist_ok=True)
    git(place.parent, "clone", "--quiet", "--branch", client.branch, str(client.clone), str(place))
    git(place, "config", "core.hooksPath", os.devnull)
    git(place, "remote", "set-url", "origin", client.address)
    git(place, "checkout", "--quiet", "-b", branch)
    project = Project(place / client.folder, renders.clone)
    project.work.mkdir(parents=True, exist_ok=True)
    try:
        merge(project, {}, version, trusted)
    except (NeedsTrust, CopierError, ValueError) as error:
        raise Problem(f"Copier could not do it: {error}") from None
    made = report.make(project.folder, project.work)
    compared = Compared(client, renders, version)
    sections = made.sections(
        changes_of_data(
            renders, template.resolve(renders.clone, client.version), version, client.answers
        )
        or ["No model of the template selects anything else than before."]
    )
    if compared.by_hand:
        sections["Files of dbt that you changed: check by hand"] = [
            f"`{path}`" for path in compared.by_hand
        ]
    if problems := project.state["problems"]:
        sections["Packages that could not be resolved"] = problems
    text = project.work / "report.md"
    text.write_text(report.markdown(made.title, sections), "utf-8")
    title = f"Update from the template: {version}"
    git(place, "add", "--all")
    # a client may have dropped target/ from .gitignore
    own = project.work.relative_to(place).as_posix()
    git(place, "rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", own)
    git(place, *AUTHOR, "commit", "--quiet", "--no-verify", "--message", title)
    if succeeds(place, "ls-remote", "--exit-code", "--heads", "origin", branch):
        raise Problem(f"the branch {branch} exists there already: merge or delete it")
    git(place, "push", "--quiet", "origin", f"{branch}:{branch}")
    draft = bool(made.conflicts or made.kept)
    address = hosts.create_request(client, branch, title, text, draft, place)
    return {
        "name": client.name,
        "state": "draft, conflicts" if draft else "opened",
        "request": address,
        "conflicts": made.conflicts,
    }

"""The projects of a fleet: where they are, and what git knows of each. Nothing of theirs is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from .. import Problem, template
from ..git import blob, git, succeeds
from ..template import ANSWERS

KEYS = {"name", "address", "branch", "ring", "host", "folder"}


@dataclass(frozen=True)
class Client:
    """A project of the fleet. `clone` is a bare clone of it, which `fetch` makes or renews."""

    name: str
    address: str
    clone: Path
    template: str
    branch: str = "main"
    ring: str = ""
    host: str = ""
    folder: str = ""

    def fetch(self) -> None:
        """Bring the clone up to date. Raises Problem where the project can't be reached."""
        try:
            if not (self.clone / "HEAD").is_file():
                self.clone.mkdir(parents=True, exist_ok=True)
                git(self.clone, "init", "--quiet", "--bare")
            branch = f"+refs/heads/{self.branch}:refs/heads/{self.branch}"
            git(self.clone, "fetch", "--quiet", "--no-tags", "--", self.address, branch)
        except Problem as problem:
            reason = str(problem).splitlines()[0]
            raise Problem(
                f"{self.address} can't be reached, or has no branch {self.branch}: {reason}"
            ) from None

    @property
    def tree(self) -> str:
        """Git's name of the project's files."""
        return f"{self.branch}:{self.folder}" if self.folder else f"{self.branch}^{{tree}}"

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The project's answers. Raises Problem where it isn't a project of the fleet's template."""
        path = f"{self.folder}/{ANSWERS}" if self.folder else ANSWERS
        text = blob(self.clone, f"{self.branch}:{path}")
        if text is None:
            raise Problem(f"the branch {self.branch} has no {path}: not a project of a template")
        answers = template.read_answers(text)
        if normal(str(answers["_src_path"])) != normal(self.template):
            raise Problem(f"made from another template, {answers['_src_path']}")
        return answers

    @property
    def version(self) -> str:
        return str(self.answers["_commit"])

    def updated(self) -> str:
        """The day of the commit that changed the template's version last."""
        path = f"{self.folder}/{ANSWERS}" if self.folder else ANSWERS
        return git(
            self.clone, "log", "-1", "--format=%cs", "-G^_commit:", self.branch, "--", path
        ).strip()

    def has(self, path: str) -> bool:
        """Does the project have this file?"""
        tree = git(self.clone, "rev-parse", self.tree).strip()
        return succeeds(self.clone, "cat-file", "-e", f"{tree}:{path}")


def normal(address: str) -> str:
    """An address without what doesn't tell two places apart: protocol, user, .git."""
    address = template.address(address).removesuffix("/").removesuffix(".git")
    address = re.sub(r"^[a-z+]+://", "", address)
    address = re.sub(r"^[^/@]+@", "", address)
    return re.sub(r"^([^/:]+):(?!/)", r"\1/", address)


def read(fleet: Path, work: Path) -> tuple[str, list[Client]]:
    """The template's address and the projects of a fleet.yml. Raises Problem where it is wrong."""
    try:
        found = yaml.safe_load(fleet.read_text("utf-8"))
    except FileNotFoundError:
        raise Problem(
            f"{fleet} doesn't exist: write it as the page on fleets shows, or name it with --fleet."
        ) from None
    except yaml.YAMLError as error:
        raise Problem(f"{fleet} isn't readable YAML: {error}") from None
    if not isinstance(found, dict) or found.keys() != {"template", "projects"}:
        raise Problem(f"{fleet} needs two keys, template and projects, and nothing else.")
    clients: list[Client] = []
    for entry in found["projects"]:
        unknown = sorted(set(entry) - KEYS)
        if unknown or not {"name", "address"} <= entry.keys():
            raise Problem(
                f"{fleet}: a project has a name and an address, and may have "
                f"{', '.join(sorted(KEYS - {'name', 'address'}))}. Wrong is: {entry}."
            )
        name = str(entry["name"])
        if not re.fullmatch(r"[\w][\w.-]*", name):
            raise Problem(f"{fleet}: the name {name} has to be letters, digits, - and _.")
        if name in [client.name for client in clients]:
            raise Problem(f"{fleet}: two projects have the name {name}.")
        settings = {key: str(value) for key, value in entry.items()}
        clone = work / "clients" / f"{name}.git"
        clients.append(Client(clone=clone, template=str(found["template"]), **settings))
    return str(found["template"]), clients

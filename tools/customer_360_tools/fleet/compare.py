"""A project against what the template gave it, and against another version."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .. import Problem, template
from ..git import listed
from ..report import of_dbt
from ..template import ANSWERS
from .clients import Client
from .renders import Renders


@dataclass
class Drift:
    """What a client did to the files of the template, by path."""

    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


@dataclass
class Compared:
    """A client's project and another version of the template."""

    client: Client
    renders: Renders
    version: str

    def git(self, *arguments: str) -> str:
        """git in the client's clone, with the objects of the renders. It runs nothing of the client's."""
        done = self.run(*arguments)
        if done.returncode:
            raise Problem(f"git {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        objects = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.renders.store / "objects")}
        options = ("-c", "core.quotePath=false")
        return subprocess.run(
            ["git", *options, *arguments],
            cwd=self.client.clone,
            env={**os.environ, **objects},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )

    @cached_property
    def old(self) -> str:
        """The tree that the template gives for the client's version."""
        name = template.resolve(self.renders.clone, self.client.version)
        return self.renders.tree(name, self.client.answers)

    @cached_property
    def new(self) -> str:
        """The tree that it gives for the other version."""
        return self.renders.tree(self.version, self.client.answers)

    def differing(self, one: str, other: str, kinds: str) -> list[str]:
        """The paths that differ between two trees; M: changed, D: removed, A: added."""
        options = ("-r", "-z", "--name-only", "--no-renames", f"--diff-filter={kinds}")
        return [
            path for path in listed(self.git("diff-tree", *options, one, other)) if path != ANSWERS
        ]

    @cached_property
    def drift(self) -> Drift:
        return Drift(*(self.differing(self.old, self.here, kinds) for kinds in ("MT", "D", "A")))

    @cached_property
    def changes(self) -> list[str]:
        """The files that the version changes, removes or adds."""
        return self.differing(self.old, self.new, "MTDA")

    @cached_property
    def own(self) -> frozenset[str]:
        """The files that the update leaves alone: locks are resolved, not merged."""
        own = template.own_paths(template.settings(self.renders.clone, self.version))
        locks = [path for path in self.changes if path.rpartition("/")[2] == "requirements.txt"]
        return own | frozenset(locks)

    @cached_property
    def here(self) -> str:
        """The client's tree."""
        return self.git("rev-parse", self.client.tree).strip()

    @cached_property
    def dropped(self) -> list[str]:
        """The files that the client edited and the version no longer has."""
        gone = set(self.differing(self.old, self.new, "D")) - self.own
        return [path for path in self.drift.changed if path in gone]

    @cached_property
    def collisions(self) -> list[str]:
        """The files in which the client's edits and the version's changes meet.

        Each file is merged by itself, as Copier does it, so a file that moves isn't followed.
        """
        both = {*self.drift.changed, *self.drift.added} & set(self.changes)
        return sorted(path for path in both - self.own - set(self.dropped) if not self.merges(path))

    def merges(self, path: str) -> bool:
        """Do both sides' changes of a file go together?"""
        with tempfile.TemporaryDirectory(prefix="merge-") as scratch:
            sides = []
            for name, tree in (("ours", self.here), ("base", self.old), ("theirs", self.new)):
                file = Path(scratch) / name
                file.write_bytes(self.text(tree, path))
                sides.append(str(file))
            return not self.run("merge-file", "--stdout", "--quiet", *sides).returncode

    def what_happens(self, path: str) -> str:
        """What the version does to a file that the client changed."""
        if path in self.collisions:
            return "collides"
        if path in self.dropped:
            return "dropped by the template"
        if path in self.own and path in self.changes:
            return "left alone" if not path.endswith("requirements.txt") else "resolved"
        return "merges" if path in self.changes else ""

    @cached_property
    def by_hand(self) -> list[str]:
        """The files of dbt that the client changed or added: no report on the template covers them."""
        drift = self.drift
        return sorted(
            path for path in (*drift.changed, *drift.removed, *drift.added) if of_dbt(path)
        )

    def text(self, tree: str, path: str) -> bytes:
        """A file of a tree; empty where it isn't there."""
        done = self.run("cat-file", "blob", f"{tree}:{path}")
        return done.stdout.encode("utf-8", "surrogateescape") if not done.returncode else b""

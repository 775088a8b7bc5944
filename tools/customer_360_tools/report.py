"""What an update did to a project: conflicts, files left alone, answers, data, variables, packages.

A report compares two states of a project, and what the template makes of the answers of each. It needs
nothing but git and the template, so it can be made again at any time.
"""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from . import Problem, template
from .data_changes import Compiled, compile_models, data_changes
from .git import commit_of, git, listed
from .template import ANSWERS

MARKERS = (b"<<<<<<< before updating", b">>>>>>> after updating")
CONFLICT = re.compile(
    r"^<<<<<<< before updating\n.*?^=======\n(.*?)^>>>>>>> after updating(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
OF_DBT = ("models/", "macros/", "seeds/", "snapshots/", "tests/", "analysis/", "profiles/")
FILES_OF_DBT = ("dbt_project.yml", "packages.yml")

Sections = dict[str, list[str]]  # lines by heading, in order; a line may use Markdown's `code`


def of_dbt(path: str) -> bool:
    """Does dbt read this file of a project?"""
    return path.startswith(OF_DBT) or path in FILES_OF_DBT


def export(project: Path, reference: str | None, folder: Path) -> Path:
    """The files of a project at a commit, None for those of the working tree, in a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if reference:
        archive = folder.with_suffix(".zip")
        git(project, "archive", "--format=zip", "--output", str(archive), reference)
        with zipfile.ZipFile(archive) as files:
            files.extractall(folder)
        archive.unlink()
        return folder
    names = git(project, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    for path in dict.fromkeys(listed(names)):
        if (project / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / path, folder / path)
    return folder


def is_conflicted(path: str, content: bytes) -> bool:
    """Has an update left a conflict in this file?"""
    return path.endswith(".rej") or any(line.startswith(MARKERS) for line in content.splitlines())


def names_of_variables(example: bytes) -> list[str]:
    """The variables that the text of .env.example explains."""
    return re.findall(r"(?m)^#? ?([A-Z][A-Z0-9_]+)=", example.decode("utf-8"))


@dataclass
class Report:
    """Two states of a project, and what the template gave for each, as folders.

    `work` is a folder for what dbt compiles, `packages` the project's dbt_packages.
    """

    before: Path
    after: Path
    old: Path
    new: Path
    work: Path
    packages: Path

    @cached_property
    def was(self) -> dict[str, bytes]:
        return template.tree(self.before)

    @cached_property
    def now(self) -> dict[str, bytes]:
        return template.tree(self.after)

    @cached_property
    def answers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The answers before and after."""
        one, other = (
            template.read_answers((folder / ANSWERS).read_bytes())
            for folder in (self.before, self.after)
        )
        return one, other

    @cached_property
    def changed(self) -> list[str]:
        """The files that differ."""
        paths = self.was.keys() | self.now.keys()
        return sorted(path for path in paths if self.was.get(path) != self.now.get(path))

    @cached_property
    def conflicts(self) -> list[str]:
        """The files with a conflict marker in them, or left over from one."""
        return [
            path
            for path in self.changed
            if path in self.now and is_conflicted(path, self.now[path])
        ]

    @cached_property
    def kept(self) -> list[str]:
        """The files that the template dropped and the project still has, because they were edited."""
        old, new = template.tree(self.old), template.tree(self.new)
        return [
            path
            for path, given in old.items()
            if path not in new and self.now.get(path, given) != given
        ]

    @cached_property
    def left_alone(self) -> list[str]:
        """The files that the template changed and the update didn't, because they are the client's."""
        old, new = template.tree(self.old), template.tree(self.new)
        return sorted(
            path
            for path in old.keys() | new.keys()
            if old.get(path) != new.get(path)
            and (here := self.now.get(path)) == self.was.get(path)
            and here != new.get(path)
            and path not in self.kept
            and (here is not None or path not in old)  # not those that the client deleted
        )

    def compiled(self, name: str) -> Compiled | str:
        """The project before or after, compiled, or why dbt can't compile it."""
        source = {"before": self.before, "after": self.after}[name]
        folder = self.work / f"compiled-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        if name == "after":
            settle(source, [path for path in self.conflicts if of_dbt(path)])
        if self.packages.is_dir() and not (source / "dbt_packages").exists():
            shutil.copytree(self.packages, source / "dbt_packages")
        dbt = Path(sysconfig.get_path("scripts")) / "dbt"
        return compile_models(source, folder, dbt) or Compiled(source, folder)

    def data(self) -> list[str]:
        """What the update means for the data, a sentence each."""
        before = self.compiled("before")
        if isinstance(before, str):
            return [f"Not compared: dbt could not compile it before. {before}"]
        conflicted = [path for path in self.conflicts if of_dbt(path)]
        lines = [
            f"`{path}` has a conflict: compared as the template has those lines."
            for path in conflicted
        ]
        after = self.compiled("after")
        if isinstance(after, str):
            settled = "Settle the conflicts, then run `make update` again: it compares then."
            return [*lines, settled] if conflicted else [f"dbt cannot compile it now: {after}"]
        changes = data_changes(before, after, str(self.answers[1].get("warehouse", "duckdb")))
        return [*lines, *(changes or ["No model selects anything else than before."])]

    def sections(self, data: list[str] | None = None) -> Sections:
        """All of the report. `data` says what it means for the data, where that is known."""
        old, new = self.answers
        found: Sections = {}
        if self.conflicts:
            lines = [f"`{path}`" for path in self.conflicts]
            if "makefile" in self.conflicts:
                lines.append(
                    "No make target works until the makefile is settled. Meanwhile "
                    f"`{program()} update` does what `make update` does."
                )
            found["Conflicts: settle these by hand"] = lines
        if self.kept:
            found["Dropped by the template, kept because you had changed them"] = [
                f"`{path}`: delete it, or keep it as yours" for path in self.kept
            ]
        if self.left_alone:
            found["Yours, and left alone; the template's are in target/update/new/"] = [
                f"`{path}`" for path in self.left_alone
            ]
        if changed := [
            f"`{name}`: {old[name]} -> {new[name]}"
            for name in old
            if not name.startswith("_") and name in new and new[name] != old[name]
        ]:
            found["Answers that changed"] = changed
        added = [f"`{name}`: {new[name]}" for name in new if name not in old and name[0] != "_"]
        if added:
            found["New questions, answered by their defaults; make switch answers otherwise"] = (
                added
            )
        found["What it means for the data"] = self.data() if data is None else data
        variables = [
            name
            for name in names_of_variables(self.now.get(".env.example", b""))
            if name not in names_of_variables(self.was.get(".env.example", b""))
        ]
        if variables:
            found["New variables in .env.example; set them where the project runs"] = [
                f"`{name}`" for name in dict.fromkeys(variables)
            ]
        if "requirements.txt" in self.changed:
            found["Packages changed"] = ["Run `make install`."]
        return found

    @property
    def title(self) -> str:
        old, new = (answers["_commit"] for answers in self.answers)
        return "Changed answers" if old == new else f"From {old} to {new}"


def program() -> str:
    """The command of scripts/update.py in this environment."""
    folder = "Scripts" if sys.platform == "win32" else "bin"
    return f".venv/{folder}/python scripts/update.py"


def settle(folder: Path, conflicted: list[str]) -> None:
    """Give conflicted files of a copy the template's side."""
    for path in conflicted:
        file = folder / path
        text = file.read_text("utf-8")
        file.write_text(CONFLICT.sub(r"\1", text), "utf-8")


def make(project: Path, work: Path, before: str = "HEAD", after: str | None = None) -> Report:
    """The report on two commits of a project; None is the working tree. Raises Problem."""
    if after:
        commit_of(project, after)
    states = [
        export(project, reference, work / name)
        for reference, name in ((before, "before"), (after, "after"))
    ]
    renders = []
    for state, name in zip(states, ("old", "new"), strict=True):
        if not (state / ANSWERS).is_file():
            raise Problem(f"{ANSWERS} isn't among the files of {before} or {after}.")
        answers = template.read_answers((state / ANSWERS).read_bytes())
        template.render(str(answers["_src_path"]), str(answers["_commit"]), answers, work / name)
        renders.append(work / name)
    return Report(*states, *renders, work, project / "dbt_packages")


def markdown(title: str, sections: Sections) -> str:
    """The report as a file, for a pull request."""
    lines = [f"# {title}", ""]
    for heading, entries in sections.items():
        lines += [f"## {heading}", "", *(f"- {entry}" for entry in entries), ""]
    return "\n".join(lines)

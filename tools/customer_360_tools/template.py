"""The template: where it is, which versions it has, and what a version makes of answers.

A version is what Copier takes it for: a tag such as v1.2.0, or a commit, which counts as a little
newer than the last tag before it. Without any tag, every commit is older than the first release.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from copier import run_copy
from copier._main import Worker
from jinja2.sandbox import SandboxedEnvironment
from packaging.version import InvalidVersion, Version

from . import Problem
from .git import commit_of, git, succeeds

ANSWERS = ".copier-answers.yml"
SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}

Answers = dict[str, Any]  # what .copier-answers.yml holds, _commit and _src_path included


def read_answers(text: bytes | str) -> Answers:
    """The answers in the text of .copier-answers.yml. Raises Problem where it isn't such a file."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        raise Problem(f"{ANSWERS} isn't readable YAML: git log -- {ANSWERS} finds a good version.")
    if not (isinstance(found.get("_commit"), str) and isinstance(found.get("_src_path"), str)):
        raise Problem(
            f"{ANSWERS} names no version of the template (_commit): the project was made from a "
            "folder that is not in git, and cannot be updated."
        )
    return found


def address(source: str) -> str:
    """An address as git takes it: Copier also has short ones, such as gh:owner/name."""
    for prefix, long in SHORT.items():
        if source.startswith(prefix):
            return source.replace(prefix, long, 1)
    return source


def clone(source: str, folder: Path) -> Path:
    """A bare clone of the template in `folder`, which is made again. Raises Problem."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        git(folder.parent, "clone", "--quiet", "--bare", "--", address(source), str(folder))
    except Problem as problem:
        raise Problem(
            f"The template at {source} cannot be reached: check the network, your access to it, and "
            f"_src_path in {ANSWERS}. Nothing was changed. ({str(problem).splitlines()[-1]})"
        ) from None
    return folder


# ---------------------------------------------------------------- versions
def as_version(tag: str) -> Version | None:
    """The version that a tag stands for; None for other tags."""
    try:
        return Version(tag)
    except InvalidVersion:
        return None


def releases(template: Path) -> dict[str, Version]:
    """The released tags by version, oldest first."""
    tags = {tag: as_version(tag) for tag in git(template, "tag").split()}
    released = {tag: number for tag, number in tags.items() if number and not number.is_prerelease}
    return dict(sorted(released.items(), key=lambda item: item[1]))


def newest(template: Path) -> str:
    """The newest released tag, or the newest commit of a template that has no tags."""
    return next(reversed(releases(template)), "HEAD")


def resolve(template: Path, name: str) -> str:
    """The name under which the template has a version: 1.2.0 is v1.2.0. Raises Problem.

    A tag, a commit, and Copier's description of a commit (v1.2.0-3-g1a2b3c4) are such names.
    """
    for candidate in (name, f"v{name}"):
        if succeeds(template, "rev-parse", "--verify", "--quiet", f"{candidate}^{{commit}}"):
            return candidate
    raise Problem(
        f"The template has no version {name}: if its address is a clone of your own, fetch "
        "the tags there (git fetch --tags). Nothing was changed."
    )


def number(template: Path, name: str) -> Version:
    """The version of a tag or commit, to compare it with others."""
    exact = as_version(name)
    if exact and succeeds(template, "rev-parse", "--verify", "--quiet", f"refs/tags/{name}"):
        return exact
    try:
        described = git(
            template,
            "describe",
            "--tags",
            "--long",
            "--match",
            "v[0-9]*",
            commit_of(template, name),
        )
    except Problem:
        return Version("0.0.0")
    tag, commits, _ = described.rsplit("-", 2)
    if commits == "0":
        return Version(tag)
    return Version(f"{Version(tag).public}.post{commits}")


def is_newer(template: Path, one: str, other: str) -> bool:
    """Is `one` a version after `other`? A version that holds another one is newer than it."""
    hashes = commit_of(template, one), commit_of(template, other)
    if hashes[0] == hashes[1] or succeeds(template, "merge-base", "--is-ancestor", *hashes):
        return False
    return succeeds(template, "merge-base", "--is-ancestor", *reversed(hashes)) or (
        number(template, one) > number(template, other)
    )


def settings(template: Path, version: str) -> dict[str, Any]:
    """The template's copier.yml at a version."""
    return yaml.safe_load(git(template, "show", f"{version}:copier.yml"))


def migrations(template: Path, old: str, new: str) -> list[str]:
    """The versions whose migration, code of the template, runs on the way from `old` to `new`."""
    low, high = number(template, old), number(template, new)
    return [
        str(entry["version"])
        for entry in settings(template, new).get("_migrations", [])
        if low < Version(str(entry["version"])) <= high
    ]


def newest_without_migration(template: Path, old: str) -> str | None:
    """The newest release after `old` that can be reached without running code of the template."""
    for tag in reversed(releases(template)):
        if is_newer(template, tag, old) and not migrations(template, old, tag):
            return tag
    return None


def changelog(template: Path, old: str, new: str) -> list[str]:
    """The lines of the template's CHANGELOG.md about versions after `old`, up to `new`."""
    try:
        text = git(template, "show", f"{new}:CHANGELOG.md")
    except Problem:
        return []
    low, high = number(template, old), number(template, new)
    lines, inside = [], False
    for line in text.splitlines():
        if heading := re.match(r"## \[?v?(\d[\w.]*)", line):
            found = as_version(heading[1])
            inside = bool(found and low < found <= high)
        elif line.startswith("## "):
            inside = False
        if inside:
            lines.append(line)
    return lines


# ---------------------------------------------------------------- rendering
_compiled: dict[tuple, Any] = {}
_compile = SandboxedEnvironment.compile


def _compile_once(environment, source, name=None, filename=None, *rest, **more):
    key = (environment.block_start_string, environment.trim_blocks, source, name)
    if rest or more or key not in _compiled:
        _compiled[key] = _compile(environment, source, name, filename, *rest, **more)
    return _compiled[key]


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Keep Copier from doing the same again and again, which takes most of its time.

    It compiles each template in each render. And it starts git for each file that it writes, to record
    whether the file can be run, which git sees by itself everywhere but on Windows.
    """
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(SandboxedEnvironment, "compile", _compile_once))
        if sys.platform != "win32":
            name = "_sync_git_index_executable_bit"
            patches.enter_context(mock.patch.object(Worker, name, lambda *_: None, create=True))
        yield


def render(source: str, version: str, answers: Answers, folder: Path) -> Answers:
    """Make the project for these answers in `folder`, unless it is there. Returns its answers.

    A file beside the folder says what is in it. Raises Problem where the template refuses an answer.
    """
    note = folder.with_name(f"{folder.name}.json")
    asked = [source, version, chosen(answers)]
    if note.is_file() and folder.is_dir() and asked in json.loads(note.read_text("utf-8")):
        return yaml.safe_load((folder / ANSWERS).read_bytes())
    note.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with (
            quick(),
            contextlib.redirect_stderr(io.StringIO()),
        ):  # the messages for a person who copies
            run_copy(
                source,
                folder,
                data=asked[2],
                vcs_ref=version,
                defaults=True,
                quiet=True,
                skip_tasks=True,
            )
    except ValueError as error:
        raise Problem(
            f"This version refuses an answer of the project: {error}. Give another one, for example "
            "make update QUESTION=answer. Nothing was changed."
        ) from None
    complete = yaml.safe_load((folder / ANSWERS).read_bytes())
    note.write_text(json.dumps([asked, [source, version, chosen(complete)]]), "utf-8")
    return complete


def chosen(answers: Answers) -> Answers:
    """The answers without what Copier notes for itself."""
    return {name: value for name, value in answers.items() if not name.startswith("_")}


def own_paths(copier_yml: dict[str, Any]) -> frozenset[str]:
    """The files that are the client's own from the first copy on: updates leave them alone."""
    return frozenset(
        line.strip().lstrip("/")
        for entry in copier_yml["_exclude"]
        if "_copier_operation == 'update'" in entry
        for line in entry.splitlines()
        if line.strip().startswith("/")
    )


def tree(folder: Path) -> dict[str, bytes]:
    """The files of a folder by path, but for the answers and what dbt writes."""
    return {
        path: file.read_bytes()
        for path, file in walk(folder)
        if path != ANSWERS and not path.startswith(("target/", "logs/", "dbt_packages/"))
    }


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder with their paths from it."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield file.relative_to(folder).as_posix(), file

"""What versions of the template make of answers, as trees in one git repository.

Each set of answers is rendered once per version, and kept for the next time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from copier import run_copy
from copier._settings import SettingsModel

from .. import Problem, template
from ..git import commit_of, git
from ..template import ANSWERS, Answers


class Renders:
    """Renders of the template whose bare clone is `clone`, kept in the folder `work`."""

    def __init__(self, clone: Path, work: Path):
        self.clone, self.work = clone, work
        self.store = work / "renders.git"
        if not self.store.is_dir():
            work.mkdir(parents=True, exist_ok=True)
            git(work, "init", "--quiet", "--bare", str(self.store))

    @cache  # noqa: B019  one per process
    def checkout(self, version: str) -> Path:
        """The template's files at a version, without git's folder, so that Copier takes them as they are."""
        folder = self.work / "versions" / commit_of(self.clone, version)
        if not folder.is_dir():
            partial = folder.with_name(f"{folder.name}.{os.getpid()}")
            write_tree(self.clone, version, partial)
            with contextlib.suppress(OSError):  # another process was quicker
                partial.rename(folder)
            shutil.rmtree(partial, ignore_errors=True)
        return folder

    def tree(self, version: str, answers: Answers) -> str:
        """The tree of the project for these answers, without the answers themselves. Raises Problem."""
        asked = template.chosen(answers)
        key = json.dumps([commit_of(self.clone, version), asked], sort_keys=True, default=str)
        note = self.work / "trees" / hashlib.sha256(key.encode()).hexdigest()
        if note.is_file():
            return note.read_text()
        with tempfile.TemporaryDirectory(prefix="render-") as scratch:
            folder = Path(scratch) / "project"
            try:
                with template.quick(), contextlib.redirect_stderr(io.StringIO()):
                    run_copy(
                        str(self.checkout(version)),
                        folder,
                        data=asked,
                        settings=SettingsModel(),  # not those of whoever runs this
                        defaults=True,
                        quiet=True,
                        skip_tasks=True,
                    )
            except ValueError as error:
                raise Problem(f"{version} refuses an answer: {error}") from None
            (folder / ANSWERS).unlink()
            tree = self.written(folder, Path(scratch) / "index")
        keep(note, tree)
        return tree

    def written(self, folder: Path, index: Path) -> str:
        """The tree of a folder's files, all of them, whatever git is set to ignore."""
        in_store = in_folder(self.store, folder, index)
        in_store("add", "--all", "--force", ".")
        return in_store("write-tree").strip()


def keep(note: Path, text: str) -> None:
    """Write a file that other processes may read at the same moment."""
    note.parent.mkdir(parents=True, exist_ok=True)
    partial = note.with_name(f"{note.name}.{os.getpid()}")
    partial.write_text(text, "utf-8")
    partial.replace(note)


def in_folder(store: Path, folder: Path, index: Path) -> Callable[..., str]:
    """git, with the objects of a bare repository, the files of a folder, and an index of its own."""

    def run(*arguments: str) -> str:
        return subprocess.run(
            ["git", "--git-dir", str(store), "--work-tree", str(folder)]
            + ["-c", "core.autocrlf=false", "-c", "core.safecrlf=false", *arguments],
            cwd=folder,
            env={**os.environ, "GIT_INDEX_FILE": str(index)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    return run


def write_tree(store: Path, tree: str, folder: Path) -> Path:
    """Write the files of a tree, or commit, into a new folder."""
    folder.mkdir(parents=True)
    index = folder.with_name(f"{folder.name}.index")
    in_store = in_folder(store, folder, index)
    in_store("read-tree", tree)
    in_store("checkout-index", "--all", "--force")
    index.unlink()
    return folder

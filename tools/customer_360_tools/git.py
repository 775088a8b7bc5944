"""git, called the same way everywhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import Problem


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    """What git prints in a folder; `given` is its input. Raises Problem with git's own message."""
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=folder,
        input=given,
        stdin=None if given is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        raise Problem(f"git {arguments[0]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def succeeds(folder: Path, *arguments: str) -> bool:
    """Does this git command end without an error?"""
    command = ["git", *arguments]
    return not subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


def blob(folder: Path, name: str) -> bytes | None:
    """The content that git has under a name, such as main:README.md; None where it has none."""
    command = ["git", "cat-file", "blob", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return None if done.returncode else done.stdout


def content(folder: Path, reference: str, path: str) -> bytes | None:
    """A file of a commit, by its path from the folder; None where the commit doesn't have it."""
    return blob(folder, f"{reference}:./{path}")


def listed(text: str) -> list[str]:
    """The paths in what git prints with -z."""
    return [path for path in text.split("\0") if path]


def commit_of(folder: Path, reference: str) -> str:
    """The full hash of a commit. Raises Problem where there is none of that name."""
    return git(folder, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}").strip()

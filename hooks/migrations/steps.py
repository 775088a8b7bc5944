"""The steps that migrations are made of.

A migration belongs to a release that moves, splits or renames what clients have. It is a module beside
this one, named after the release (v2_0_0.py), which says what happened:

    from steps import answer, keep_edited_files, moved, renew_unedited_files

    renew_unedited_files()
    moved("models/marts/nations.sql", "models/marts/nation_summary.sql")
    moved("docs/handbook.md", "docs/runbook.md", "docs/glossary.md")
    answer("ci", {"jenkins": "none"})
    keep_edited_files()

`_migrations` in copier.yml lists it by version, so that only an update which crosses it asks for trust.

A file that the release moves needs a line. A file that goes, and one that becomes the client's own,
needs none: the first and the last step see to them. Keep that order, because a file that a client
deleted must not come back at its new place.

Copier runs the module in the project twice, before and after it writes files (`when: true`), and says
which in STAGE. The project has no uncommitted work then. Every step may be repeated.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy

ANSWERS = ".copier-answers.yml"


def before() -> bool:
    """Has Copier not written any file yet?"""
    return os.environ["STAGE"] == "before"


def committed(path: str) -> bytes | None:
    """The content of a file in the client's last commit, None where it has none."""
    command = ["git", "show", f"HEAD:./{path}"]
    done = subprocess.run(command, capture_output=True, check=False)
    return None if done.returncode else done.stdout


@cache
def rendered(answers: bytes) -> Path:
    """A folder with the project as the template makes it for an answers file, at its version."""
    folder = Path(tempfile.mkdtemp(prefix="migration-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    content = yaml.safe_load(answers)
    run_copy(
        content["_src_path"],
        folder,
        data={name: value for name, value in content.items() if not name.startswith("_")},
        vcs_ref=content["_commit"],
        defaults=True,
        quiet=True,
        overwrite=True,
        unsafe=True,  # this runs only when the client trusts the template
        skip_tasks=True,
    )
    return folder


def answers() -> dict[str, Any]:
    """The client's answers before the update."""
    return yaml.safe_load(committed(ANSWERS) or b"")


def original() -> Path:
    """A folder with the project as the template's old version makes it."""
    return rendered(committed(ANSWERS) or b"")


def files(folder: Path) -> list[str]:
    """The paths of all files in a folder, but for the answers."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if path != ANSWERS)


def edited(path: str) -> bool:
    """Had the client changed this file of the old version? False for a deleted one."""
    return committed(path) not in (None, (original() / path).read_bytes())


def untouched(path: str) -> bool:
    """Was this file of the old version as the template had made it? False for a deleted one."""
    return committed(path) == (original() / path).read_bytes()


_moved: set[str] = set()  # what `moved` took to another place, so that it need not be kept


def moved(old: str, *new: str) -> None:
    """The file `old` is now `new`, or has been split into several.

    Where the client had edited it, the edits follow, into each of the new files, and are shown there
    as a conflict. Where the client had deleted it, the new ones do not come either. Where the client
    has files of those names, nothing is moved.
    """
    if not (original() / old).is_file():
        return  # these answers never had it
    free = [path for path in new if committed(path) is None]
    if edited(old) and free:
        _moved.add(old)
        if before() and Path(old).exists():
            for path in free:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(old, path)
                subprocess.run(["git", "add", "--", path], check=True)
            subprocess.run(["git", "rm", "--quiet", "--force", "--", old], check=True)
    elif committed(old) is None and not before():
        for path in free:
            Path(path).unlink(missing_ok=True)


def renew_unedited_files() -> None:
    """Each file that the client never edited becomes the new version's, or goes with it.

    An update leaves the client's own files alone: those that the old version had, and those that only
    the new one has. Here they change where no work of the client is in them, and where a new one is not
    in the way of a file of the client.
    """
    if before():
        return
    new = rendered(Path(ANSWERS).read_bytes())
    had = files(original())
    for path in files(new):
        if untouched(path) if path in had else not Path(path).exists():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(new / path, path)
    for path in had:
        if not (new / path).exists() and untouched(path):
            Path(path).unlink(missing_ok=True)


def keep_edited_files() -> None:
    """Files that the new version no longer has stay where the client had edited them, and are named."""
    if before():
        return
    new = rendered(Path(ANSWERS).read_bytes())
    for path in files(original()):
        if path not in _moved and not (new / path).exists() and edited(path):
            subprocess.run(["git", "checkout", "--quiet", "HEAD", "--", path], check=True)
            print(f"{path}: the template no longer has it. Your edits are kept: use or delete it.")


def answer(name: str, values: dict[str, str]) -> None:
    """An answer that the template no longer offers becomes another: {"jenkins": "none"}."""
    if not before():
        return
    path = Path(ANSWERS)
    text = path.read_text("utf-8")
    for old, new in values.items():
        text = re.sub(rf"(?m)^{name}: {re.escape(old)}$", f"{name}: {new}", text)
    path.write_text(text, "utf-8", newline="\n")

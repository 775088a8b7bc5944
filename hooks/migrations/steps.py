"""The steps that migrations are made of.

A migration belongs to a release that moves, splits or renames what clients have. It is a module beside
this one, named after the release (v2_0_0.py), which says what happened:

    from steps import answer, moved

    moved("models/marts/nations.sql", "models/marts/nation_summary.sql")
    moved("docs/handbook.md", "docs/runbook.md", "docs/glossary.md")
    answer("ci", {"jenkins": "none"})

and it is listed in copier.yml, by version, so that only an update which crosses it asks for trust:

    _migrations:
      - version: v2.0.0
        when: true
        command:
          - "[[ _copier_python ]]"
          - "[[ _copier_conf.src_path ]]/hooks/migrations/v2_0_0.py"

Copier runs it in the project twice, before and after it writes files (`when: true`), and says which
in STAGE. Every step may be repeated.
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

import yaml
from copier import run_copy

ANSWERS = ".copier-answers.yml"


def committed(path: str) -> bytes | None:
    """The content of a file in the client's last commit, None where it has none."""
    command = ["git", "show", f"HEAD:./{path}"]
    done = subprocess.run(command, capture_output=True, check=False)
    return None if done.returncode else done.stdout


@cache
def original() -> Path:
    """A folder with the project as the template's old version makes it."""
    folder = Path(tempfile.mkdtemp(prefix="before-migration-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    old = yaml.safe_load(committed(ANSWERS) or b"")
    run_copy(
        old["_src_path"],
        folder,
        data={name: value for name, value in old.items() if not name.startswith("_")},
        vcs_ref=old["_commit"],
        defaults=True,
        quiet=True,
        overwrite=True,
        unsafe=True,  # this runs only when the client trusts the template
        skip_tasks=True,
    )
    return folder


def moved(old: str, *new: str) -> None:
    """The file `old` is now `new`, or has been split into several.

    Where the client had edited it, the edits follow, into each of the new files, and are shown there
    as a conflict. Where the client had deleted it, the new ones do not come either.
    """
    was = original() / old
    if not was.is_file():
        return  # these answers never had it
    ours = committed(old)
    if os.environ["STAGE"] == "before" and ours not in (None, was.read_bytes()):
        for path in new:
            if Path(old).exists() and not Path(path).exists():
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(old, path)
                subprocess.run(["git", "add", "--", path], check=True)
        subprocess.run(
            ["git", "rm", "--quiet", "--force", "--ignore-unmatch", "--", old], check=True
        )
    elif os.environ["STAGE"] == "after" and ours is None:
        for path in new:
            if committed(path) is None:
                Path(path).unlink(missing_ok=True)


def answer(name: str, values: dict[str, str]) -> None:
    """An answer that the template no longer offers becomes another: {"jenkins": "none"}."""
    if os.environ["STAGE"] != "before":
        return
    path = Path(ANSWERS)
    text = path.read_text("utf-8")
    for old, new in values.items():
        text = re.sub(rf"(?m)^{name}: {re.escape(old)}$", f"{name}: {new}", text)
    path.write_text(text, "utf-8", newline="\n")

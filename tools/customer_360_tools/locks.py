"""Locks in an update: the template's versions, and every package that the client added.

A lock is a requirements.txt beside its requirements.in. Merging its lines would either leave conflicts
in thousands of hashes or lose the client's packages, so an update doesn't merge it: it takes the
template's lock, adds what only the client's has, and resolves the client's requirements.in from
there, which changes no version without need.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from packaging.utils import canonicalize_name

BLOCK = re.compile(r"^([A-Za-z0-9][\w.-]*)[^\n]*\n(?:[ \t#][^\n]*\n)*", re.MULTILINE)
REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)[^\n]*", re.MULTILINE)


def packages(lock: str) -> dict[str, str]:
    """What a lock says of each package, by its name: version, hashes, and who wants it."""
    found: dict[str, str] = {}
    for block in BLOCK.finditer(lock):
        name = canonicalize_name(block[1])
        found[name] = found.get(name, "") + block[0]
    return found


def requirements(text: str) -> dict[str, str]:
    """The lines of a requirements.in by package."""
    return {canonicalize_name(line[1]): line[0].strip() for line in REQUIREMENT.finditer(text)}


def combined(template: str, client: str, asked: str, offered: str) -> str:
    """The template's lock, with the client's packages, and the client's versions of those it pins.

    `asked` is the client's requirements.in, `offered` the template's.
    """
    theirs, ours = packages(template), packages(client)
    given = requirements(offered)
    changed = {name for name, line in requirements(asked).items() if given.get(name) != line}
    kept = {name: text for name, text in ours.items() if name not in theirs or name in changed}
    return "".join(text for _, text in sorted({**theirs, **kept}.items()))


def resolve(project: Path, render: Path, path: str, client: str) -> str:
    """Write the lock `path` of a project; `render` is the new version's render, `client` the old lock.

    Returns a sentence where the packages could not be resolved; the lock is complete then too.
    """
    lock = project / path
    wanted, offered = (
        (folder / path).with_name("requirements.in").read_text("utf-8")
        for folder in (project, render)
    )
    template = (render / path).read_text("utf-8")
    if wanted == offered:
        lock.write_text(template, "utf-8", newline="\n")
        return ""
    text = combined(template, client, wanted, offered)
    lock.write_text(text, "utf-8", newline="\n")
    if "<<<<<<<" in wanted:
        return f"`{path}`: settle the conflict in requirements.in, then run `make update` again."
    if not shutil.which("uv"):
        problem = "uv isn't installed"
    else:
        # the template's script, and no package is built, which would run its code
        command = ["bash", str(render / "scripts" / "lock.sh"), "requirements.in", lock.name]
        done = subprocess.run(
            [*command, "--no-build"], cwd=lock.parent, capture_output=True, text=True, check=False
        )
        if not done.returncode:
            return ""
        lock.write_text(text, "utf-8", newline="\n")
        problem = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "uv failed"
    return (
        f"`{path}` has the template's packages and yours, but they could not be resolved together "
        f"({problem}): run `make lock`."
    )


def unsettled(project: Path, path: str) -> bool:
    """Does a lock of the project have a conflict, or lack a package of its requirements.in?"""
    lock = (project / path).read_text("utf-8")
    wanted = (project / path).with_name("requirements.in").read_text("utf-8")
    return "<<<<<<<" in lock or not requirements(wanted).keys() <= packages(lock).keys()


def locks(render: Path, project: Path) -> list[str]:
    """The locks that a render has and the project too, by path."""
    return sorted(
        path.relative_to(render).with_suffix(".txt").as_posix()
        for path in render.rglob("requirements.in")
        if path.with_suffix(".txt").is_file()
        and (project / path.relative_to(render)).is_file()
        and (project / path.relative_to(render)).with_suffix(".txt").is_file()
    )

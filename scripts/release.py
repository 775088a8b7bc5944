"""Make a release of the template: `make release VERSION=1.2.0`.

Checks that nothing is uncommitted, that CHANGELOG.md says what is new, and that the version is as
high as the change demands. Then it writes the version where it stands, commits, tags, and records
version and commit in releases.yml, which is a commit of its own because a commit cannot name itself.
Nothing is pushed.

What a change demands (semantic versions): a mart, one of its columns, a question or a choice that is
gone or has another type: major. A file, a model, a column or a question more, or other data: minor.
Else: patch. Whether the data is the same is what an update says about it, on every warehouse.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from customer_360_tools.data_changes import (
    Compiled,
    bare,
    compile_models,
    data_changes,
)
from customer_360_tools.report import of_dbt
from customer_360_tools.template import render, tree

DBT = Path(sysconfig.get_path("scripts")) / "dbt"
RELEASES, CHANGELOG, PYPROJECT = "releases.yml", "CHANGELOG.md", "pyproject.toml"
MARTS = "template/models/marts/_marts__models.yml.jinja"
LEVELS = ("patch", "minor", "major")
Snapshot = dict[str, Any]  # what a client relies on, by a name that says what it is


class Problem(Exception):
    """Something that keeps a release from being made; its text says what to do."""


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def text_at(commit: str, path: str) -> str:
    """A file at a commit; "" where it is not there."""
    done = subprocess.run(
        ["git", "show", f"{commit}:{path}"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return done.stdout if done.returncode == 0 else ""


def interface(commit: str) -> Snapshot:
    """What clients rely on at a commit: questions and choices, columns of marts and their types."""
    questions = {
        name: details
        for name, details in yaml.safe_load(text_at(commit, "copier.yml")).items()
        if not name.startswith("_") and details.get("when") is not False
    }
    # what the template adds to it by answers is no column
    marts = re.sub(r"\[([%#\[]).*?[%#\]]\]", "", text_at(commit, MARTS), flags=re.DOTALL)
    found: Snapshot = {f"question {name}": details["type"] for name, details in questions.items()}
    for name, details in questions.items():
        choices = details.get("choices")
        values = (
            choices.values()
            if isinstance(choices, dict)
            else re.findall(r": (\w+)\n", str(choices))
        )
        found |= {f"choice {name}={value}": True for value in values if choices}
    for model in yaml.safe_load(marts)["models"]:
        for column in model["columns"]:
            found[f"column {model['name']}.{column['name']}"] = column["data_type"]
    return found


def demanded(old: str, new: str) -> tuple[str, list[str]]:
    """The least level of a release between two commits, and what demands it."""
    before, after = interface(old), interface(new)
    broken = [
        f"{name} is gone" if name not in after else f"{name} is {after[name]}, was {value}"
        for name, value in before.items()
        if after.get(name) != value
    ]
    if broken:
        return "major", broken
    files = git("diff", "--name-only", "--diff-filter=A", old, new, "--", "template").splitlines()
    more = [f"{name} is new" for name in after if name not in before]
    more += [f"{path} is new" for path in files]
    more = more or changed_data(old, new)
    return ("minor", more) if more else ("patch", [])


def changed_data(old: str, new: str) -> list[str]:
    """What a release changes in the data of a project that never answered but by defaults."""
    if not git("diff", "--name-only", old, new, "--", "template", "includes", "copier.yml"):
        return []
    warehouses = yaml.safe_load(text_at(new, "copier.yml"))["warehouse"]["choices"].values()
    with tempfile.TemporaryDirectory() as work:
        states = []
        for commit in (old, new):
            folder = Path(work) / commit
            render(str(ROOT), git("rev-parse", commit), {}, folder)
            states.append(folder)
        if code_of_dbt(states[0]) == code_of_dbt(states[1]):
            return []
        compiled = []
        for folder in states:
            if problem := compile_models(folder, folder / "target", DBT):
                raise Problem(f"dbt can't compile a project of {folder.name}: {problem}")
            compiled.append(Compiled(folder, folder / "target"))
        return [
            f"the data changes on {warehouse} ({line.rstrip('.')})"
            for warehouse in warehouses
            for line in data_changes(*compiled, warehouse)[:1]
        ]


def code_of_dbt(folder: Path) -> dict[str, str]:
    """The files of dbt in a rendered project, without comments and layout of its SQL."""
    return {
        path: bare(content.decode("utf-8")) if path.endswith(".sql") else content.decode("utf-8")
        for path, content in tree(folder).items()
        if of_dbt(path)
    }


def level(old: Version, new: Version) -> str:
    """Which part of the version a release raises."""
    if new.major > old.major:
        return "major"
    return "minor" if new.minor > old.minor else "patch"


def recorded() -> list[dict[str, str]]:
    return yaml.safe_load((ROOT / RELEASES).read_text("utf-8")) or []


def check(version: Version) -> None:
    """Raise Problem where the working tree cannot become this release."""
    if git("status", "--porcelain"):
        raise Problem("There are changes that are not committed: commit or stash them first.")
    unreleased = re.search(
        r"(?ms)^## Unreleased\n(.*?)(?=^## |\Z)", (ROOT / CHANGELOG).read_text("utf-8")
    )
    if not unreleased or not unreleased[1].strip():
        raise Problem(f"{CHANGELOG} says nothing under Unreleased: write what is new there.")
    if not recorded():
        return
    last = recorded()[-1]
    if version <= Version(last["version"]):
        raise Problem(f"{version} is not after {last['version']}, the last release: raise it.")
    least, reasons = demanded(last["commit"], "HEAD")
    if LEVELS.index(level(Version(last["version"]), version)) < LEVELS.index(least):
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        raise Problem(
            f"This has to be a {least} release, because {', '.join(reasons[:3])}{more}: "
            f"choose another version than {version}."
        )


def release(version: Version) -> None:
    """Write the version, commit and tag it, and record the commit."""
    today = datetime.now(UTC).date()
    changelog = (ROOT / CHANGELOG).read_text("utf-8")
    heading = f"## Unreleased\n\n## {version} ({today})\n"
    (ROOT / CHANGELOG).write_text(changelog.replace("## Unreleased\n", heading, 1), "utf-8")
    project = (ROOT / PYPROJECT).read_text("utf-8")
    project = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', project, count=1)
    (ROOT / PYPROJECT).write_text(project, "utf-8")
    git("commit", "--quiet", "--all", "--message", f"Release {version}")
    commit = git("rev-parse", "HEAD")
    git("tag", "--annotate", "--message", f"Release {version}", f"v{version}")
    text = (ROOT / RELEASES).read_text("utf-8").removesuffix("[]\n")
    entry = f"- {{version: {version}, commit: {commit}}}\n"
    (ROOT / RELEASES).write_text(text + entry, "utf-8")
    git("commit", "--quiet", "--all", "--message", f"Record release {version}")


def main(arguments: list[str]) -> None:
    try:
        version = Version(arguments[0])
    except (IndexError, InvalidVersion):
        raise Problem("Say which version, for example: make release VERSION=1.2.0") from None
    check(version)
    release(version)
    print(f"Released {version}. To publish it: git push --follow-tags")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Problem as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)

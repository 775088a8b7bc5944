"""Take over what the project's template has improved, or change an answer.

    python scripts/update.py update [VERSION=v1.2.0] [QUESTION=answer ...]
    python scripts/update.py check
    python scripts/update.py switch QUESTION=answer [...]

`make update`, `make update-check` and `make switch` call it. An update never starts in a project with
changes that are not committed. What it did is told on the terminal and in target/update/report.md:
conflicts by file, files that are yours and were left alone, and what the update means for the data.
Called again before its result is committed, `update` tells that once more.

Exits with 0 when all is well, 1 when conflicts have to be settled (`check`: when there is a newer
version), 2 when nothing could be done.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from copier import VcsRef, run_copy, run_update
from copier.errors import CopierError
from packaging.version import InvalidVersion, Version

from data_changes import compile_models, data_changes
from settings import PROJECT, Problem, read_yaml

ANSWERS = ".copier-answers.yml"
WORK = PROJECT / "target" / "update"
MARKERS = (b"<<<<<<< before updating", b">>>>>>> after updating")
SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}
# answers that say where things are in a warehouse: in another one they are elsewhere
OF_WAREHOUSE = ("auth", "database", "source_database", "source_schema")
# A switch stays at its version, so the files that are the client's own can come and go with it:
# copier.yml looks for this word among the excluded paths. It names no file.
SAME_VERSION = ".same-version"

Report = dict[str, list[str]]  # lines by heading, in order; a line may use Markdown's `code`


# ---------------------------------------------------------------- git
def git(*arguments: str, folder: Path = PROJECT) -> str:
    """What git prints. Raises Problem with git's own message where it fails."""
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise Problem(f"git {arguments[0]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def committed(path: str) -> bytes | None:
    """The content of a file in the last commit, None where it has none."""
    command = ["git", "show", f"HEAD:./{path}"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False)
    return None if done.returncode else done.stdout


def changed_files(kinds: str = "") -> list[str]:
    """Files of the project that differ from the last commit, new ones included, by path.

    `kinds` restricts them as git's --diff-filter does: "D" gives the deleted ones.
    """
    only = [f"--diff-filter={kinds}"] if kinds else []
    names = git(
        "diff", "--name-only", "--relative", "--find-renames", "-z", *only, "HEAD", "--", "."
    )
    others = "" if kinds else git("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return sorted({*filter(None, names.split("\0")), *filter(None, others.split("\0"))})


# ---------------------------------------------------------------- the project and its template
def answers(text: bytes | None = None) -> dict[str, Any]:
    """What .copier-answers.yml holds, or `text` instead of it."""
    return yaml.safe_load(text) if text else read_yaml(PROJECT / ANSWERS)


def check_project() -> None:
    """Raise Problem where this project cannot be updated as it is."""
    if not (PROJECT / ANSWERS).is_file():
        raise Problem(f"{ANSWERS} is missing: git log -- {ANSWERS} finds the commit to restore it.")
    inside = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "HEAD"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if inside.returncode:
        raise Problem(
            "This project has no commit in git yet, which an update needs to keep your work: "
            "run git init, git add --all and git commit, then try again."
        )
    if not answers().get("_commit"):
        raise Problem(
            f"{ANSWERS} names no version of the template (_commit): the project was made from a "
            "folder that is not in git, and cannot be updated."
        )


@contextlib.contextmanager
def template() -> Iterator[Path]:
    """A clone of the template, without its files, for as long as the context lasts."""
    source = str(answers()["_src_path"])
    for prefix, address in SHORT.items():
        source = source.replace(prefix, address, 1) if source.startswith(prefix) else source
    WORK.mkdir(parents=True, exist_ok=True)
    clone = WORK / "template.git"
    shutil.rmtree(clone, ignore_errors=True)
    try:
        git("clone", "--quiet", "--bare", "--", source, str(clone), folder=WORK)
    except Problem as problem:
        raise Problem(
            f"The template at {source} cannot be reached: check the network, your access to it, and "
            f"_src_path in {ANSWERS}. Nothing was changed. ({str(problem).splitlines()[-1]})"
        ) from None
    try:
        yield clone
    finally:
        shutil.rmtree(clone, ignore_errors=True)


def version(tag: str) -> Version | None:
    """The version that a tag or Copier's description of a commit stands for (v1.2.0-3-gabc)."""
    try:
        return Version(re.sub(r"-\d+-g[0-9a-f]+$", "", tag))
    except InvalidVersion:
        return None


def known(clone: Path, reference: str) -> bool:
    """Does the clone have this version, as a tag, a description or a commit?"""
    command = ["git", "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}"]
    return not subprocess.run(command, cwd=clone, capture_output=True, check=False).returncode


def newest(clone: Path) -> str:
    """The newest released tag, or the newest commit of a template that has no tags."""
    tags = {tag: version(tag) for tag in git("tag", folder=clone).split()}
    released = {tag: number for tag, number in tags.items() if number and not number.is_prerelease}
    return max(released, key=released.__getitem__) if released else "HEAD"


def is_older(clone: Path, one: str, other: str) -> bool:
    """Is `one` a version before `other`? Equal versions are not."""
    one, other = (
        git("rev-parse", f"{name}^{{commit}}", folder=clone).strip() for name in (one, other)
    )
    ancestor = ["git", "merge-base", "--is-ancestor", other, one]
    return bool(subprocess.run(ancestor, cwd=clone, capture_output=True, check=False).returncode)


def check_version(clone: Path, reference: str) -> None:
    """Raise Problem where the template has no such version."""
    if not known(clone, reference):
        raise Problem(
            f"The template has no version {reference}: if its address is a clone of your own, fetch "
            "the tags there (git fetch --tags). Nothing was changed."
        )


def changelog(clone: Path, old: str, new: str) -> list[str]:
    """The lines of the template's CHANGELOG.md about versions after `old`, up to `new`."""
    try:
        text = git("show", f"{new}:CHANGELOG.md", folder=clone)
    except Problem:
        return []
    low, high = version(old), version(new)
    lines, inside = [], False
    for line in text.splitlines():
        if heading := re.match(r"## \[?v?(\d[\w.]*)", line):
            number = version(heading[1])
            inside = bool(number and low and low < number and (high is None or number <= high))
        elif line.startswith("## "):
            inside = False
        if inside:
            lines.append(line)
    return lines


# ---------------------------------------------------------------- answers
def assignments(words: list[str]) -> dict[str, str]:
    """`NAME=value` of the command line, and of the make that called: {"warehouse": "duckdb"}."""
    # after --, but GNU make 3.81 leaves that out where it was given no option
    of_make = re.split(r"(?:^|\s)-- ", os.environ.get("MAKEFLAGS", ""), maxsplit=1)[-1]
    # make puts a backslash before what would end a word, and doubles the dollar
    words = words + [
        re.sub(r"\\(.)", r"\1", word).replace("$$", "$")
        for word in re.findall(r"(?:\\.|[^\s\\])+", of_make)
    ]
    pairs = dict(word.split("=", 1) for word in words if re.match(r"\w+=", word))
    return {name.lower(): value for name, value in pairs.items()}


def check_questions(asked: dict[str, Any], given: dict[str, str]) -> None:
    """Raise Problem for an answer to a question that the template's copier.yml does not ask."""
    names = [
        name
        for name, details in asked.items()
        if not name.startswith("_") and details.get("when") is not False
    ]
    for name in given:
        if name not in names:
            raise Problem(
                f"The template has no question {name}. It has: {', '.join(names)}. "
                "Nothing was changed."
            )


def crosses_migration(copier_yml: dict[str, Any], old: str, new: str) -> bool:
    """Does the way from one version to another run code of the template?"""
    low, high = version(old), version(new)
    return any(
        low and high and low < Version(str(migration["version"]).removeprefix("v")) <= high
        for migration in copier_yml.get("_migrations", [])
    )


def render(folder: Path, reference: str, data: dict[str, Any]) -> dict[str, Any]:
    """Render a version of the template into a folder, anew. Returns the answers that it has.

    Raises Problem where the template refuses an answer.
    """
    shutil.rmtree(folder, ignore_errors=True)
    given = {name: value for name, value in data.items() if not name.startswith("_")}
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # what else a copy would tell its user
            run_copy(
                str(data["_src_path"]),
                folder,
                data=given,
                vcs_ref=reference,
                defaults=True,
                quiet=True,
                skip_tasks=True,
            )
    except ValueError as error:
        raise Problem(
            f"This version refuses an answer of the project: {error}. Give another one, for example "
            "make update QUESTION=answer. Nothing was changed."
        ) from None
    return read_yaml(folder / ANSWERS)


def of_new_warehouse(old: dict[str, Any], reference: str, given: dict[str, str]) -> dict[str, Any]:
    """The answers that another warehouse changes by itself, unless the user had chosen them."""
    if given.get("warehouse", old["warehouse"]) == old["warehouse"]:
        return {}
    rest = {name: value for name, value in old.items() if name not in OF_WAREHOUSE}
    before = render(WORK / "defaults", reference, rest)
    after = render(WORK / "defaults", reference, {**rest, **given})
    shutil.rmtree(WORK / "defaults")
    return {
        name: after[name]
        for name in OF_WAREHOUSE
        if name not in given and (name == "auth" or old[name] == before[name])
    }


# ---------------------------------------------------------------- update and switch
def say(text: str) -> None:
    print(text, flush=True)


def take(clone: Path, given: dict[str, str], reference: str | None) -> int:
    """Bring the project to a version of the template (None: its own) with some answers changed.

    Returns the exit code, and leaves the report in target/update/.
    """
    old = answers()
    goal = reference or str(old["_commit"])
    copier_yml = yaml.safe_load(git("show", f"{goal}:copier.yml", folder=clone))
    check_questions(copier_yml, given)
    trusted = bool(os.environ.get("TRUST"))
    if not crosses_migration(copier_yml, str(old["_commit"]), goal):
        say("== looking at the answers ...")
        given = {**of_new_warehouse(old, goal, given), **given}
        render(WORK / "new", goal, {**old, **given})
    elif not trusted:
        raise Problem(
            f"The way to {goal} runs a migration, code of the template: read hooks/migrations/ there, "
            "then run make update TRUST=1. Nothing was changed."
        )
    say("== compiling the models as they are ...")
    problem = compile_models(WORK / "before")
    say("== rendering the version that the project has ...")
    render(WORK / "old", str(old["_commit"]), old)
    say("== updating ..." if reference else "== switching ...")
    run_update(
        PROJECT,
        data=given,
        vcs_ref=reference or VcsRef.CURRENT,
        defaults=True,  # the report tells new questions and how they were answered
        exclude=() if reference else (SAME_VERSION,),
        overwrite=True,
        quiet=True,
        unsafe=trusted,
    )
    new = answers()
    render(WORK / "new", goal, new)
    kept = keep_edited(WORK / "old")
    (WORK / "state.json").write_text(json.dumps({"kept": kept, "not_compiled": problem}))
    return review()


def keep_edited(rendered: Path) -> list[str]:
    """Bring back files that the template dropped although the client had edited them."""
    kept = []
    for path in changed_files("D"):
        original = rendered / path
        if original.is_file() and committed(path) != original.read_bytes():
            git("checkout", "HEAD", "--", path)
            kept.append(path)
    return kept


def conflicts() -> list[str]:
    """Changed files with a conflict marker in them, or left over from one."""
    return [
        path
        for path in changed_files()
        if (file := PROJECT / path).is_file()
        and (
            path.endswith(".rej")
            or any(line.startswith(MARKERS) for line in file.read_bytes().splitlines())
        )
    ]


def own_files() -> list[str]:
    """Files that the template has changed and the update left alone, because they are yours."""
    old, new = WORK / "old", WORK / "new"

    def content(folder: Path, path: str) -> bytes | None:
        return (folder / path).read_bytes() if (folder / path).is_file() else None

    paths = {
        file.relative_to(folder).as_posix()
        for folder in (old, new)
        for file in folder.rglob("*")
        if file.is_file() and file.name != ANSWERS
    }
    return sorted(
        path
        for path in paths
        if content(old, path) != content(new, path)
        and (here := content(PROJECT, path)) == committed(path)
        and here != content(new, path)
        and (here is not None or content(old, path) is None)  # not those that you deleted
    )


def new_variables() -> list[str]:
    """Variables that .env.example explains and did not explain before."""

    def names(text: str) -> list[str]:
        return re.findall(r"(?m)^#? ?([A-Z][A-Z0-9_]+)=", text)

    before = names((committed(".env.example") or b"").decode("utf-8"))
    example = PROJECT / ".env.example"
    now = names(example.read_text("utf-8")) if example.is_file() else []
    return [name for name in dict.fromkeys(now) if name not in before]


def report(state: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> tuple[Report, bool]:
    """What is to be told after an update, and whether something is left to be settled by hand."""
    told: Report = {}
    unsettled = conflicts()
    if unsettled:
        told["Conflicts: settle these by hand"] = [f"`{path}`" for path in unsettled]
    kept = [path for path in state["kept"] if (PROJECT / path).is_file()]
    if kept:
        told["Dropped by the template, kept because you had changed them"] = [
            f"`{path}`: delete it, or keep it as yours" for path in kept
        ]
    if own := own_files():
        told["Yours, and left alone; the template's are in target/update/new/"] = [
            f"`{path}`" for path in own
        ]
    if changed := [
        f"`{name}`: {old[name]} -> {new[name]}"
        for name in old
        if not name.startswith("_") and name in new and new[name] != old[name]
    ]:
        told["Answers that changed"] = changed
    if added := [f"`{name}`: {new[name]}" for name in new if name not in old]:
        told["New questions, answered by their defaults; make switch answers otherwise"] = added
    if state["not_compiled"]:
        data = [f"Not compared: dbt could not compile it before. {state['not_compiled']}"]
    elif unsettled:
        data = ["Settle the conflicts, then run `make update` again: it tells what changed."]
    elif problem := compile_models(WORK / "after"):
        data = [f"dbt cannot compile it now: {problem}"]
    else:
        data = data_changes(WORK / "before", WORK / "after")
    told["What it means for the data"] = data
    if variables := new_variables():
        told["New variables in .env.example; set them where the project runs"] = [
            f"`{name}`" for name in variables
        ]
    if "requirements.txt" in changed_files():
        told["Packages changed"] = ["Run `make install`."]
    return told, bool(unsettled or kept)


def wrapped(line: str) -> str:
    """A line of the report as the terminal shows it."""
    return textwrap.fill(
        line,
        width=80,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def review() -> int:
    """Tell what an update did that is not committed yet. Returns the exit code."""
    say("== comparing the data before and after ...")
    old, new = answers(committed(ANSWERS)), answers()
    told, open_points = report(json.loads((WORK / "state.json").read_text()), old, new)
    title = f"From {old['_commit']} to {new['_commit']}"
    if old["_commit"] == new["_commit"]:
        title = "Changed answers"
    count = len(changed_files())
    say(f"\n{title}: {count} {'file' if count == 1 else 'files'} changed.")
    markdown = [f"# {title}", ""]
    for heading, lines in told.items():
        say(f"\n{heading}")
        markdown += [f"## {heading}", ""]
        for line in lines:
            say(wrapped(line.replace("`", "")))
            markdown.append(f"- {line}")
        markdown.append("")
    (WORK / "report.md").write_text("\n".join(markdown), "utf-8")
    say("\nLook at git diff, run make test, then commit. Kept in target/update/report.md.")
    return 1 if open_points else 0


def underway() -> bool:
    """Is there an update whose result has not been committed?"""
    return (WORK / "state.json").is_file() and ANSWERS in changed_files()


def update(given: dict[str, str]) -> int:
    wanted = given.pop("version", None)
    if underway():
        return review()
    check_clean()
    with template() as clone:
        current, goal = str(answers()["_commit"]), wanted or newest(clone)
        check_version(clone, current)
        check_version(clone, goal)
        if not is_older(clone, current, goal):
            say(f"This project is at {current}; there is no newer version.")
            return 0
        say(f"{current} -> {goal}\n")
        say("\n".join(changelog(clone, current, goal)) + "\n")
        return take(clone, given, goal)


def check() -> int:
    with template() as clone:
        current, goal = str(answers()["_commit"]), newest(clone)
        check_version(clone, current)
        if not is_older(clone, current, goal):
            say(f"This project is at {current}; there is no newer version.")
            return 0
        say(f"{goal} is out; this project is at {current}. make update takes it over.\n")
        say("\n".join(changelog(clone, current, goal)))
        return 1


def switch(given: dict[str, str]) -> int:
    if not given:
        raise Problem("Say which answer, for example: make switch ORCHESTRATOR=dagster")
    check_clean()
    with template() as clone:
        check_version(clone, str(answers()["_commit"]))
        return take(clone, given, None)


def check_clean() -> None:
    """Raise Problem where there is work that is not committed."""
    if changed := changed_files():
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise Problem(
            f"{changed[0]}{more} {'are' if more else 'is'} not committed: commit or stash your work "
            "first, so that an update can be told from it."
        )


def main(arguments: list[str]) -> int:
    commands = ("update", "check", "switch")
    if not arguments or arguments[0] not in commands:
        raise Problem(f"Say what to do: {', '.join(commands)}.")
    check_project()
    if arguments[0] == "check":
        return check()
    given = assignments(arguments[1:])
    given.pop("trust", None)
    return update(given) if arguments[0] == "update" else switch(given)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        print(problem, file=sys.stderr)
    except CopierError as error:
        print(f"Copier could not do it: {error}", file=sys.stderr)
    sys.exit(2)

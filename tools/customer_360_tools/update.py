"""Bring the template's improvements into a project, or change an answer.

    scripts/update.py update [VERSION=v1.2.0] [QUESTION=answer ...]
    scripts/update.py check
    scripts/update.py switch QUESTION=answer [...]
    scripts/update.py report FROM..TO
    scripts/update.py render
    scripts/update.py compare

A project runs this through its scripts/update.py, which `make update`, `make update-check` and
`make switch` call. An update never starts in a project with changes that are not committed. What it
did is shown on the terminal and in target/update/report.md: conflicts by file, files that are yours
and were left alone, and what the update means for the data. Called again before its result is
committed, `update` shows that once more. `report` shows it for two commits, FROM and TO.

Pipelines take an update in two steps, because compiling runs code of the template that nobody has
reviewed: `render` stops before that, and `compare` applies target/update/*.patch to the old version and
writes the report, without network.

Exits with 0 when all is well; 1 when conflicts have to be settled (`check`: when there is a newer
version); 2 when nothing could be done; 3 when the only newer versions run a migration, code of the
template, and TRUST isn't set. Then, and when a migration lies behind the version that was taken,
target/update/migration.md says so, as the text of an issue.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copier import VcsRef, run_update
from copier.errors import CopierError

from . import Problem, locks, report, template
from .git import content, git, listed, succeeds
from .template import ANSWERS

# answers that say where things are in a warehouse: in another one they are elsewhere
OF_WAREHOUSE = ("auth", "database", "source_database", "source_schema")
# A switch stays at its version, so the files that are the client's own can come and go with it:
# copier.yml looks for this word among the excluded paths. It names no file.
SAME_VERSION = ".same-version"


class NeedsTrust(Problem):
    """The update runs code of the template, and nobody said that they trust it."""


def say(text: str) -> None:
    print(text, flush=True)


@dataclass
class Project:
    """A project in `folder`, and its template as a bare clone."""

    folder: Path
    clone: Path

    @property
    def work(self) -> Path:
        """Where an update leaves what it made: the report, and renders of both versions."""
        return self.folder / "target" / "update"

    def answers(self) -> dict[str, Any]:
        return template.read_answers((self.folder / ANSWERS).read_bytes())

    @property
    def issue(self) -> Path:
        """Where an update says that it left out a version which runs a migration."""
        return self.work / "migration.md"

    @property
    def version(self) -> str:
        """The version of the template that the project has."""
        return str(self.answers()["_commit"])

    def changed_files(self, kinds: str = "") -> list[str]:
        """Files that differ from the last commit, new ones included, by path.

        `kinds` restricts them as git's --diff-filter does: "D" gives the deleted ones.
        """
        only = [f"--diff-filter={kinds}"] if kinds else []
        options = ("--name-only", "--relative", "--find-renames", "-z", *only)
        names = listed(git(self.folder, "diff", *options, "HEAD", "--", "."))
        if not kinds:
            others = ("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
            names += listed(git(self.folder, *others))
        return sorted(set(names))

    def check_clean(self) -> None:
        """Raise Problem where there is work that is not committed."""
        if changed := self.changed_files():
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            raise Problem(
                f"{changed[0]}{more} {'are' if more else 'is'} not committed: commit or stash your "
                "work first, so that your changes and the update's stay apart."
            )

    @property
    def state(self) -> dict[str, Any]:
        """What the last update noted: the commit that it started from, and problems with locks."""
        note = self.work / "state.json"
        return json.loads(note.read_text("utf-8")) if note.is_file() else {}

    def head(self) -> str:
        return git(self.folder, "rev-parse", "HEAD").strip()

    def underway(self) -> bool:
        """Is there an update whose result has not been committed?"""
        return self.state.get("head") == self.head() and ANSWERS in self.changed_files()


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


def of_new_warehouse(project: Project, version: str, given: dict[str, str]) -> dict[str, Any]:
    """The answers that another warehouse changes by itself, unless the user had chosen them."""
    old, source = project.answers(), str(project.answers()["_src_path"])
    if given.get("warehouse", old["warehouse"]) == old["warehouse"]:
        return {}
    rest = {name: value for name, value in old.items() if name not in OF_WAREHOUSE}
    defaults = project.work / "defaults"
    before, after = (
        template.render(source, version, answers, defaults) for answers in (rest, {**rest, **given})
    )
    shutil.rmtree(defaults)
    return {
        name: after[name]
        for name in OF_WAREHOUSE
        if name not in given and (name == "auth" or old[name] == before[name])
    }


# ---------------------------------------------------------------- update and switch
def take(
    project: Project, given: dict[str, str], version: str | None, compared: bool = True
) -> int:
    """Bring the project to a version of the template (None: its own) with some answers changed.

    Returns the exit code, and leaves the report in target/update/ if what it means is `compared`.
    """
    old, source = project.answers(), str(project.answers()["_src_path"])
    goal = version or project.version
    check_questions(template.settings(project.clone, goal), given)
    trusted = bool(os.environ.get("TRUST"))
    if not template.migrations(project.clone, project.version, goal):
        say("== looking at the answers ...")
        given = {**of_new_warehouse(project, goal, given), **given}
        template.render(source, goal, {**old, **given}, project.work / "new")
    elif not trusted:
        raise NeedsTrust(
            f"The way to {goal} runs a migration, code of the template: read hooks/migrations/ there, "
            "then run make update TRUST=1. Nothing was changed."
        )
    say("== updating ..." if version else "== switching ...")
    merge(project, given, version, trusted)
    return review(project) if compared else 0


def merge(project: Project, given: dict[str, Any], version: str | None, trusted: bool) -> None:
    """Let Copier merge a version into the project, and save what it would lose."""
    old, source = project.answers(), str(project.answers()["_src_path"])
    with template.quick():
        run_update(
            project.folder,
            data=given,
            vcs_ref=version or VcsRef.CURRENT,
            defaults=True,  # the report shows new questions and how they were answered
            exclude=() if version else (SAME_VERSION,),
            overwrite=True,
            quiet=True,
            unsafe=trusted,
        )
    template.render(source, str(old["_commit"]), old, project.work / "old")
    template.render(source, project.version, project.answers(), project.work / "new")
    keep_edited(project)
    every = locks.locks(project.work / "new", project.folder)
    problems = settle_locks(project, [path for path in every if changed_by_template(project, path)])
    note = {"head": project.head(), "problems": problems}
    (project.work / "state.json").write_text(json.dumps(note), "utf-8")


def keep_edited(project: Project) -> None:
    """Bring back files that the template dropped although the client had edited them."""
    for path in project.changed_files("D"):
        original = project.work / "old" / path
        if original.is_file() and content(project.folder, "HEAD", path) != original.read_bytes():
            git(project.folder, "checkout", "HEAD", "--", path)


def changed_by_template(project: Project, lock: str) -> bool:
    """Did the template change a lock, or the requirements.in beside it?"""
    old, new = project.work / "old", project.work / "new"
    pair = (lock, lock.removesuffix(".txt") + ".in")
    return any(
        not (old / path).is_file() or (old / path).read_bytes() != (new / path).read_bytes()
        for path in pair
    )


def settle_locks(project: Project, paths: list[str]) -> list[str]:
    """Take the template's locks and resolve the client's packages over them; what is left to do."""
    problems = []
    for path in paths:
        was = (content(project.folder, "HEAD", path) or b"").decode("utf-8")
        problems.append(locks.resolve(project.folder, project.work / "new", path, was))
        git(project.folder, "reset", "--quiet", "--", path)  # it has no conflict any more
    return list(filter(None, problems))


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


def show(made: report.Report, work: Path, more: report.Sections) -> int:
    """Print a report and write it down. Returns the exit code: is something left to settle?"""
    say("== comparing the data before and after ...")
    sections = {**made.sections(), **more}
    count = len(made.changed) + 1  # the answers change too
    say(f"\n{made.title}: {count} {'file' if count == 1 else 'files'} changed.")
    for heading, lines in sections.items():
        say(f"\n{heading}")
        for line in lines:
            say(wrapped(line.replace("`", "")))
    (work / "report.md").write_text(report.markdown(made.title, sections), "utf-8")
    return 1 if made.conflicts or made.kept else 0


def refused_lines(folder: Path) -> list[str]:
    """What the new scripts/project_env.py, which `make install` puts into .venv, refuses in .env."""
    command = [sys.executable, "scripts/project_env.py"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    return list(filter(None, (done.stdout + done.stderr).splitlines()))


def review(project: Project) -> int:
    """Show what an update did that is not committed yet. Returns the exit code."""
    every = locks.locks(project.work / "new", project.folder)
    left = [path for path in every if locks.unsettled(project.folder, path)]
    problems = list(dict.fromkeys(project.state["problems"] + settle_locks(project, left)))
    made = report.make(project.folder, project.work)
    more = {"Packages that could not be resolved": problems} if problems else {}
    if project.issue.is_file():
        more["A newer version needs your trust"] = project.issue.read_text("utf-8").splitlines()[2:]
    if refused := refused_lines(project.folder):
        more["Lines of .env that are refused after `make install`"] = refused
    code = show(made, project.work, more)
    say("\nLook at git diff, run make test, then commit. Kept in target/update/report.md.")
    return code


def goal_of(project: Project) -> str:
    """The version to take when none is named: the newest, or the last before a migration.

    Writes target/update/migration.md where a migration is on the way.
    """
    project.issue.unlink(missing_ok=True)
    goal = template.newest(project.clone)
    newer = template.is_newer(project.clone, goal, project.version)
    crossed = template.migrations(project.clone, project.version, goal)
    if not (newer and crossed) or os.environ.get("TRUST"):
        return goal
    modules = ", ".join(
        f"`hooks/migrations/v{version.removeprefix('v').replace('.', '_')}.py`"
        for version in crossed
    )
    project.issue.write_text(
        f"# {goal} of the template needs your trust\n\n"
        f"The update to {goal} runs a migration, code of the template. Read {modules} there, then run "
        "`make update TRUST=1` on a branch.\n",
        "utf-8",
    )
    return template.newest_without_migration(project.clone, project.version) or goal


def update(project: Project, given: dict[str, str], compared: bool = True) -> int:
    wanted = given.pop("version", None)
    if project.underway():
        return review(project)
    project.check_clean()
    current = template.resolve(project.clone, project.version)
    goal = template.resolve(project.clone, wanted) if wanted else goal_of(project)
    if not template.is_newer(project.clone, goal, current):
        say(f"This project is at {project.version}; there is no newer version.")
        return 0
    say(f"{project.version} -> {goal}\n")
    say("\n".join(template.changelog(project.clone, current, goal)) + "\n")
    return take(project, given, goal, compared)


def check(project: Project) -> int:
    current, goal = template.resolve(project.clone, project.version), goal_of(project)
    if not template.is_newer(project.clone, goal, current):
        say(f"This project is at {project.version}; there is no newer version.")
        return 0
    needs_trust = bool(template.migrations(project.clone, current, goal))
    how = "make update TRUST=1" if needs_trust else "make update"
    say(f"{goal} is out; this project is at {project.version}. {how} brings it in.\n")
    say("\n".join(template.changelog(project.clone, current, goal)))
    if project.issue.is_file():
        say("\n" + project.issue.read_text("utf-8").rstrip())
    return 3 if needs_trust else 1


def switch(project: Project, given: dict[str, str]) -> int:
    if not given:
        raise Problem("Say which answer, for example: make switch ORCHESTRATOR=dagster")
    project.check_clean()
    template.resolve(project.clone, project.version)
    return take(project, given, None)


def report_on(project: Project, span: str) -> int:
    """Show the report on two commits, FROM..TO."""
    before, dots, after = span.partition("..")
    if not (before and dots and after):
        raise Problem("Say which commits, for example: scripts/update.py report main..my-update")
    return show(report.make(project.folder, project.work, before, after), project.work, {})


def compare(project: Project) -> int:
    """Apply the patches of an update that was rendered elsewhere, and show what it means."""
    for patch in sorted(project.work.glob("*.patch")):
        if patch.stat().st_size:
            git(project.folder, "apply", "--index", str(patch))
    return review(project)


COMMANDS = ("update", "check", "switch", "report", "render", "compare")


def run(project: Project, arguments: list[str]) -> int:
    """Run a command on a project and return its exit code. Raises Problem."""
    if not arguments or arguments[0] not in COMMANDS:
        raise Problem(f"Say what to do: {', '.join(COMMANDS)}.")
    if not succeeds(project.folder, "rev-parse", "--verify", "--quiet", "HEAD"):
        raise Problem(
            "This project has no commit in git yet, which an update needs to keep your work: "
            "run git init, git add --all and git commit, then try again."
        )
    project.work.mkdir(parents=True, exist_ok=True)
    if arguments[0] == "check":
        return check(project)
    if arguments[0] == "report":
        return report_on(project, "".join(arguments[1:2]))
    if arguments[0] == "compare":
        return compare(project)
    given = assignments(arguments[1:])
    given.pop("trust", None)
    if arguments[0] == "switch":
        return switch(project, given)
    return update(project, given, compared=arguments[0] == "update")


def main(arguments: list[str]) -> int:
    """The program of a project's scripts/update.py: its arguments, after the clone of the template."""
    try:
        return run(Project(Path.cwd(), Path(arguments[0])), arguments[1:])
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 3 if isinstance(problem, NeedsTrust) else 2
    except CopierError as error:
        print(f"Copier could not do it: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

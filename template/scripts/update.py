"""Bring in the template's improvements, or change an answer.

    python scripts/update.py update [VERSION=v1.2.0] [QUESTION=answer ...]
    python scripts/update.py check
    python scripts/update.py switch QUESTION=answer [...]
    python scripts/update.py report FROM..TO
    python scripts/update.py render
    python scripts/update.py compare

`make update`, `make update-check` and `make switch` call it; `report` shows what an update that is
committed on a branch means: main..template-update. `render` and `compare` are two steps of the weekly
job.

The program is the template's own, in its folder tools/. It runs as it was in the commit that this
project was made from, which `_commit_hash` in .copier-answers.yml names, so that nothing newer runs
before you have reviewed it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent
ANSWERS = ".copier-answers.yml"
WORK = PROJECT / "target" / "update"
SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}
CLONE, TOOLS = WORK / "template.git", WORK / "program"


def git(*arguments: str) -> str:
    """The message of a git command that fails; empty when it succeeds."""
    command = ["git", *map(str, arguments)]
    done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or "git failed") if done.returncode else ""


def fetch(source: str, commit: str) -> str:
    """Clone the template, and take its program out of a commit. Returns what went wrong, if it did."""
    for short, address in SHORT.items():
        source = source.replace(short, address, 1) if source.startswith(short) else source
    for folder in (CLONE, TOOLS):
        shutil.rmtree(folder, ignore_errors=True)
    TOOLS.mkdir(parents=True)
    if problem := git("clone", "--quiet", "--bare", "--", source, CLONE):
        return (
            f"The template at {source} cannot be reached: check the network, your access to it, and "
            f"_src_path in {ANSWERS}. ({problem.splitlines()[-1]})"
        )
    program = ("--work-tree", TOOLS, "checkout", "--quiet", commit, "--", "tools")
    if git("--git-dir", CLONE, *program):
        return (
            f"The template at {source} doesn't have the commit {commit}, from which this project was "
            "made: if that is a clone of your own, bring it up to date."
        )
    return ""


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def main(arguments: list[str]) -> int:
    if not (PROJECT / ANSWERS).is_file():
        return fail(f"{ANSWERS} is missing: git log -- {ANSWERS} finds the commit to restore it.")
    answers = yaml.safe_load((PROJECT / ANSWERS).read_bytes())
    commit = answers.get("_commit_hash")
    if not commit:
        return fail(
            f"{ANSWERS} names no version of the template (_commit): the project was made from a "
            "folder that is not in git, and cannot be updated."
        )
    # `compare` has no network, and the program that `render` fetched
    problem = "" if arguments[:1] == ["compare"] else fetch(answers["_src_path"], commit)
    if problem:
        return fail(f"{problem} Nothing was changed.")
    done = subprocess.run(
        [sys.executable, "-m", "customer_360_tools.update", str(CLONE), *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(TOOLS / "tools")},
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

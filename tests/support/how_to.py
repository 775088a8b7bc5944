"""Follow a page of docs/how-to to the letter, in a copy of the template.

What a page tells its reader to do is in its code blocks, so page and test cannot drift apart:

- a block with a file's name (```yaml title="copier.yml") belongs into that file: its first line is
  there already, exactly once, and the rest goes below it; a file that isn't there is made;
- a `diff` block with a file's name changes that file;
- each line of a `bash` block is a command. `instead` names the commands that a test runs in another
  way, or (None) leaves to another test.
"""

import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import rendering

PAGES = rendering.ROOT / "docs" / "how-to"
BLOCK = re.compile(r"^( *)```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A code block: its language, the file that it belongs into or "", and its lines."""

    language: str
    file: str
    lines: list[str]


def section(page: str, heading: str) -> str:
    """The text of a page from a heading of level 2 to the next. Raises ValueError without it."""
    text = (PAGES / page).read_text("utf-8")
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        if part.splitlines()[0] == heading:
            return part
    raise ValueError(f"{page} has no section {heading!r}")


def blocks(text: str) -> list[Block]:
    return [
        Block(language, file, textwrap.dedent(content).splitlines(keepends=True))
        for _, language, file, content in BLOCK.findall(text)
    ]


def first_column(text: str, header: str) -> list[str]:
    """The names in backticks in the first column of the table with this header."""
    rows = re.search(rf"^ *\| {header} \|.*\n.*\n((?: *\|.*\n)+)", text, re.MULTILINE)[1]
    return [
        name for row in rows.splitlines() for name in re.findall("`([^`]+)`", row.split("|")[1])
    ]


def copy_of_the_template(folder: Path) -> Path:
    """A copy of everything that git would take, as a repository of its own."""
    rendering.copy_working_tree(folder)
    identity = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    for command in (["init"], ["add", "--all"], [*identity, "commit", "--message", "Copy"]):
        subprocess.run(["git", *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


def run(folder: Path, command: str) -> str:
    """A command in the copy, with this Python. Returns what it prints; fails if it fails."""
    command = re.sub(r"^python\b", sys.executable, command)
    command = re.sub(r"^make\b", f"make -o setup PYTHON_OF_VENV={sys.executable}", command)
    done = subprocess.run(
        command,
        shell=True,
        check=False,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def insert(folder: Path, block: Block) -> None:
    """Put a block below the line of its file that it begins with."""
    path = folder / block.file
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(block.lines), "utf-8")
        return
    anchor, rest = block.lines[0], "".join(block.lines[1:])
    lines = path.read_text("utf-8").splitlines(keepends=True)
    # a page shows a line without the indentation that the whole block has
    found = [number for number, line in enumerate(lines) if line.strip() == anchor.strip()]
    assert len(found) == 1, f"{block.file} has {len(found)} lines {anchor.strip()!r}, not one"
    assert rest.strip(), f"a block for {block.file} adds nothing"
    indent = lines[found[0]].removesuffix(lines[found[0]].lstrip())
    shown = anchor.removesuffix(anchor.lstrip())
    lines.insert(found[0] + 1, textwrap.indent(rest, indent.removeprefix(shown)))
    path.write_text("".join(lines), "utf-8")


def change(folder: Path, block: Block) -> None:
    """Make the change that a diff block shows; the old lines have to be there exactly once."""
    lines = [line if line.strip() else " \n" for line in block.lines]
    old, new = ("".join(line[1:] for line in lines if line[0] in kinds) for kinds in (" -", " +"))
    path = folder / block.file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{block.file} has {text.count(old)} times, not one:\n{old}"
    path.write_text(text.replace(old, new), "utf-8")


def follow(text: str, folder: Path, instead: Mapping[str, str | None]) -> None:
    """Do what the blocks of a section say, in order."""
    commands = []
    for block in blocks(text):
        if block.file:
            (change if block.language == "diff" else insert)(folder, block)
        elif block.language == "bash":
            for command in map(str.strip, block.lines):
                commands.append(command)
                if other := instead.get(command, command):
                    run(folder, other)
    unknown = set(instead) - set(commands)
    assert not unknown, f"the page has no command {unknown}"

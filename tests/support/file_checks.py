"""What must be true of every generated file, whatever it is: it parses, and its path is portable.

Each check returns sentences about what is wrong, none when all is well. Results are kept by
content, so that hundreds of variants that share a file cost one check.
"""

import ast
import configparser
import csv
import io
import json
import re
import subprocess
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import yaml
from jinja2 import Environment, TemplateSyntaxError
from playwright._impl._driver import compute_driver_executable

LONGEST_PATH = 120  # a checkout on Windows has 260 characters for all of it
WINDOWS_DEVICES = {"CON", "PRN", "AUX", "NUL"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)
}


# ---------------------------------------------------------------- paths
def path_problems(paths: Iterable[str]) -> list[str]:
    """What keeps the paths of one project from being checked out on Windows or macOS."""
    problems, same = [], defaultdict(list)
    for path in paths:
        same[path.casefold()].append(path)
        if len(path) > LONGEST_PATH:
            problems.append(f"{path}: longer than {LONGEST_PATH} characters")
        for part in path.split("/"):
            if re.search(r'[<>:"|?*\\\x00-\x1f]', part):
                problems.append(f"{path}: has a character that Windows reserves")
            if part.split(".")[0].upper() in WINDOWS_DEVICES:
                problems.append(f"{path}: {part} is the name of a device on Windows")
            if part.endswith((".", " ")):
                problems.append(f"{path}: a part ends in a dot or a space")
    return problems + [f"{paths}: differ only in case" for paths in same.values() if len(paths) > 1]


# ---------------------------------------------------------------- delimiters
def delimiter_problems(text: str, was_rendered: bool, questions: Iterable[str]) -> list[str]:
    """Template tags that were left over, or that stand in a file that is not rendered at all.

    A rendered file may hold `[[` (an array of TOML tables) but not followed by a space.
    """
    if was_rendered:
        found = re.findall(r".*(?:\[\[ |\[%|\[#).*", text)
        return [f"a template tag was left over: {line.strip()}" for line in found]
    found = re.findall(rf".*(?:\[\[-? *(?:{'|'.join(questions)})\b|\[%-? ).*", text)
    return [f"a template tag in a file without .jinja: {line.strip()}" for line in found]


# ---------------------------------------------------------------- contents
@cache
def content_problems(name: str, content: bytes) -> tuple[str, ...]:
    """Why the file is not what its name says. `name` is its last part, such as makefile."""
    path = PurePosixPath(name)
    check = BY_NAME.get(name) or BY_SUFFIX.get(path.suffix)
    if check is None:
        return ("no check is known for this kind of file: add one to tests/support/file_checks.py",)
    try:
        text = content.decode()
        if "\r" in text:
            return ("has carriage returns",)
        if text and not re.search(r"[^\n]\n\Z", text):
            return ("does not end with exactly one line break",)
        check(text)
    except REFUSALS as error:
        return (f"{type(error).__name__}: {error}",)
    return ()


class _Yaml(yaml.CSafeLoader):
    """Refuses a key that is written twice, and takes tags such as GitLab's !reference."""

    def construct_mapping(self, node, deep=False):
        merge = "tag:yaml.org,2002:merge"  # the key <<, which the parent class resolves
        nodes = [key for key, _ in node.value if key.tag != merge]
        keys = [self.construct_object(key, deep=True) for key in nodes]
        twice = [key for key in keys if keys.count(key) > 1]
        if twice:
            raise ValueError(f"line {node.start_mark.line + 1}: written twice: {twice[0]}")
        return super().construct_mapping(node, deep)


_Yaml.add_multi_constructor("!", lambda loader, suffix, node: None)


def _yaml(text: str) -> None:
    for _ in yaml.load_all(text, Loader=_Yaml):
        pass


def _shell(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, check=True, capture_output=True, text=True)


def _makefile(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "makefile").write_text(text)
        done = subprocess.run(
            ["make", "--no-print-directory", "-n", "help"],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise ValueError(f"make -n help: {done.stderr.strip()}")


def _table(text: str) -> None:
    """CSV with a header, and as many fields in each row."""
    header, *rows = csv.reader(io.StringIO(text), strict=True)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} fields, the header {len(header)}")


def _ini(text: str) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text if text.lstrip().startswith("[") else f"[top]\n{text}")


def _environment(text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        if not re.fullmatch(r"|#.*|[A-Z][A-Z0-9_]*=\S*|[A-Z][A-Z0-9_]*='[^']*'", line):
            raise ValueError(f"line {number} is no comment and no NAME=value")


def _text(text: str) -> None:
    if not text.strip():
        raise ValueError("is empty")


class Tags(HTMLParser):
    """Refuses tags that are not closed in the order in which they were opened."""

    VOID = ("meta", "link", "br", "img", "hr", "input")

    def __init__(self, text: str):
        super().__init__()
        self.opened: list[str] = []
        self.feed(text)
        self.close()
        if self.opened:
            raise ValueError(f"never closed: {self.opened[-1]}")

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag):
        if not self.opened or self.opened.pop() != tag:
            raise ValueError(f"line {self.getpos()[0]}: closes what is not open: {tag}")


def _page(text: str) -> None:
    """HTML, or a template for it: whose tags are right only on the pages that it makes."""
    if "{%" in text:
        Environment().parse(text)
    else:
        Tags(text)


def _stylesheet(text: str) -> None:
    """Blocks that are opened and closed in turn; a browser passes over what else is wrong."""
    depth = 0
    for brace in re.findall(r"[{}]", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            raise ValueError("closes a block that is not open")
    if depth:
        raise ValueError("leaves a block open")


def _javascript(text: str) -> None:
    """By Node, which Playwright brings along."""
    node, _ = compute_driver_executable()
    command = [node, "--check", "-"]
    subprocess.run(command, input=text, check=True, capture_output=True, text=True)


REFUSALS = (
    TemplateSyntaxError,
    *(ValueError, SyntaxError, yaml.YAMLError, configparser.Error, csv.Error),
    subprocess.CalledProcessError,
)
Check = Callable[[str], object]
BY_SUFFIX: dict[str, Check] = {
    ".yml": _yaml,
    ".yaml": _yaml,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".py": ast.parse,
    ".sh": _shell,
    ".csv": _table,
    ".cfg": _ini,
    ".ini": _ini,
    ".html": _page,
    ".css": _stylesheet,
    ".js": _javascript,
    ".sql": _text,
    ".md": _text,
    ".txt": _text,
    ".in": _text,
    ".mk": lambda text: _makefile(f"{text}\n.PHONY: help installed\nhelp installed:\n"),
}
BY_NAME: dict[str, Check] = {
    "makefile": _makefile,
    ".env.example": _environment,
    ".sqlfluff": _ini,
    ".editorconfig": _ini,
    ".yamllint": _yaml,
    ".gitignore": _text,
    ".gitattributes": _text,
    ".sqlfluffignore": _text,
    ".airflowignore": _text,
    ".gitkeep": lambda text: None,
    "__init__.py": ast.parse,
}


def mode_problems(content: bytes, mode: int) -> list[str]:
    """A file can be executed if and only if its first line says by what."""
    if bool(mode & 0o100) == content.startswith(b"#!"):
        return []
    return ["needs a first line #!..." if mode & 0o100 else "has a line #! but cannot be executed"]

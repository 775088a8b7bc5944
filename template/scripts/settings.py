"""Check, before dbt starts, that every variable which the chosen target needs is set.

    python scripts/settings.py [target]

The target is the argument, or DBT_TARGET, or the default of profiles/profiles.yml. A variable is
needed when the target reads it by env_var('NAME') without a default. Prints a sentence for each
that is missing or empty, and exits with 2.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
# env_var('NAME') with nothing behind the name
REQUIRED = re.compile(r"""env_var\(\s*(['"])(\w+)\1\s*\)""")
DEFAULT_TARGET = "local"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast parser, where it is there
LARGEST_YAML = 5_000_000  # bytes
DEEPEST_YAML = 60
MOST_VALUES = 500_000


class Problem(SystemExit):
    """Something that the user can put right: a sentence that says what is wrong and what to do.

    A program that doesn't catch it prints the sentence and exits with 1.
    """


def run_program(program: Callable[[], object], interrupted: str) -> None:
    """Run a program in the project's folder; Ctrl-C ends it with the sentence `interrupted`."""
    os.chdir(PROJECT)
    try:
        program()
    except KeyboardInterrupt:
        sys.exit(interrupted)


def yaml_text(path: Path) -> str:
    """The text of a YAML file. Raises Problem where what it stands for would fill the memory."""
    size = path.stat().st_size
    if size > LARGEST_YAML:
        raise Problem(
            f"{path} has {size / 1e6:,.0f} MB, and a YAML file may have {LARGEST_YAML / 1e6:.0f} MB. "
            "Split it, or restore it from git."
        )
    text = path.read_text("utf-8")
    try:
        excess = too_much(yaml.parse(text, Loader=LOADER))
    except yaml.YAMLError:
        return text  # who loads it says what is wrong
    if excess:
        raise Problem(f"{path} {excess}. Simplify it, or restore it from git.")
    return text


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. Raises Problem where it can't be read, or would fill the memory."""
    try:
        return yaml.load(yaml_text(path), Loader=LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Problem(f"{path} isn't YAML: {error}") from error


def too_much(events: Iterator[yaml.Event]) -> str:
    """What is too much in a YAML document for programs that walk through all of it; "" if nothing.

    A few lines of aliases of aliases are billions of values.
    """
    values_of: dict[str | None, int] = {}  # what each anchor stands for
    inside: list[tuple[str | None, int]] = [(None, 0)]  # anchor and values of each open collection
    for event in events:
        more = 0
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append((event.anchor, 1))
            if len(inside) > DEEPEST_YAML:
                return f"is nested more than {DEEPEST_YAML} levels deep"
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, more = inside.pop()
            values_of[anchor] = more
        elif isinstance(event, yaml.ScalarEvent):
            more = values_of[event.anchor] = 1
        elif isinstance(event, yaml.AliasEvent):
            more = values_of.get(event.anchor, MOST_VALUES + 1)  # unknown: an alias inside itself
        anchor, values = inside[-1]
        inside[-1] = anchor, values + more
        if values + more > MOST_VALUES:
            return f"stands for more than {MOST_VALUES:,} values"
    return ""


def strings(value: Any) -> Iterator[str]:
    """Every string in a tree of mappings and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def problems(profile: dict[str, Any], target: str | None, environment: dict[str, str]) -> list[str]:
    """What keeps a profile's target from being used, a sentence each; empty when nothing does."""
    default = profile.get("target", DEFAULT_TARGET)
    target = target or (DEFAULT_TARGET if "{{" in default else default)
    outputs = profile["outputs"]
    if target not in outputs:
        return [f"There is no target {target}: DBT_TARGET is one of {', '.join(sorted(outputs))}."]
    needed = {name for text in strings(outputs[target]) for _, name in REQUIRED.findall(text)}
    return [
        f"{name} is not set: put it in .env (what it means is written in .env.example)."
        for name in sorted(needed)
        if not environment.get(name)
    ]


def main(arguments: list[str]) -> int:
    name = read_yaml(PROJECT / "dbt_project.yml")["profile"]
    folder = Path(os.environ.get("DBT_PROFILES_DIR") or PROJECT / "profiles")
    file = folder / "profiles.yml"
    if not file.is_file():
        print(f"{file} isn't there: set DBT_PROFILES_DIR to its folder.", file=sys.stderr)
        return 2
    profiles = read_yaml(file)
    if name not in profiles:
        print(f"{file} has no profile {name}: see dbt_project.yml.", file=sys.stderr)
        return 2
    target = arguments[0] if arguments else os.environ.get("DBT_TARGET")
    found = problems(profiles[name], target, dict(os.environ))
    for problem in found:
        print(problem, file=sys.stderr)
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

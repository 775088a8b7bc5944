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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
# env_var('NAME') with nothing behind the name
REQUIRED = re.compile(r"""env_var\(\s*(['"])(\w+)\1\s*\)""")
DEFAULT_TARGET = "local"


class Problem(SystemExit):
    """Something that the user can put right: a sentence that says what is wrong and what to do.

    A program that doesn't catch it prints the sentence and exits with 1.
    """


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, by the fast C parser where it is there."""
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


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

"""Which files each variant has, kept as a list for review in tests/copy/expected_files.txt.

Each section of that file starts with a condition on answers and lists the paths that exist where
it holds; `always` has the rest. `python scripts/file_sets.py` rewrites the list from what is
rendered: do that after adding, moving or removing a file of the template, and read the diff.
"""

import sys
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import rendering
import variants

PATH = rendering.ROOT / "tests" / "copy" / "expected_files.txt"
ALWAYS = "always"
HEADER = """\
# The files of a generated project, by condition on the answers. A test compares each variant
# with this list. After a file was added, moved or removed: python scripts/file_sets.py
"""


def expected(answers: dict[str, Any], sections: dict[str, list[str]] | None = None) -> set[str]:
    """The paths that a project with these (complete) answers has, by the reviewed list."""
    sections = read() if sections is None else sections
    return {path for when, paths in sections.items() if _holds(when, answers) for path in paths}


@cache
def read() -> dict[str, list[str]]:
    """The sections of the reviewed list: condition to paths."""
    sections: dict[str, list[str]] = {}
    for line in PATH.read_text().splitlines():
        if line.startswith("["):
            paths = sections[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            paths.append(line)
    return sections


def _holds(condition: str, answers: dict[str, Any]) -> bool:
    """Does `warehouse = duckdb or postgres, elementary = true` hold for these answers?"""
    if condition == ALWAYS:
        return True
    wanted = (part.split(" = ") for part in condition.split(", "))
    return all(_text(answers.get(name)) in values.split(" or ") for name, values in wanted)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def derived() -> dict[str, list[str]]:
    """The sections as rendered now. Raises ValueError where no condition of this form fits."""
    answers = {name: rendering.all_answers(given) for name, given in variants.product().items()}
    present = defaultdict(set)
    for name, given in variants.product().items():
        for path in rendering.render(given):
            present[path].add(name)
    sections = defaultdict(list)
    for path, names in sorted(present.items()):
        sections[_condition(path, names, answers)].append(path)
    return dict(sorted(sections.items(), key=lambda section: (section[0] != ALWAYS, section)))


def _condition(path: str, names: set[str], answers: dict[str, dict[str, Any]]) -> str:
    """The answers that the variants `names`, and no others, have."""
    asked = [
        question
        for question, details in rendering.questions().items()
        if isinstance(details.get("choices"), dict) or details["type"] == "bool"
    ]
    parts = []
    for question in asked:
        everywhere = {_text(given.get(question)) for given in answers.values()}
        here = {_text(answers[name].get(question)) for name in names}
        if here != everywhere:
            values = [_text(value) for value in rendering.choices(question)]
            parts.append((question, " or ".join(value for value in values if value in here)))
    # Some answers only follow from others (airflow_style from orchestrator): leave those out.
    for part in list(parts):
        shorter = [other for other in parts if other != part]
        if _select(shorter, answers) == names:
            parts = shorter
    if _select(parts, answers) != names:
        raise ValueError(f"{path}: no condition of the form 'question = value or value, ...' fits")
    return ", ".join(f"{question} = {values}" for question, values in parts) or ALWAYS


def _select(parts: list[tuple[str, str]], answers: dict[str, dict[str, Any]]) -> set[str]:
    condition = ", ".join(f"{question} = {values}" for question, values in parts) or ALWAYS
    return {name for name, given in answers.items() if _holds(condition, given)}


if __name__ == "__main__":
    text = "".join(f"\n[{when}]\n" + "\n".join(paths) + "\n" for when, paths in derived().items())
    PATH.write_text(HEADER + text)

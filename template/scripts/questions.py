"""The list of business questions: analysis/_analysis.yml, which explains what an entry holds.

The answers, the dashboard and the hand-over read it here. A mart may be a question too, by the same
words in its own YAML: `make answers` writes it whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formats import FORMATS
from settings import PROJECT, Problem, read_yaml


@dataclass(frozen=True)
class Question:
    """A question; its name is that of its query, its CSV file and its panel."""

    name: str
    text: str
    definition: str
    section: str  # of the dashboard; empty where it is on none
    formats: dict[str, str]  # column to one of formats.FORMATS
    needs: tuple[str, ...] = ()  # what the data must have for it, in words of the var left_out


def question(entry: dict[str, Any]) -> Question:
    """The question of an entry of YAML, or of a node of dbt's manifest as a dictionary.

    Raises Problem where it names a format that doesn't exist.
    """
    meta = entry.get("config", {}).get("meta", {})
    for column, kind in meta.get("formats", {}).items():
        if kind not in FORMATS:
            raise Problem(
                f"{entry['name']}: column {column} has the format `{kind}`. Use one of "
                f"{', '.join(FORMATS)} in analysis/_analysis.yml."
            )
    first_paragraph = entry.get("description", "").split("\n\n")[0]
    return Question(
        name=entry["name"],
        text=meta.get("question") or entry["name"].replace("_", " "),
        definition=" ".join(first_paragraph.split()),
        section=meta.get("section", ""),
        formats=meta.get("formats", {}),
        needs=tuple(meta.get("needs", [])),
    )


def why_skipped(about: Question, left_out: list[str]) -> str:
    """Why a question is skipped, in a few words; "" where it is asked. left_out: the var."""
    lacking = [need for need in about.needs if need in left_out]
    return f"your data has no {' and no '.join(lacking)}" if lacking else ""


def questions(project: Path = PROJECT) -> dict[str, Question]:
    """All questions by name, the analyses first, in the order of their files."""
    found = {}
    for folder, kind in (("analysis", "analyses"), ("models/marts", "models")):
        for path in sorted((project / folder).rglob("*.yml")):
            for entry in (read_yaml(path) or {}).get(kind) or []:
                if "question" in entry.get("config", {}).get("meta", {}):
                    found[entry["name"]] = question(entry)
    return found

"""The variants that the tests cover, made from the questions and choices of copier.yml.

A choice that is added there is covered without an edit here. `python tests/variants.py` lists
their names.
"""

from functools import cache
from typing import Any

import yaml

import rendering

Variants = dict[str, dict[str, Any]]  # name to answers


def _dynamic(details: dict) -> bool:
    """Does the list of choices depend on earlier answers?"""
    return isinstance(details.get("choices"), str)


@cache
def product() -> Variants:
    """Every combination of the questions that have choices or are yes or no.

    A question that is not asked after the answers before it adds nothing, and one whose choices
    depend on other answers is left to `dynamic_choices`.
    """
    variants: list[dict[str, Any]] = [{}]
    for name, details in rendering.questions().items():
        if _dynamic(details) or not ("choices" in details or details["type"] == "bool"):
            continue
        grown = []
        for answers in variants:
            if "when" in details and not rendering.question(name, answers).get_when():
                grown.append(answers)
            else:
                grown += [{**answers, name: value} for value in rendering.choices(name)]
        variants = grown
    return {"-".join(_word(*answer) for answer in answers.items()): answers for answers in variants}


def _word(name: str, value: Any) -> str:
    """How an answer reads in a variant's name: duckdb, no_ci, elementary, no_elementary."""
    if value in (False, "none"):
        return f"no_{name}"
    return name if value is True else str(value)


@cache
def dynamic_choices() -> Variants:
    """Each choice of `auth`, by warehouse, with defaults for the rest."""
    return {
        f"{warehouse}-{name}_{value}": {"warehouse": warehouse, name: value}
        for name, details in rendering.questions().items()
        if _dynamic(details)
        for warehouse in rendering.choices("warehouse")
        for value in rendering.choices(name, {"warehouse": warehouse})
    }


@cache
def presets() -> Variants:
    """The files of hooks/presets."""
    return {
        f"preset_{path.stem}": yaml.safe_load(path.read_text())
        for path in sorted(rendering.PRESETS.glob("*.yml"))
    }


@cache
def every_default_changed() -> dict[str, Any]:
    """Answers of which each differs from the default that it would have had."""
    answers: dict[str, Any] = {}
    for name, details in rendering.questions().items():
        question = rendering.question(name, answers)
        if not question.get_when():
            continue
        default = question.get_default()
        if "choices" in details or details["type"] == "bool":
            others = [value for value in rendering.choices(name, answers) if value != default]
        elif details["type"] == "int":
            others = [default + 1, default - 1]
        else:
            others = [f"{default} 2", f"{default}_2", f"a.{default}", "Europe/Berlin"]
        good = [value for value in others if _good(question, value)]
        assert good, f"no other good answer to {name} is known here: add one to `others`"
        answers[name] = good[0]
    return answers


def _good(question, value: Any) -> bool:
    try:
        question.validate_answer(question.parse_answer(value))
    except ValueError:
        return False
    return True


@cache
def all_variants() -> Variants:
    """Everything above, by name."""
    return {
        **product(),
        **dynamic_choices(),
        **presets(),
        "every_default_changed": every_default_changed(),
    }


if __name__ == "__main__":
    print("\n".join(all_variants()))

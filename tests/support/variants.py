"""The variants that the tests cover, made from the questions and choices of copier.yml.

A choice that is added there is covered without an edit here. `python tests/support/variants.py` lists
their names.
"""

from functools import cache
from pathlib import Path
from typing import Any

import rendering
import yaml

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
def dynamic_choices(template: Path | None = None) -> Variants:
    """Each choice of `auth`, by warehouse, with defaults for the rest.

    `template` is a folder with another version of the template, here and below.
    """
    return {
        f"{warehouse}-{name}_{value}": {"warehouse": warehouse, name: value}
        for name, details in rendering.questions(template).items()
        if _dynamic(details)
        for warehouse in rendering.choices("warehouse", template=template)
        for value in rendering.choices(name, {"warehouse": warehouse}, template)
    }


@cache
def each_choice(template: Path | None = None) -> Variants:
    """Few sets of answers in which each choice of each question occurs."""
    questions = {
        name: details
        for name, details in rendering.questions(template).items()
        if (isinstance(details.get("choices"), dict) or details["type"] == "bool")
        and name != "warehouse"
    }
    missing = {name: rendering.choices(name, template=template) for name in questions}
    variants = {}
    for variant, start in dynamic_choices(template).items():
        answers = dict(start)
        for name in questions:
            if missing[name] and rendering.question(name, answers, template).get_when():
                answers[name] = missing[name].pop()
        variants[variant] = answers
    assert not any(missing.values()), f"choices that no variant has: {missing}"
    return variants


@cache
def presets() -> Variants:
    """The files of hooks/presets."""
    return {
        f"preset_{path.stem}": yaml.safe_load(path.read_text())
        for path in sorted(rendering.PRESETS.glob("*.yml"))
    }


@cache
def every_default_changed(template: Path | None = None) -> dict[str, Any]:
    """Answers of which each differs from the default that it would have had."""
    answers: dict[str, Any] = {}
    for name in rendering.questions(template):
        if rendering.question(name, answers, template).get_when():
            answers[name] = other_answer(name, answers, template)
    return answers


def other_answer(name: str, answers: dict[str, Any], template: Path | None = None) -> Any:
    """A good answer to the question that is not its default after `answers`."""
    question = rendering.question(name, answers, template)
    default = question.get_default()
    if question.choices or question.get_type_name() == "bool":
        others = rendering.choices(name, answers, template)
    elif question.get_type_name() == "int":
        others = [default + 1, default - 1]
    else:
        others = [f"{default} 2", f"{default}_2", f"a.{default}", "Europe/Berlin"]
    for other in others:
        if other != default and _good(question, other):
            return other
    raise AssertionError(f"no other good answer to {name} is known: add one to `others`")


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

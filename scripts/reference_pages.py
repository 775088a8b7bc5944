"""The reference of the documentation, made from copier.yml and from rendered projects.

`make reference` writes docs/reference/*.md anew; a test compares them with what is rendered now.
Each page is a function without arguments that returns its text. Lines are kept few and stable, so
that two changes of the template seldom touch the same ones.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import file_sets
import rendering
import variants
import yaml

FOLDER = rendering.ROOT / "docs" / "reference"
COMMAND = "make reference"
REPEAT_THE_ANSWERS = (".copier-answers.yml", "docs/decisions/0001-foundations.md")
SHOWN_LINES = 8  # a file that changes in more lines is named with the numbers of these lines,
SHOWN_PLACES = 12  # and where they are in more places than this, with how many there are

ELSEWHERE = {
    "SELECT": "models of `make build` and `make test`, in dbt's words: `SELECT=fct_orders+`",
    "VARS": "vars of `make build` and `make test`: `VARS='{as_of_date: \"1998-01-31\"}'`",
    "FULL_REFRESH": "`1` rebuilds incremental models: `make build FULL_REFRESH=1`, `scripts/step.py`",
    "MODELS": "models of `scripts/step.py`, as `SELECT` is for make",
    "SYSTEM": "the system of `make source-scan`, `make source-remove`, `make sample`, and of `make source`, which writes all without it",
    "FORCE": "`1` has `make data` generate again, and `make source` write over edited files",
    "SPREADSHEET": "`1` makes `make answers` write values that look like formulas as text",
    "FROM": "where `make source-scan` and `make sample` read: a folder, a DuckDB file, or a schema",
    "CUSTOMERS": "how many customers `make sample` draws; by default 200, with 0 columns alone",
    "YES": "`1` answers the question of `make sample`",
    "PORT": "another port for the page of `make airflow` or `make dagster`",
    "TRUST": "`1` lets `make update` run the migrations of a major version",
    "PYTHON": "the interpreter that `make install` makes `.venv` with",
    "DBT_PROFILES_DIR": "another folder of profiles; by default `profiles/` of the project",
}
"""What make and scripts read and .env.example has no line for, because it belongs to one command."""


# ---------------------------------------------------------------- helpers
def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; what would end a cell or begin HTML in it is escaped."""
    lines = [list(header), ["---"] * len(list(header)), *map(list, rows)]
    escapes = {"|": "\\|", "<": "&lt;"}
    cells = [
        [re.sub("[|<]", lambda found: escapes[found[0]], " ".join(cell.split())) for cell in line]
        for line in lines
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def code(text: Any) -> str:
    return f"`{str(text).lower() if isinstance(text, bool) else text}`"


def page(title: str, intro: str, *parts: str) -> str:
    made = f"<!-- Made by `{COMMAND}`: change what it is made from, not this page. -->"
    return "\n\n".join([made, f"# {title}", intro, *(part.strip() for part in parts)]) + "\n"


@cache
def conditions() -> dict[str, str]:
    """Path to the answers that make a project have it; nothing for a path that all have."""
    return {
        path: "" if when == file_sets.ALWAYS else when
        for when, paths in file_sets.read().items()
        for path in paths
    }


# ---------------------------------------------------------------- questions
@cache
def single_answers() -> list[dict[str, Any]]:
    """No answer at all, and each choice of each question by itself."""
    asked = rendering.questions().items()
    fixed = [name for name, details in asked if isinstance(details.get("choices"), dict)]
    fixed += [name for name, details in asked if details["type"] == "bool"]
    return [{}, *({name: value} for name in fixed for value in rendering.choices(name))]


def asked_after(name: str) -> dict[str, Any]:
    """The answer after which a question is asked: none, where it is asked with the defaults."""
    return next(each for each in single_answers() if name in rendering.all_answers(each))


def changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Which files and lines differ between two projects, as a Markdown list."""
    old, new = rendering.render(before), rendering.render(after)
    lines = []
    for word, paths in (("adds", set(new) - set(old)), ("leaves out", set(old) - set(new))):
        if paths:
            lines.append(f"- {word} {', '.join(code(path) for path in folders(paths, old, new))}")
    shown = []
    for path in sorted(set(old) & set(new) - set(REPEAT_THE_ANSWERS)):
        if old[path].content != new[path].content:
            shown.append(changed(path, old[path].content.decode(), new[path].content.decode()))
    return "\n".join(lines + shown) or "- nothing"


def folders(paths: set[str], *trees: rendering.Tree) -> list[str]:
    """The paths; a folder with all that is in it stands for its files where only they are there."""
    result = set()
    for path in paths:
        parents = [parent.as_posix() for parent in Path(path).parents][:-1]
        whole = [
            parent
            for parent in reversed(parents)
            if all(
                each in paths for tree in trees for each in tree if each.startswith(parent + "/")
            )
        ]
        result.add(f"{whole[0]}/" if whole else path)
    return sorted(result)


def changed(path: str, old: str, new: str) -> str:
    """What is different in a file: the lines themselves if they are few, else where they are."""
    before, after = old.splitlines(), new.splitlines()
    groups = [
        (before[a:b], after[c:d], c, d)
        for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes()
        if kind != "equal"
    ]
    count = sum(len(gone) + len(come) for gone, come, _, _ in groups)
    if count > SHOWN_LINES:
        ranges = [f"{c + 1}-{d}" if d > c + 1 else str(c + 1) for _, come, c, d in groups if come]
        gone, come = (sum(len(group[side]) for group in groups) for side in (0, 1))
        where = ", lines " + ", ".join(ranges) if ranges else ""
        if len(ranges) > SHOWN_PLACES:
            where = f", in {len(ranges)} places"
        return f"- {code(path)}: +{come} -{gone}{where}"
    lines = []
    for gone, come, _, _ in groups:
        lines += [f"    - {line}".rstrip() for line in gone] + [f"    + {line}" for line in come]
    return f"- {code(path)}\n\n    ```diff\n" + "\n".join(lines) + "\n    ```\n"


def effects(name: str, details: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """For each other choice of a question: the choice in words, and what it changes."""
    before = asked_after(name)
    if isinstance(details.get("choices"), str):  # by warehouse
        cases = [
            ({"warehouse": warehouse}, value)
            for warehouse in rendering.choices("warehouse")
            for value in rendering.choices(name, {"warehouse": warehouse})
        ]
    elif "choices" in details or details["type"] == "bool":
        cases = [(before, value) for value in rendering.choices(name, before)]
    else:
        cases = [(before, variants.other_answer(name, before))]
    for given, value in cases:
        default = rendering.question(name, given).get_default()
        if value == default:
            continue
        # answers that follow from this one by default are held, but for the warehouse's own
        held = rendering.all_answers(given) if name != "warehouse" else {}
        held = {key: answer for key, answer in held.items() if key != name}
        known = f" (`warehouse: {given['warehouse']}`)" if "warehouse" in given else ""
        words = f"{code(value)} instead of {code(default)}{known}"
        yield words, changes({**held, name: default}, {**held, **given, name: value})


def questions() -> str:
    parts = []
    for name, details in rendering.questions().items():
        before = asked_after(name)
        question = rendering.question(name, before)
        title, *consequence = question.render_value(question.help).strip().splitlines()
        text = [f"## {name}", f"**{title}** {' '.join(consequence)}"]
        facts = [f"type {code(details['type'])}", f"default {code(question.get_default())}"]
        if before:
            words = ", ".join(f"`{key}: {value}`" for key, value in before.items())
            facts.append(f"asked where {words}")
        text.append("; ".join(facts) + ".")
        if isinstance(details.get("choices"), str):
            rows = [
                (code(warehouse), choice.title.split(": ")[0], code(choice.value))
                for warehouse in rendering.choices("warehouse")
                for choice in rendering.question(name, {"warehouse": warehouse})._formatted_choices
            ]
            text.append(table(("warehouse", "choice", "value"), rows))
        elif "choices" in details:
            rows = [(choice.title, code(choice.value)) for choice in question._formatted_choices]
            text.append(table(("choice", "value"), rows))
        for words, effect in effects(name, details):
            text.append(f"<details markdown><summary markdown>{words} changes</summary>")
            text.append(effect)
            text.append("</details>")
        parts.append("\n\n".join(text))
    return page(
        "Questions",
        "Every question of `copier copy`, in order, with what another answer changes in a project "
        "whose other answers are the defaults. Few lines are shown as they are; where many differ, "
        "their numbers in the file of that answer are given. Left out: "
        + " and ".join(map(code, REPEAT_THE_ANSWERS))
        + ", which only repeat the answers. An answer that is a text or a number is shown by an "
        "example.",
        *parts,
    )


# ---------------------------------------------------------------- make
def targets_of(makefile: str) -> list[tuple[str, str, str]]:
    """Section, name and meaning of every target that `make help` lists."""
    section, found = "", []
    for line in makefile.splitlines():
        if line.startswith("##@ "):
            section = line[4:]
        if match := re.match(r"([a-z][a-z-]*):.*?## (.+)", line):
            found.append((section, match[1], match[2]))
    return found


def make() -> str:
    rows = []
    for where, text in makefiles().values():
        for section, name, meaning in targets_of(text):
            rows.append((section.split(" (")[0], f"`make {name}`", meaning, where or "all"))
    own = targets_of((rendering.ROOT / "Makefile").read_text("utf-8"))
    return page(
        "Make targets",
        "`make` without a word lists those of the project at hand.",
        "## In a project",
        table(("section", "target", "what it does", "projects with"), rows),
        "## In the template's repository",
        table(("target", "what it does"), [(f"`make {n}`", text) for _, n, text in own]),
    )


def makefiles() -> dict[str, tuple[str, str]]:
    """The makefile and what it includes: path to condition and text."""
    found = {}
    for answers in single_answers():
        for path, file in rendering.render(answers).items():
            if path == "makefile" or path.endswith(".mk"):
                found[path] = (conditions()[path], file.content.decode())
    return dict(sorted(found.items(), key=lambda item: item[0] != "makefile"))


# ---------------------------------------------------------------- variables
def example_blocks(example: str) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """The blocks of .env.example: what is said, and its variables with value and optionality."""
    for block in example.split("\n\n"):
        said, names = [], []
        for line in block.strip().splitlines():
            if match := re.match(r"(# )?([A-Z][A-Z0-9_]*)=(.*)", line):
                names.append((match[2], match[3], bool(match[1])))
            elif not line.startswith("# ---"):
                said.append(line.removeprefix("#").strip())
        if names:
            yield " ".join(said), names


@cache
def variables() -> dict[str, dict[str, Any]]:
    """Every variable of .env.example: text, example, optional, and the sign-ins that have it."""
    found: dict[str, dict[str, Any]] = {}
    for answers in variants.dynamic_choices().values():
        for said, names in example_blocks(
            rendering.render(answers)[".env.example"].content.decode()
        ):
            for name, value, optional in names:
                entry = found.setdefault(
                    name, {"text": said, "example": value, "optional": optional, "with": []}
                )
                entry["with"].append((answers["warehouse"], answers["auth"]))
    return found


def used_with(pairs: list[tuple[str, str]]) -> str:
    """In words, with which warehouse and sign-in a variable is used."""
    every = [
        (answers["warehouse"], answers["auth"]) for answers in variants.dynamic_choices().values()
    ]
    if set(pairs) == set(every):
        return "all"
    words = []
    for warehouse in dict.fromkeys(name for name, _ in pairs):
        auths = [auth for name, auth in pairs if name == warehouse]
        whole = len(auths) == len([1 for name, _ in every if name == warehouse])
        words.append(warehouse if whole else f"{warehouse} ({', '.join(auths)})")
    return ", ".join(words)


@cache
def orchestrator_variables() -> dict[str, str]:
    """What orchestration/README.md says of the variables of a scheduler's environment."""
    text = "".join(
        rendering.render({"orchestrator": name})["orchestration/README.md"].content.decode()
        for name in rendering.choices("orchestrator")
    )
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", text, re.MULTILINE))


def documented_variables() -> set[str]:
    return {*variables(), *orchestrator_variables(), *ELSEWHERE}


def environment() -> str:
    return page(
        "Variables",
        "Settings come from the environment, else from `.env`; `.env.example` of a project has its "
        "own ones with the same words.",
        "## In .env",
        table(
            ("variable", "meaning", "example or default", "projects with"),
            [
                (
                    code(name) + (" (optional)" if entry["optional"] else ""),
                    entry["text"],
                    code(entry["example"]) if entry["example"] else "(secret)",
                    used_with(entry["with"]),
                )
                for name, entry in variables().items()
            ],
        ),
        "## Of one command",
        table(("variable", "meaning"), [(code(name), text) for name, text in ELSEWHERE.items()]),
        "## Of a scheduler",
        table(
            ("variable", "meaning"),
            [(code(name), text) for name, text in orchestrator_variables().items()],
        ),
    )


# ---------------------------------------------------------------- models and columns
@cache
def column_texts() -> dict[str, str]:
    """The descriptions of columns that several models carry."""
    text = rendering.render({})["models/_columns.md"].content.decode()
    found = re.findall(r"{% docs (\w+) %}\n(.*?)\n{% enddocs %}", text, re.DOTALL)
    return {name: " ".join(said.split()) for name, said in found}


def described(text: str) -> str:
    """A description with what it refers to by doc() put in."""
    return re.sub(r"{{ doc\('(\w+)'\) }}", lambda m: column_texts()[m[1]], " ".join(text.split()))


def tests_of(node: dict[str, Any]) -> str:
    """The data tests of a column in words: `not_null`, `relationships to dim_dates.date_day`."""
    words = []
    for test in node.get("data_tests", []):
        name, details = next(iter(test.items())) if isinstance(test, dict) else (test, {})
        arguments = (details or {}).get("arguments", {})
        to = re.sub(r"ref\('(\w+)'\)", r"\1", str(arguments.get("to", "")))
        words.append(f"refers to {to}.{arguments['field']}" if to else name.replace("_", " "))
    return ", ".join(words)


@cache
def nodes() -> dict[str, list[dict[str, Any]]]:
    """What the project's YAML describes, by the folder or kind that it belongs to."""
    tree = rendering.render({})
    found: dict[str, list] = {}
    for path in sorted(
        path for path in tree if re.match(r"(models|seeds|snapshots)/.*\.yml", path)
    ):
        content = yaml.safe_load(tree[path].content) or {}
        for kind in ("models", "seeds", "snapshots"):
            for node in content.get(kind, []):
                layer = path.split("/")[1] if kind == "models" else kind
                found.setdefault(layer, []).append(node)
    return found


def models() -> str:
    parts = []
    for layer in ("staging", "core", "marts", "seeds", "snapshots"):
        parts.append(f"## {layer.capitalize()}")
        for node in nodes()[layer]:
            key = [
                column
                for test in node.get("data_tests", [])
                if isinstance(test, dict) and "primary_key" in test
                for column in test["primary_key"]["arguments"]["columns"]
            ]
            rows = [
                (
                    code(column["name"]) + (" (key)" if column["name"] in key else ""),
                    column.get("data_type", ""),
                    described(column.get("description", "")),
                    tests_of(column)
                    + (" personal" if "pii" in column.get("config", {}).get("tags", []) else ""),
                )
                for column in node.get("columns", [])
            ]
            prose, fence, example = node["description"].partition("```sql")
            parts.append(f"### {node['name']}\n\n{described(prose)}")
            parts += [fence + example] if fence else []
            if rows:
                parts.append(table(("column", "type", "meaning", "tests, personal data"), rows))
    answers = [
        (
            code(node["name"]),
            node["config"]["meta"]["question"],
            described(node["description"]),
            ", ".join(code(name) for name in reads(node["name"])),
        )
        for node in yaml.safe_load(rendering.render({})["analysis/_analysis.yml"].content)[
            "analyses"
        ]
    ]
    return page(
        "Models and columns",
        "The tables that a project builds, by layer; the same in every project. Types are as in the "
        "contracts, which dbt translates for each warehouse.",
        "## Answers",
        table(("analysis", "question", "definition", "reads"), answers),
        *parts,
    )


def reads(analysis: str) -> list[str]:
    """The models that an analysis reads."""
    sql = rendering.render({})[f"analysis/{analysis}.sql"].content.decode()
    return sorted(set(re.findall(r"ref\('(\w+)'\)", sql)))


PAGES = {
    "questions.md": questions,
    "make.md": make,
    "variables.md": environment,
    "models.md": models,
}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in PAGES.items():
        (FOLDER / name).write_text(content(), "utf-8")
    print(f"Wrote {', '.join(PAGES)} in docs/reference/.")

"""Answers that nobody should give: each is refused in a sentence, or gives a project that is whole.

Hypothesis makes answers to all free-text questions together, out of what breaks YAML, shell, make,
SQL, Jinja and paths. 60 examples by default, 2,000 with TEST_ALL=1; every run makes others, and a
failure prints how to repeat it.
"""

import os
import shutil
import subprocess
from pathlib import Path

import file_checks
import pytest
import rendering
import yaml
from copier._cli import CopierApp
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from parsing import Parser
from releases import TemplateRepository, files, git

EXAMPLES = 2000 if os.environ.get("TEST_ALL") else 60
FEW = EXAMPLES // 20
CANARY = "canary"
FREE_TEXT = [
    name
    for name, details in rendering.questions().items()
    if details["type"] == "str" and "choices" not in details
]

# ---------------------------------------------------------------- answers
NASTY = [
    *("", " ", "'", '"', '"""', "\\", "\\n", "a\nb", "a\r\nb", "a\tb", "\x00", "a\x00b", "\x7f"),
    *(
        "\u0085",
        "\u2028",
        "\u202eabc",
        "\u200b",
        "\ufeff",
        "\ud800",
        "😀",
        "👩‍👩‍👧",
        "ﬁ",
        "e\u0301",
    ),
    *("007", "1.0", "1e3", "0x1F", "1_000", "12:30", "2026-01-01", "~", "null", "no", "on", "Yes"),
    *("true", "NaN", ".inf", "- a", "a: b", "a #b", "#", "*a", "&a", "!!python/none", "@a", "%a"),
    *("{", "}", "[a]", "{a: b}", "|", ">", "? a", "---", "...", "<<: *x", "a,b", "a=b", "=a"),
    *("{{ 7*7 }}", "{% raw %}", "{# x #}", "[[ 7*7 ]]", "[% raw %]", "[# x #]", "]]", "%]"),
    *("$(touch canary)", "`touch canary`", "$$(touch canary)", "$(shell touch canary)", "${IFS}"),
    *(
        ";touch canary;",
        "|touch canary",
        "&&touch canary",
        "\ntouch canary\n",
        "'; touch canary; '",
    ),
    *('"; touch canary; "', "$HOME", "$(MAKE)", "%", "*", "?", "!", "^", "~/x", "-rf", "--help"),
    *("'; drop table customers; --", "a--b", "a/*b*/", "O'Brien", "Müller & Söhne", "Ünïcode"),
    *(
        "../../etc",
        "/etc/passwd",
        "..",
        ".",
        "a/b",
        "a\\b",
        "C:\\x",
        "con",
        "nul.txt",
        ".git/hooks",
    ),
    *("x" * 300, "select", "table", "user", "order", "tpch", "main", "information_schema", "dbt"),
    *("Europe/Berlin", "UTC ", "utc", "Mars/Olympus", "a@b.de", "a@b.de\n", "A@B.DE", "staging"),
]
nasty = st.sampled_from(NASTY)
hostile = st.one_of(
    nasty,
    st.text(max_size=40),
    st.builds("".join, st.lists(nasty, min_size=2, max_size=4)),
    st.builds(lambda one, other: f"abc{one}{other}", nasty, st.text(max_size=3)),
)
NAMES = st.from_regex(r"\A[a-z][a-z0-9_]{0,20}\Z")
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=80
)
GOOD = {  # answers that may well be accepted, and are odd all the same
    "project_name": WORDS,
    "owner_name": WORDS,
    "owner_email": st.from_regex(r"\A[a-z0-9._%+-]{1,20}@[a-z0-9-]{1,10}\.[a-z]{2,6}\Z"),
    "timezone": st.sampled_from(["Asia/Kolkata", "America/Argentina/Ushuaia", "Etc/GMT+5", "UTC"]),
}


@st.composite
def answers(draw) -> dict[str, str]:
    """Answers to some free-text questions, and a warehouse; few or none of them hostile."""
    chosen = draw(st.sets(st.sampled_from(FREE_TEXT), min_size=1))
    bad = draw(st.sets(st.sampled_from(sorted(chosen)), max_size=2)) if draw(st.booleans()) else ()
    given_answers = {
        name: draw(hostile if name in bad else GOOD.get(name, NAMES)) for name in sorted(chosen)
    }
    return {"warehouse": draw(st.sampled_from(rendering.choices("warehouse")))} | given_answers


def example_count(count: int):
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


# ---------------------------------------------------------------- what a project must be
def tree_or_refusal(given_answers: dict) -> tuple[rendering.Tree | None, str]:
    """The project, or None and the sentence of the refusal."""
    try:
        return rendering._render(given_answers), ""
    except ValueError as error:
        return None, str(error)


def check_refusal(sentence: str) -> None:
    name = sentence.partition("'")[2].partition("'")[0]
    assert sentence.startswith("Validation error for question '"), sentence
    reason = sentence.partition(": ")[2]
    assert name in rendering.questions() and 5 < len(reason) < 400, sentence


def run_what_may_hold_answers(folder: Path) -> None:
    """Let make and the shell read every file of theirs, as they would in daily work."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    for command in (
        ["make", "help"],
        ["make", "--dry-run", "--always-make", "install", "lint", "clean"],
        ["sh", "-c", "set -a; . ./.env.example"],
    ):
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
    assert not [path for path in folder.rglob(CANARY)], "an answer was run as a command"


def check_project(tree: rendering.Tree, folder: Path, parser: Parser) -> None:
    """Every file is of its kind, nothing that is run runs an answer, and dbt can parse it."""
    assert not file_checks.path_problems(tree)
    for path, file in tree.items():
        assert not file_checks.content_problems(Path(path).name, file.content), path
    rendering.write(tree, folder)
    run_what_may_hold_answers(folder)
    assert not parser.parse(tree, "local").problems()


# ---------------------------------------------------------------- the properties
@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def test_answers_are_refused_or_give_a_whole_project(work, record_property):
    parser, counts = Parser(work / "parse"), {"refused": 0, "accepted": 0}

    @example_count(EXAMPLES)
    @given(answers())
    def check(given_answers):
        tree, sentence = tree_or_refusal(given_answers)
        counts["accepted" if tree else "refused"] += 1
        if tree is None:
            event("refused")
            check_refusal(sentence)
            with pytest.raises(ValueError):
                rendering.copy_stock(given_answers, work / "refused")
            assert not (work / "refused").exists(), "a refused copy wrote something"
        else:
            event("accepted")
            shutil.rmtree(work / "project", ignore_errors=True)
            check_project(tree, work / "project", parser)

    check()
    # neither side is empty, or the other would show nothing
    assert min(counts.values()) > EXAMPLES // 10, counts
    refused, accepted = counts["refused"], counts["accepted"]
    record_property("told", f"hostile answers: {refused} refused, {accepted} made a whole project")


def test_the_same_holds_for_a_file_of_answers(work):
    @example_count(FEW)
    @given(answers())
    def check(given_answers):
        data = work / "answers.yml"
        data.write_text(yaml.safe_dump(given_answers, allow_unicode=True), "utf-8")
        goal = work / "from-file"
        shutil.rmtree(goal, ignore_errors=True)
        command = ["copier", "copy", "--defaults", "--quiet", "--data-file", str(data)]
        tree, sentence = tree_or_refusal(given_answers)
        try:
            code = CopierApp.run([*command, str(rendering.template_copy()), str(goal)], exit=False)[
                1
            ]
        except ValueError as error:
            assert tree is None and str(error) == sentence
            assert not goal.exists()
        else:
            assert code == 0 and tree is not None
            written = {path: content for path, (content, _) in files(goal).items()}
            del written[".copier-answers.yml"]  # it names the template's folder
            assert (
                written == {path: file.content for path, file in tree.items() if path in written}
                and len(written) == len(tree) - 1
            )

    check()


def test_the_same_holds_for_values_changed_by_an_update(work):
    repository = TemplateRepository.of_working_tree(work / "template")
    project = repository.client(work / "updated", "v1.0.0")
    original = files(project.folder)

    @example_count(FEW)
    @given(answers())
    def check(given_answers):
        changed = {**given_answers, "warehouse": "duckdb"}
        try:
            project.switch(**changed)
        except ValueError as error:
            check_refusal(str(error))
            assert files(project.folder) == original, "a refused update changed something"
        else:
            kept = project.answers()  # without those that are not asked after the others
            assert all(kept[name] == value for name, value in changed.items() if name in kept)
            tree = rendering.render(kept)
            now = {path: content for path, (content, _) in files(project.folder).items()}
            del now[".copier-answers.yml"]  # it names the template's folder
            assert now == {path: file.content for path, file in tree.items() if path in now}
            assert len(now) == len(tree) - 1
        finally:
            git(project.folder, "reset", "--quiet", "--hard")
            git(project.folder, "clean", "-dfq")

    check()


# ---------------------------------------------------------------- the checks can fail
@pytest.mark.parametrize(
    ("path", "line"),
    [
        (".env.example", "NAME=x$(touch canary)"),
        ("makefile", "NAME := $(shell touch canary)"),
        ("setup_venv.sh", "touch canary"),
    ],
)
def test_an_injected_command_is_seen(tmp_path, path, line):
    folder = rendering.write(rendering.render({}), tmp_path / "project")
    with (folder / path).open("a") as stream:
        stream.write(f"\n{line}\n")
    if path == "setup_venv.sh":  # make only names it: what it holds is verbatim, no answer is in it
        assert "jinja" not in str(rendering.render({})[path].source)
        return
    with pytest.raises(AssertionError, match="run as a command"):
        run_what_may_hold_answers(folder)


def test_a_refusal_without_a_sentence_is_seen():
    for sentence in ("invalid literal for int()", "Validation error for question 'x': no"):
        with pytest.raises(AssertionError):
            check_refusal(sentence)

"""The page docs/how-to/extend-the-template.md, followed to the letter in a copy of the template."""

import json
from pathlib import Path

import how_to
import make_locks
import pytest
import rendering
import yaml

PAGE = "extend-the-template.md"
WAREHOUSES = rendering.choices("warehouse")
FOLDERS = rendering.ROOT / "includes" / "warehouses"

# Renders, parses and lists in the copy what a new warehouse should bring.
FOUND = """
import json, sys, tempfile
from pathlib import Path
sys.path[:0] = ["tests/support", "scripts"]
import rendering, variants
from parsing import Parser
answers = {"warehouse": "quack"}
tree = rendering.render(answers)
with tempfile.TemporaryDirectory() as work:
    parser = Parser(Path(work))
    parsed = {name: parser.parse(tree, name) for name in ("local", "prod")}
print(json.dumps({
    "auth": rendering.choices("auth", answers),
    "variants": [name for name in variants.all_variants() if "quack" in name],
    "readme": tree["README.md"].content.decode(),
    "problems": {name: each.problems() for name, each in parsed.items()},
    "models": {name: len(each.nodes) for name, each in parsed.items()},
}))
"""


# ---------------------------------------------------------------- a warehouse
def test_every_warehouse_has_a_folder_and_every_folder_is_offered():
    assert {path.name for path in FOLDERS.iterdir() if path.is_dir()} == set(WAREHOUSES)


@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_the_page_names_every_file_and_fact_of_a_warehouse(warehouse):
    page = how_to.section(PAGE, "A warehouse")
    facts = make_locks.facts(warehouse)
    assert set(how_to.first_column(page, "key")) == set(facts)
    files = set(how_to.first_column(page, "file"))
    expected = set(files)
    if not facts["server"]:
        expected -= {"bootstrap.sql.jinja", "teardown.sql.jinja"}
    if not facts["bulk_load"]:
        expected -= {"load.sql.jinja"}
    assert {path.name for path in (FOLDERS / warehouse).iterdir()} == expected


@pytest.mark.slow
def test_a_warehouse_is_added_as_the_page_says(tmp_path):
    """DuckDB by another name: offered, rendered, parsed by dbt, and found by the tests."""
    copy = how_to.copy_of_the_template(tmp_path / "template")
    how_to.follow(
        how_to.section(PAGE, "A warehouse"),
        copy,
        {
            "make locks": None,  # minutes; DuckDB's fit, and test_documented_commands resolves all
            "python scripts/file_sets.py": None,  # the example brings no file; run there, too
            "make reference": None,  # run below, for a question
            'make test ARGS="-k quack"': "python -m pytest -q -p no:cacheprovider -n 0"
            " tests/copy/test_profiles.py -k quack-auth_file",
        },
    )
    facts = copy / "includes/warehouses/quack/facts.jinja"
    facts.write_text(facts.read_text().replace("'name': 'DuckDB'", "'name': 'Quack'"))
    (copy / "found.py").write_text(FOUND)
    found = json.loads(how_to.run(copy, "python found.py").splitlines()[-1])
    assert found["auth"] == ["file", "motherduck"]
    assert "quack-auth_motherduck" in found["variants"] and len(found["variants"]) > 100
    assert "questions about customers, on Quack." in " ".join(found["readme"].split())
    assert found["problems"] == {"local": [], "prod": []}
    assert found["models"]["local"] == found["models"]["prod"] > 20
    collected = how_to.run(
        copy, "python -m pytest -q -p no:cacheprovider --collect-only tests/copy -k quack"
    )
    for module in ("test_render", "test_parse", "test_profiles", "test_questions"):
        assert f"{module}.py" in collected, f"{module} does not find the warehouse"


# ---------------------------------------------------------------- a question
@pytest.mark.slow
def test_a_question_is_added_as_the_page_says(tmp_path):
    copy = how_to.copy_of_the_template(tmp_path / "template")
    page = how_to.section(PAGE, "A Copier question")
    how_to.follow(
        page,
        copy,
        {
            'make test ARGS="tests/copy/test_questions.py tests/docs"': "python -m pytest -q -n 0"
            " -p no:cacheprovider tests/copy/test_questions.py -k 'channel or typed'"
        },
    )
    command = "python -m copier copy --quiet --defaults --data chat_channel=care . ../project"
    how_to.run(copy, command)
    project = tmp_path / "project"
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["chat_channel"] == "care"
    assert "Questions: #care." in (project / "docs/runbook.md").read_text()
    with pytest.raises(AssertionError, match="without the #"):
        how_to.run(copy, command.replace("=care", "='#care'").replace("project", "other"))
    assert "\n## chat_channel\n" in (copy / "docs/reference/questions.md").read_text()
    for name in how_to.first_column(page, "file"):
        assert (Path(rendering.ROOT) / name).exists(), f"the page names {name}, which isn't there"


# ---------------------------------------------------------------- an answer, a mart column
def changed(copy: Path) -> set[str]:
    """The files that differ from the template, without those that commands of the page write."""
    status = how_to.run(copy, "git status --porcelain --untracked-files=all")
    files = {line[3:] for line in status.splitlines()} - {"tests/copy/expected_files.txt"}
    return {name for name in files if not name.startswith("docs/reference/")}


@pytest.mark.slow
def test_an_answer_and_a_column_are_added_as_the_page_says(tmp_path):
    """The answers equal independent SQL, the dashboard draws them, and no other file is touched."""
    copy = how_to.copy_of_the_template(tmp_path / "template")
    pytest_of_copy = (
        "python -m pytest -q -n 0 -p no:cacheprovider tests/sql/test_answers.py"
        " tests/commands/test_dashboard.py tests/commands/test_answers_format.py"
        " -k 'q13 or q06_cac or has_a_format or has_a_panel'"
    )
    sections = {
        "An answer": {'make test ARGS="tests/sql/test_answers.py tests/commands -k q13"': None},
        "A mart column": {
            'make test ARGS="tests/sql/test_answers.py tests/commands -k q06"': pytest_of_copy
        },
    }
    named: set[str] = set()
    for heading, instead in sections.items():
        page = how_to.section(PAGE, heading)
        how_to.follow(page, copy, instead)
        named |= set(how_to.first_column(page, "file"))
    assert changed(copy) == named - {"CHANGELOG.md"}
    how_to.run(copy, "python -m copier copy --quiet --defaults --vcs-ref HEAD . ../project")
    exposures = yaml.safe_load(
        (tmp_path / "project/models/marts/_marts__exposures.yml").read_text()
    )["exposures"]
    (new,) = [each for each in exposures if each["name"] == "q13_lifecycle_states"]
    assert new["label"] == "In which state of their lifecycle are our customers"
    assert new["depends_on"] == ["ref('lifecycle_summary')"]


# ---------------------------------------------------------------- the checks can fail
def test_a_block_whose_first_line_is_not_in_the_file_is_refused(tmp_path):
    (tmp_path / "a.yml").write_text("one: 1\ntwo: 2\ntwo: 2\n")
    block = how_to.Block("yaml", "a.yml", ["one: 1\n", "new: 3\n"])
    how_to.insert(tmp_path, block)
    assert (tmp_path / "a.yml").read_text() == "one: 1\nnew: 3\ntwo: 2\ntwo: 2\n"
    for anchor in ("three: 3\n", "two: 2\n"):
        with pytest.raises(AssertionError, match="not one"):
            how_to.insert(tmp_path, block._replace(lines=[anchor, "new: 3\n"]))


def test_a_command_that_fails_or_that_the_page_lacks_is_found(tmp_path):
    with pytest.raises(AssertionError):
        how_to.follow("```bash\nfalse\n```\n", tmp_path, {})
    with pytest.raises(AssertionError, match="no command"):
        how_to.follow("```bash\ntrue\n```\n", tmp_path, {"make nothing": None})


def test_a_change_that_does_not_fit_its_file_is_refused(tmp_path):
    (tmp_path / "a.sql").write_text("select\n    a\nfrom b\n")
    block = how_to.Block("diff", "a.sql", ["-    a\n", "+    a,\n", "+    c\n", " from b\n"])
    how_to.change(tmp_path, block)
    assert (tmp_path / "a.sql").read_text() == "select\n    a,\n    c\nfrom b\n"
    with pytest.raises(AssertionError, match="not one"):
        how_to.change(tmp_path, block)

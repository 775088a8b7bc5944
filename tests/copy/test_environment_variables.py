"""The contract of the environment: one set of variables, wherever a project speaks of them.

`.env.example` describes what a person sets, `docs/runbook.md` and `orchestration/README.md` what
only pipelines and schedulers set. Everything that reads or passes a variable has to agree.
"""

import re

import pytest
import rendering
from example_file import READ_BY_OTHERS, SIGN_INS, optional_variables
from parsing import EXAMPLE_FILE, example_variables, variables_read
from rendering import Tree

NAME = r"[A-Z][A-Z0-9]*_[A-Z0-9_]+"
PASSES = re.compile(rf"^\s+({NAME}): ", re.MULTILINE)
PLACES = (EXAMPLE_FILE, "docs/runbook.md", "orchestration/README.md", "docs/manual.md")

OWN = {
    "DBT_PROFILES_DIR": "dbt, set by scripts/project_env.py",
    "DBT_PACKAGES_FOLDER": "edr, set by scripts/project_env.py",
    "DBT_TARGET_PATH": "dbt and scripts/step.py, set by Airflow's tasks",
    "DBT_ENV_SECRET_": "the start of names of the client's own",
    "FULL_REFRESH": "an option of make",
    "LD_PRELOAD": "a name that .env may not hold",
    "PROJECT_ENV_WARNED": "a note of scripts/project_env.py to itself",
}
"""Variables that a project sets for itself, and who reads them."""

OF_THE_SYSTEM = re.compile(
    r"^(CI|GITHUB|RUNNER|ACTIONS|AIRFLOW|UV|GIT|GH)_|^AWS_ID_TOKEN$|_ID_TOKEN$"
)
"""Variables of pipelines and schedulers themselves."""


def text(tree: Tree, name: str) -> str:
    return tree[name].content.decode()


def example(tree: Tree) -> set[str]:
    """The variables of .env.example, the optional ones included."""
    content = text(tree, EXAMPLE_FILE)
    return set(example_variables(content.encode())) | optional_variables(content)


def reads(tree: Tree) -> dict[str, str]:
    """Each variable that is read, with the name of such a file; options of make are single words."""
    return {name: path for name, path in variables_read(tree).items() if re.fullmatch(NAME, name)}


def passes(tree: Tree) -> dict[str, str]:
    """Each variable that a pipeline hands to its jobs, with the name of its file."""
    return {
        name: path
        for path, file in tree.items()
        if path.startswith(".github/") or path == ".gitlab-ci.yml"
        for name in PASSES.findall(file.content.decode())
    }


def unexplained(tree: Tree) -> dict[str, str]:
    """Variables that are read or passed and described nowhere, with the file that does it."""
    told = "\n".join(text(tree, place) for place in PLACES)
    return {
        name: path
        for name, path in {**reads(tree), **passes(tree)}.items()
        if not re.search(rf"\b{name}\b", told)
        and name not in OWN
        and not OF_THE_SYSTEM.search(name)
    }


def unused(tree: Tree) -> set[str]:
    """Variables that .env.example shows and nothing reads."""
    return example(tree) - set(reads(tree)) - READ_BY_OTHERS.keys()


CASES = {
    f"{name}, {ci}, {orchestrator}": {**answers, "ci": ci, "orchestrator": orchestrator}
    for name, answers in SIGN_INS.items()
    for ci, orchestrator in (
        ("github", "airflow"),
        ("gitlab", "dagster"),
        ("github", "github_actions"),
    )
}


@pytest.mark.parametrize("case", CASES)
def test_every_variable_is_explained_and_used(case):
    tree = rendering.render(CASES[case])
    assert unexplained(tree) == {}
    assert unused(tree) == set()


@pytest.mark.parametrize("case", CASES)
def test_documents_name_no_variable_that_is_not_there(case):
    tree = rendering.render(CASES[case])
    known = example(tree) | set(reads(tree)) | set(passes(tree)) | OWN.keys()
    pipelines = "".join(
        text(tree, path) for path in tree if path.startswith((".github/", ".gitlab-ci"))
    )
    known |= set(re.findall(NAME, pipelines))
    for place in PLACES:
        named = set(re.findall(rf"`({NAME})[`=]", text(tree, place)))
        assert {name for name in named - known if not OF_THE_SYSTEM.search(name)} == set(), place


def test_a_variable_that_nobody_explains_or_uses_is_found():
    tree = dict(rendering.render({"warehouse": "postgres"}))
    planted = text(tree, EXAMPLE_FILE) + "\n# Nothing.\nNOBODY_READS=1\n"
    tree[EXAMPLE_FILE] = tree[EXAMPLE_FILE]._replace(content=planted.encode())
    assert unused(tree) == {"NOBODY_READS"}
    profile = text(tree, "profiles/profiles.yml").replace("POSTGRES_HOST", "POSTGRES_SERVER")
    tree["profiles/profiles.yml"] = tree["profiles/profiles.yml"]._replace(content=profile.encode())
    assert "POSTGRES_SERVER" in unexplained(tree)

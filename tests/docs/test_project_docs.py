"""The documents of a generated project say what is true of it."""

import json
import re

import pytest
import rendering
import yaml
from parsing import load_yaml

WAREHOUSES = rendering.choices("warehouse")


def text(path: str, **answers) -> str:
    return rendering.render(answers)[path].content.decode()


# ---------------------------------------------------------------- exposures
def test_every_answer_has_an_exposure_that_names_what_it_reads():
    tree = rendering.render({})
    found = yaml.safe_load(text("models/marts/_marts__exposures.yml"))["exposures"]
    answered = [each for each in found if each["type"] == "analysis"]
    # what the dashboard's filters sum is the answer to no question
    queries = {path for path in tree if re.fullmatch(r"analysis/\w+\.sql", path)}
    named = set()
    for exposure in answered:
        files = set(re.findall(r"analysis/\w+\.sql", exposure["description"]))
        named |= files
        reads = {
            name
            for file in files
            for name in re.findall(r"ref\('(\w+)'\)", tree[file].content.decode())
        }
        assert set(exposure["depends_on"]) == {f"ref('{name}')" for name in reads}, exposure["name"]
    assert named == queries and queries


def test_the_dashboard_is_an_exposure_where_it_was_chosen():
    for chosen in (True, False):
        file = text("models/marts/_marts__exposures.yml", dashboard=chosen)
        kinds = [each["type"] for each in yaml.safe_load(file)["exposures"]]
        assert kinds.count("dashboard") == chosen


def test_exposures_name_the_owner_as_answered():
    answers = {"owner_name": "Nord: Ä's team", "owner_email": "nord@example.com"}
    found = yaml.safe_load(text("models/marts/_marts__exposures.yml", **answers))["exposures"]
    owners = {json.dumps(each["owner"], sort_keys=True) for each in found}
    assert [json.loads(each) for each in owners] == [
        {"name": answers["owner_name"], "email": answers["owner_email"]}
    ]


# ---------------------------------------------------------------- manual
SECTIONS = (
    "The first day",
    "Every day",
    "Add a model",
    "Deploy",
    "Settings and secrets",
    "Updates",
)
MADE = (
    "answers/",
    "dashboard/build/",
    "edr_target/",
    "handover/",
    "mappings/shop.yml",
    "models/staging/shop/",
    "samples/",
    "target/",
)


def dead_paths(page: str, tree: rendering.Tree) -> set[str]:
    """Files and folders that a page names and the project neither has nor makes."""
    named = re.findall(r"`([\w.-]+/[\w./-]*)`", page)
    there = {name for name in named if any(path.startswith(name) for path in tree)}
    return {name for name in named if not name.startswith(MADE)} - there


@pytest.mark.parametrize("system", ["github", "gitlab", "none"])
@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_the_manual_instructs(warehouse, system):
    tree = rendering.render({"warehouse": warehouse, "ci": system})
    page = tree["docs/manual.md"].content.decode()
    assert set(SECTIONS) <= set(re.findall(r"^## (.+)$", page, re.MULTILINE))
    assert dead_paths(page, tree) == set()
    assert dead_paths(page + "See `docs/nowhere.md`.", tree) == {"docs/nowhere.md"}
    deploy = page.split("## Deploy\n")[1].split("\n## ")[0]
    assert ("WAREHOUSE_READY" in deploy) == (warehouse != "duckdb" and system != "none")
    assert ("bootstrap.sql" in deploy) == ("warehouse/bootstrap.sql" in tree)


# ---------------------------------------------------------------- runbook
@pytest.mark.parametrize("system", ["github", "gitlab"])
@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_the_runbook_names_every_variable_and_secret_of_the_pipelines(warehouse, system):
    runbook = text("docs/runbook.md", warehouse=warehouse, ci=system)
    if system == "github":
        workflows = "".join(
            text(f".github/workflows/{name}.yml", warehouse=warehouse, ci=system)
            for name in ("ci", "deploy")
        )
        used = set(re.findall(r"(?:vars|secrets)\.(\w+)", workflows))
    else:
        used = set(
            re.findall(r"\$([A-Z]\w+)", text(".gitlab-ci.yml", warehouse=warehouse, ci=system))
        )
        used = {name for name in used if not name.startswith("CI_")}
        # set by the pipeline itself
        used -= {"GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_ID_TOKEN", "AWS_ID_TOKEN"}
        used -= {"SNOWFLAKE_OIDC_TOKEN", "DATABRICKS_OIDC_TOKEN", "GIT_COMMITTER_NAME", "PWD"}
    assert used == {name for name in used if name in runbook}
    assert ("WAREHOUSE_READY" in runbook) == (warehouse != "duckdb")


@pytest.mark.parametrize("system", ["github", "gitlab"])
@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_pipelines_set_what_the_profile_needs_and_nothing_else(warehouse, system):
    """The variables of a job are those that its target reads, or that its own script reads."""
    tree = rendering.render({"warehouse": warehouse, "ci": system})
    runbook = tree["docs/runbook.md"].content.decode()
    (profile,) = [
        each
        for name, each in load_yaml(tree["profiles/profiles.yml"].content).items()
        if name != "elementary"
    ]
    for target in ("ci", "prod") if warehouse != "duckdb" else ():
        needed = set(re.findall(r"env_var\('(\w+)'\)", json.dumps(profile["outputs"][target]))) - {
            "DBT_SCHEMA"
        }
        if system == "gitlab":
            given = set(re.findall(r"\b[A-Z][A-Z_]+\b", tree[".gitlab-ci.yml"].content.decode()))
            given |= set(re.findall(r"\b[A-Z][A-Z_]+\b", runbook))
        else:
            name = {"ci": "ci", "prod": "deploy"}[target]
            workflow = tree[f".github/workflows/{name}.yml"].content.decode()
            given = set(re.findall(r"\b[A-Z][A-Z_]+\b", workflow))
        assert needed <= given, (target, needed - given)


# ---------------------------------------------------------------- decisions
def test_the_first_decision_record_repeats_the_answers():
    answers = {"warehouse": "postgres", "orchestrator": "dagster", "timezone": "Europe/Berlin"}
    record = text("docs/decisions/0001-foundations.md", **answers)
    assert all(value in record for value in answers.values())


@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_documents_name_only_commands_of_make_that_exist(warehouse):
    tree = rendering.render({"warehouse": warehouse})
    targets = set(re.findall(r"^([a-z][a-z-]*):", tree["makefile"].content.decode(), re.MULTILINE))
    for path in (
        "README.md",
        "docs/manual.md",
        "docs/runbook.md",
        "docs/decisions/0002-quality-gates.md",
    ):
        for words in re.findall(r"`make ([a-z -]+)", tree[path].content.decode()):
            assert set(words.split()) <= targets, (path, words)

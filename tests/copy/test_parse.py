"""Every variant parses with its real adapter at every target, without a warning or deprecation.

In `make test`, the other warehouses than DuckDB parse with each sign-in and with Elementary; TEST_ALL
parses every combination of answers.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import PurePosixPath

import make_locks
import pytest
from parsing import (
    ELEMENTARY_STUB,
    EXAMPLE_FILE,
    PROFILES_FILE,
    TARGETS,
    Parser,
    dbt_parse,
    environment,
    fingerprint,
    packages_folder,
    project_fingerprint,
    templates_read_once,
    write_project,
)
from rendering import File, Tree, all_answers, choices, render
from variants import all_variants, dynamic_choices, product


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Parser:
    return Parser(tmp_path_factory.mktemp("parse"))


@pytest.mark.slow
@pytest.mark.parametrize("warehouse", choices("warehouse"))
def test_every_variant_parses_without_complaint(warehouse, parser, record_property):
    default = all_answers({})["warehouse"]
    adapter = make_locks.facts(warehouse)["adapter"]
    variants = {
        name: answers
        for name, answers in all_variants().items()
        if answers.get("warehouse", default) == warehouse
        and (warehouse == default or "TEST_ALL" in os.environ or name not in product())
    }
    variants["with Elementary"] = {"warehouse": warehouse, "elementary": True}
    problems: dict[str, list[str]] = {}
    projects, parses = set(), set()
    for name, answers in variants.items():
        tree = render(answers)
        projects.add(project_fingerprint(tree))
        # how a sign-in connects is the same in every combination of the other answers
        for target in TARGETS if name in dynamic_choices() else ("local", "prod"):
            parsed = parser.parse(tree, target)
            key = fingerprint(tree, target)
            if parsed.problems() and key not in parses:
                problems[f"{name} at {target}"] = parsed.problems()
            elif not parsed.error:
                assert parsed.adapter == ("duckdb" if target == "local" else adapter)
                assert parsed.nodes
            parses.add(key)
    assert not problems
    record_property(
        "parsed",
        {
            "variants": len(variants),
            "projects": len(projects),
            "parses": len(parses),
            "seconds": sum(parser.parsed[key].seconds for key in parses),
            "packages": "stand-in"
            if packages_folder() == ELEMENTARY_STUB
            else str(packages_folder()),
        },
    )


# ---------------------------------------------------------------- the check can fail
def toy(answers: dict, **changed: str) -> Tree:
    """A project of one model, with the profiles that the template renders for some answers.

    `changed` replaces the content of files, by name: project, packages, model or properties.
    """
    rendered = render(answers)
    files = {
        "project": (
            "dbt_project.yml",
            "{name: toy, profile: customer_360, version: 1.0.0}",
        ),
        "packages": ("packages.yml", "packages: []"),
        "model": ("models/one.sql", "select 1 as id"),
        "properties": (
            "models/_models.yml",
            "models: [{name: one, description: One row.}]",
        ),
    }
    tree = {name: rendered[name] for name in (PROFILES_FILE, EXAMPLE_FILE)}
    for key, (name, content) in files.items():
        content = changed.pop(key, content).encode()
        tree[name] = File(content, 0o644, PurePosixPath(name))
    assert not changed
    return tree


SNOWFLAKE = {"warehouse": "snowflake"}
ELEMENTARY = "packages: [{package: elementary-data/elementary, version: 0.25.1}]"


def elementary_test(arguments: str) -> str:
    return (
        "models: [{name: one, data_tests: [{elementary.volume_anomalies: "
        f"{{arguments: {arguments}}}}}]}}]"
    )


def test_a_project_without_faults_has_no_problems(parser):
    assert parser.parse(toy(SNOWFLAKE), "dev").problems() == []
    tree = toy(SNOWFLAKE, packages=ELEMENTARY, properties=elementary_test("{days_back: 14}"))
    assert parser.parse(tree, "dev").problems() == []


@pytest.mark.parametrize(
    ("fault", "target", "message"),
    [
        (
            {"model": "select * from {{ ref('two') }}"},
            "local",
            "'two' which was not found",
        ),
        (
            {"properties": "models: [{name: one, tags: [daily]}]"},
            "dev",
            "PropertyMovedToConfigDeprecation",
        ),
        (
            {
                "properties": "models: [{name: one, columns: [{name: id, data_tests: "
                "[{accepted_values: {values: [1]}}]}]}]"
            },
            "local",
            "MissingArgumentsPropertyInGenericTestDeprecation",
        ),
        (
            {"properties": "models: [{name: none}]"},
            "local",
            "NoNodeForYamlKey",
        ),
        (
            {
                "project": "{name: toy, profile: customer_360, version: 1.0.0, "
                "models: {toy: {marts: {+materialized: table}}}}"
            },
            "local",
            "UnusedResourceConfigPath",
        ),
        (
            {"packages": ELEMENTARY, "properties": elementary_test("{days_bakc: 14}")},
            "local",
            "no keyword argument 'days_bakc'",
        ),
    ],
    ids=[
        "a missing model",
        "a property at its old place",
        "a test's argument at its old place",
        "properties of no model",
        "configuration of nothing",
        "a misspelt argument of elementary",
    ],
)
def test_a_fault_is_a_problem_each_time(fault, target, message, tmp_path):
    """Twice, because dbt itself shows some deprecations once a process only."""
    for attempt in ("first", "second"):
        problems = Parser(tmp_path / attempt).parse(toy(SNOWFLAKE, **fault), target).problems()
        assert message in "\n".join(problems)


def test_what_dbt_does_not_read_does_not_cost_a_parse():
    tree = toy(SNOWFLAKE)
    readme = File(b"Read me", 0o644, PurePosixPath("README.md"))
    same = fingerprint(tree, "dev")
    assert fingerprint({**tree, "README.md": readme}, "dev") == same
    assert fingerprint(tree, "ci") != same
    assert fingerprint(toy(SNOWFLAKE, model="select 2 as id"), "dev") != same
    by_sso = toy({**SNOWFLAKE, "auth": "sso"})
    assert fingerprint(by_sso, "dev") != same
    assert fingerprint(by_sso, "prod") == fingerprint(tree, "prod")


@pytest.mark.skipif("TEST_ALL" not in os.environ, reason="a minute: TEST_ALL=1 runs it")
def test_templates_read_once_change_nothing(tmp_path):
    """What dbt writes is the same as without that help, the second time as well."""
    tree = render(SNOWFLAKE)
    project = write_project(tree, tmp_path / "project")
    variables = environment(tree[EXAMPLE_FILE].content)

    def manifest(name: str) -> dict:
        assert not dbt_parse(project, "dev", tmp_path / name, variables).problems()
        text = (tmp_path / name / "target/manifest.json").read_text(encoding="utf-8")
        text = re.sub(r'"created_at": [\d.]+', '"created_at": 0', text)
        return {key: value for key, value in json.loads(text).items() if key != "metadata"}

    stock = manifest("stock")
    with templates_read_once():
        assert manifest("first") == stock
        assert manifest("second") == stock


def test_a_parse_leaves_the_project_as_it_was(tmp_path):
    Parser(tmp_path).parse(toy(SNOWFLAKE), "dev")
    (project,) = tmp_path.glob("*/project")
    assert {path.relative_to(project).as_posix() for path in project.rglob("*.*")} == set(
        toy(SNOWFLAKE)
    )

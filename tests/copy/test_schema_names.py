"""Schemas are named as answered in production, and kept apart by a prefix where people share."""

import json

import pytest
from parsing import dbt_parse, environment, write_project
from rendering import render

LAYERS = ("staging", "core", "marts", "seeds", "snapshots", "elementary")
ANSWERS = {"elementary": True, **{f"schema_{layer}": f"our_{layer}" for layer in LAYERS}}
EXACT = {f"our_{layer}" for layer in LAYERS}


def schemas(target: str, prefix: str, tmp_path, **answers) -> set[str]:
    """The schemas of all models, seeds and snapshots at a target, Elementary's included."""
    tree = render({**ANSWERS, **answers})
    variables = {**environment(tree[".env.example"].content), "DBT_SCHEMA": prefix}
    project = write_project(tree, tmp_path / f"{target}_{prefix}")
    parsed = dbt_parse(project, target, project / "work", variables)
    assert parsed.problems() == []
    manifest = json.loads((project / "work" / "target" / "manifest.json").read_text())
    return {
        node["schema"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed", "snapshot")
    }


@pytest.mark.parametrize("warehouse", ["duckdb", "snowflake", "postgres"])
def test_production_has_exactly_the_names_that_were_answered(warehouse, tmp_path):
    assert schemas("prod", "someone", tmp_path, warehouse=warehouse) == EXACT


def test_the_local_file_has_the_same_names(tmp_path):
    assert schemas("local", "someone", tmp_path) == EXACT


@pytest.mark.parametrize(("target", "prefix"), [("dev", "dev_ada"), ("ci", "pr_7")])
def test_people_and_pull_requests_are_kept_apart(target, prefix, tmp_path):
    names = schemas(target, prefix, tmp_path, warehouse="postgres")
    assert names == {f"{prefix}_{name}" for name in EXACT}
    assert not names & EXACT
    assert not names & schemas(target, "another", tmp_path, warehouse="postgres")

"""The health of a generated project: its YAML is in order, its documentation and tests complete."""

import os
import re
import shutil

import duckdb
import pytest
import rendering
import yaml
from parsing import ELEMENTARY_STUB
from projects import Project

YAML = ("dbt-osmosis", "yaml", "refactor", "--auto-apply")
CHECK = (*YAML, "--check", "--dry-run")
MARTS = "models/marts/_marts__models.yml"


def yaml_files(project: Project) -> dict[str, str]:
    """The properties that dbt-osmosis looks after, by path."""
    return {
        path.relative_to(project.folder).as_posix(): path.read_text()
        for folder in ("models", "seeds", "snapshots")
        for path in (project.folder / folder).rglob("*.yml")
    }


# ---------------------------------------------------------------- make yaml, make yaml-check
@pytest.mark.slow
@pytest.mark.parametrize("elementary", [False, True], ids=["plain", "with Elementary"])
def test_yaml_of_a_fresh_project_is_in_order(elementary, built, project, tmp_path):
    """`make yaml` would change nothing on the local twin, so `make yaml-check` passes."""
    folder = project(warehouse="snowflake", elementary=elementary)
    fresh = Project(folder, built.data, built.database).copy(tmp_path / "project")
    if elementary:
        shutil.copytree(ELEMENTARY_STUB, fresh.folder / "dbt_packages")
    before = yaml_files(fresh)
    fresh.run(*CHECK)
    assert yaml_files(fresh) == before
    assert "{{ doc('market_segment') }}" in before[MARTS]
    assert ("elementary." in before[MARTS]) == elementary


@pytest.mark.parametrize("elementary", [False, True])
def test_yaml_is_the_same_on_every_warehouse(elementary):
    """All that dbt-osmosis looks after, so what is in order on one is on all.

    Types of the engine alone differ: those of seeds, and of floating point.
    """
    types = re.compile(rb"\n +column_types:\n( {8,}.*\n)+|data_type: .*double precision.*\n")
    found = {
        warehouse: {
            path: types.sub(b"\n", file.content)
            for path, file in rendering.render(
                {"warehouse": warehouse, "elementary": elementary}
            ).items()
            if re.match(r"(models|seeds|snapshots)/.*\.yml$", path)
        }
        for warehouse in rendering.choices("warehouse")
    }
    assert len(found["duckdb"]) > 5
    assert all(files == found["duckdb"] for files in found.values())


@pytest.mark.slow
def test_yaml_check_fails_on_drift_and_yaml_mends_it(built, tmp_path):
    """A column that the YAML does not name, and one that is gone from the model."""
    project = built.copy(tmp_path / "project")
    file = project.folder / MARTS
    known = file.read_text()
    entry = (
        "      - name: spend\n        description: The segment's own marketing spend; 0 if none.\n"
    )
    assert entry in known
    file.write_text(known.replace(entry, entry.replace("name: spend", "name: gone")))
    project.run(*CHECK, fails=True)
    project.run(*YAML)
    assert "- name: spend\n" in file.read_text() and "- name: gone\n" not in file.read_text()


# ---------------------------------------------------------------- marks
SCORE = ("dbt-score", "lint", "--run-dbt-parse", "--fail-project-under", "10.0")


def test_dbt_score_gives_the_best_mark(built, tmp_path):
    project = built.copy(tmp_path / "project")
    assert "10.0" in project.run(*SCORE).splitlines()[-1]


def test_dbt_score_misses_a_description(built, tmp_path):
    project = built.copy(tmp_path / "project")
    file = project.folder / "macros" / "_macros.yml"
    file.write_text(file.read_text().replace("  - name: divide\n", "  - name: others\n"))
    assert "Macro lacks a description" in project.run(*SCORE, fails=True)


# what lists faults
EMPTY_ON_GOOD_DATA = {
    "int_input_checks",
    "marketing_spend_checks",
    "reconciliation",
    "rows_set_aside",
}


def test_the_example_of_every_model_runs(built):
    """In the schema of production's names, which the local target has too."""
    examples = {
        model["name"]: re.search(r"```sql\n(.*?)\n```", model["description"], re.DOTALL)[1]
        for path, text in yaml_files(built).items()
        if path.startswith("models/")
        for model in yaml.safe_load(text).get("models", [])
    }
    assert len(examples) > 30
    with duckdb.connect(str(built.database)) as connection:
        connection.execute("set search_path = 'staging,core,marts'")
        for name, sql in examples.items():
            assert name in sql, name
            assert (connection.execute(sql).fetchall() == []) == (name in EMPTY_ON_GOOD_DATA), name


# ---------------------------------------------------------------- dbt_project_evaluator
EVALUATOR = "EVALUATOR_PACKAGES"
RULES = """
data_tests:
  dbt_project_evaluator: {+severity: error}
"""
SETTINGS = """  dbt_project_evaluator:
    model_types: [base, staging, intermediate, core, marts, other]
    core_folder_name: core
    core_prefixes: [dim_, fct_]
    marts_prefixes: [mart_]
    # every mart feeds answers, and some of them many
    models_fanout_threshold: 15
    primary_key_test_macros: [["customer_360.test_primary_key"]]

"""
SEEDS = """  dbt_project_evaluator:
    dbt_project_evaluator_exceptions: {+enabled: false}
"""
# what is not kept, and why
EXCEPTIONS = """fct_name,column_name,id_to_exclude,comment
fct_model_naming_conventions,model_type,marts,a mart is called what it holds
fct_sources_without_freshness,resource_name,tpch.%,samples do not age by the clock
fct_rejoining_of_upstream_concepts,child,dim_customers_history,staging stands in before a snapshot
"""


@pytest.fixture
def evaluated(project, tmp_path) -> Project:
    """A project with the package dbt_project_evaluator, whose findings are errors."""
    folder = shutil.copytree(project(), tmp_path / "project")
    packages = shutil.copytree(os.environ[EVALUATOR], folder / "dbt_packages")
    for name in ("dbt_utils", "dbt_project_evaluator"):
        (packages / name / "packages.yml").unlink(missing_ok=True)
    (folder / "seeds" / "dbt_project_evaluator_exceptions.csv").write_text(EXCEPTIONS)
    listed = [{"package": f"dbt-labs/{path.name}", "version": "1"} for path in packages.iterdir()]
    (folder / "packages.yml").write_text(yaml.safe_dump({"packages": listed}))
    settings = folder / "dbt_project.yml"
    text = settings.read_text()
    for key, more in {"vars": SETTINGS, "seeds": SEEDS}.items():
        assert f"\n{key}:\n" in text
        text = text.replace(f"\n{key}:\n", f"\n{key}:\n{more}")
    settings.write_text(text + RULES)
    return Project(folder, folder / "data", folder / "local.duckdb")


EVALUATE = ("build", "--select", "package:dbt_project_evaluator dbt_project_evaluator_exceptions")


@pytest.mark.slow
@pytest.mark.skipif(
    EVALUATOR not in os.environ,
    reason=f"{EVALUATOR} names no folder with dbt_project_evaluator and dbt_utils",
)
def test_dbt_project_evaluator_has_nothing_to_say(evaluated):
    assert "WARN=0 ERROR=0" in evaluated.dbt(*EVALUATE)
    model = evaluated.folder / "models" / "marts" / "undocumented.sql"
    model.write_text("select * from {{ ref('stg_tpch__orders') }}\n")
    found = evaluated.dbt(*EVALUATE, fails=True)
    assert "is_empty_fct_undocumented_models_" in found and "FAIL" in found

"""Spark, the nearest engine to Databricks that runs here: a full build, and the answers."""

import os
import shutil

import pytest
import rendering
import yaml
from engines.engine_project import engine_project
from independent_sql.comparison import differences
from independent_sql.queries import connect
from projects import output
from virtual_environments import python_of

pytestmark = pytest.mark.skipif("TEST_ALL" not in os.environ, reason="TEST_ALL=1 runs it")

ANSWERS = {"warehouse": "databricks", "elementary": False}
LOCK = rendering.ROOT / "requirements" / "spark.txt"
PROGRAM = rendering.ROOT / "tests" / "support" / "engines" / "build_on_spark.py"
PROFILE = {"type": "spark", "method": "session", "schema": "dev", "host": "none", "threads": 1}


def test_a_full_build_on_spark_gives_the_answers(project, tpch_data, tmp_path):
    """What Databricks' project has of Databricks alone is exchanged: the connection, the catalog of
    the sources and the strategy of incremental models (a first build needs none, but dbt wants a name)."""
    folder = shutil.copytree(project(**ANSWERS), tmp_path / "project")
    configuration = yaml.safe_load((folder / "dbt_project.yml").read_text())
    profile = configuration["profile"]
    (folder / "profiles" / "profiles.yml").write_text(
        yaml.safe_dump({profile: {"target": "dev", "outputs": {"dev": PROFILE}}})
    )
    configuration["vars"] |= {"source_database": "tpch", "source_schema": "tpch"}
    configuration["models"][configuration["name"]]["+incremental_strategy"] = "append"
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(configuration))
    on_spark = engine_project(folder, tpch_data, DBT_TARGET="dev")
    python = python_of(LOCK.read_bytes(), "spark")
    said = output([python, PROGRAM, tpch_data], folder, on_spark.environment())
    assert "Completed successfully" in said
    reference = connect(tpch_data, folder / "seeds")
    assert differences(folder / "answers", reference) == {}

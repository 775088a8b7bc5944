"""Airflow's DAGs: what each variant has, and against dbt's own graph."""

from __future__ import annotations

import json
import os
import subprocess
from graphlib import TopologicalSorter
from itertools import takewhile
from pathlib import Path

import pytest
import rendering
import variants
from airflow_projects import BIN, DAGS, MANIFEST, parsed, switch, write_manifest, written
from projects import Project
from schedules import CASES, scheduled

pytestmark = pytest.mark.slow


# ---------------------------------------------------------------- every variant
def distinct_variants() -> dict[str, dict]:
    """One variant for each different content of orchestration/."""
    found = {}
    for name, answers in variants.all_variants().items():
        tree = rendering.render(answers)
        content = tuple(
            (path, file.content) for path, file in tree.items() if path.startswith("orchestration/")
        )
        if DAGS + "/.airflowignore" in tree:
            found.setdefault(content, (name, answers))
    return dict(found.values())


def test_every_variant_is_one_dag_fit_for_production(described, built, tmp_path):
    """Imports without a warning, with the one DAG id that it should have, and what each task needs."""
    distinct = distinct_variants()
    assert len(distinct) > 6
    folders = {name: tmp_path / str(number) for number, name in enumerate(distinct)}
    for name, folder in folders.items():
        parsed(built, distinct[name], folder)
    whole = next(iter(folders.values()))  # as a bucket of Composer has it, beside DAGs of others
    paths = [*(folder / DAGS for folder in folders.values()), whole]
    *found, bucket = described(*paths)
    assert (bucket["errors"], len(bucket["dags"])) == ({}, 1)
    for name, told in zip(distinct, found, strict=True):
        answers = rendering.all_answers(distinct[name])
        assert told["errors"] == {} and told["warnings"] == [], name
        assert told["started"] == [], "nothing, dbt above all, may be started at import"
        assert list(told["dags"]) == [answers["project_slug"]], name
        (dag,) = told["dags"].values()
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)
        assert dag["max_active_tasks"] == 1, "the target local is DuckDB"
        assert dag["timeout"] and dag["doc"]
        for task in dag["tasks"].values():
            # the models' own owner is in the manifest, which is that of the project with the defaults
            assert task["owner"] in (answers["owner_name"], "Data Team")
            assert task["doc"] and task["callback"] and task["timeout"]
            assert task["retries"] == 2 and task["backoff"]
        models = {path.stem for path in (folders[name] / "models").rglob("*.sql")}
        uris = [uri for task in dag["tasks"].values() for uri in task["assets"]]
        assert sorted(uris) == sorted(f"dbt://{answers['project_slug']}/{each}" for each in models)
        report = dag["tasks"].get("elementary_report", {})
        assert bool(report) == answers["elementary"]
        assert "ALL_DONE" in report.get("trigger_rule", "ALL_DONE")
        assert "answers" in dag["tasks"]


def test_runs_are_due_when_make_schedule_says_and_know_their_kind(described, tmp_path):
    """A year of each case, by the timetable that the scheduler would follow."""
    folders = [written(CASES[name], tmp_path / str(n)) for n, name in enumerate(CASES)]
    found = described(*(folder / DAGS for folder in folders), WITH_RUNS="1")
    for name, told in zip(CASES, found, strict=True):
        # of a backfill the same kind as of the schedule; by hand no full refresh unless asked for
        runs = [[at.isoformat(), kind, kind, "incremental"] for at, kind in scheduled(CASES[name])]
        assert told["dags"]["customer_360"]["runs"] == runs, name


def test_tasks_run_side_by_side_where_the_warehouse_can(described, tmp_path):
    folder = written({"warehouse": "snowflake"}, tmp_path / "snowflake")
    for target, tasks in (("prod", 8), ("local", 1)):
        [told] = described(folder / DAGS, DBT_TARGET=target)
        assert told["dags"]["customer_360"]["max_active_tasks"] == tasks


def test_nothing_of_airflows_folder_is_a_plugin_of_dbt(project, tmp_path):
    """dbt imports every module named dbt_* that it finds, whatever it needs; Airflow is not there."""
    for answers in ({"project_slug": "dbt_north"}, MANIFEST):
        folder = project(**answers) / DAGS
        assert plugins_that_fail(folder) == ""
    (tmp_path / "dbt_north.py").write_text("import airflow\n")
    assert "No module named 'airflow'" in plugins_that_fail(tmp_path)


def plugins_that_fail(folder: Path) -> str:
    """What dbt says about plugins that it can't import, with a folder on PYTHONPATH."""
    search = "from dbt.plugins.manager import PluginManager; PluginManager.get_prefixed_modules()"
    return subprocess.run(
        [BIN / "python", "-c", search],
        env={**os.environ, "PYTHONPATH": str(folder)},
        check=False,
        capture_output=True,
        text=True,
    ).stderr


def test_a_broken_dag_is_seen(described, tmp_path):
    """The probe tells an error at import, and a process that was started there."""
    folder = written({}, tmp_path / "broken")
    dag = folder / DAGS / "dag_customer_360.py"
    text = dag.read_text().replace("SCHEDULE, Dbt", "SCHEDULE, Dbd")
    dag.write_text(text.replace("import sys\n", "import os\nimport sys\n\nos.system('true')\n"))
    [told] = described(folder / DAGS)
    assert len(told["errors"]) == 1 and told["dags"] == {}
    assert told["started"] == ["os.system"]


def test_rules_of_ruff_for_airflow():
    """AIR finds what Airflow 3 has removed or deprecated; the rest is what the template's own has."""
    for answers in (
        {},
        MANIFEST,
        {"warehouse": "snowflake"},
        {"warehouse": "snowflake", **MANIFEST},
    ):
        for path, file in rendering.render(answers).items():
            if path.startswith(DAGS) and path.endswith(".py"):
                assert ruff(file.content, path) == "All checks passed!\n"
    assert "AIR3" in ruff(b"from airflow.datasets import Dataset\n\nDataset('x')\n", "old.py")


def ruff(content: bytes, path: str) -> str:
    rules = ["--select", "AIR,E,F,I,B,UP", "--line-length", "100", "--no-cache", "--isolated"]
    command = [BIN / "ruff", "check", *rules, "--stdin-filename", path, "-"]
    return subprocess.run(command, input=content, check=False, capture_output=True).stdout.decode()


# ---------------------------------------------------------------- the manifest
def graph(project: Project) -> tuple[dict, set[str]]:
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text())
    kinds = ("model", "seed", "snapshot")
    return manifest, {u for u, n in manifest["nodes"].items() if n["resource_type"] in kinds}


def chosen(task: dict) -> list[str]:
    """What a task has scripts/step.py select."""
    command = task["command"] or []
    if "--select" not in command:
        return []
    return list(takewhile("--exclude".__ne__, command[command.index("--select") + 1 :]))


@pytest.mark.parametrize("fuse", [False, True])
def test_manifest_covers_every_node_and_every_test_in_a_legal_order(
    described, built, tmp_path, fuse
):
    """Against the manifest: no node twice, all parents before, each test once and after its nodes."""
    folder = parsed(built, MANIFEST, tmp_path / "project")
    switch(folder, fuse)
    [told] = described(folder / DAGS)
    tasks = told["dags"]["customer_360"]["tasks"]
    manifest, nodes = graph(built)
    by_fqn = {".".join(manifest["nodes"][node]["fqn"]): node for node in nodes}
    selected = [(fqn, name) for name, task in tasks.items() for fqn in chosen(task)]
    task_of = {by_fqn[fqn]: name for fqn, name in selected}
    assert set(task_of) == nodes
    assert len(selected) == len(nodes)
    if fuse:
        assert len(set(task_of.values())) < len(nodes) / 2
    else:
        assert len(set(task_of.values())) == len(nodes)

    before = {name: set(task["after"]) for name, task in tasks.items()}
    for name in TopologicalSorter(before).static_order():  # raises where there is a circle
        before[name] |= {further for other in before[name] for further in before[other]}
    for node in nodes:
        for parent in set(manifest["parent_map"][node]) & nodes:
            assert task_of[parent] in {*before[task_of[node]], task_of[node]}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "test":
            continue
        reads = {task_of[parent] for parent in manifest["parent_map"][unique_id] if parent in nodes}
        runs_in = [task for task in reads if node["name"] not in tasks[task]["command"]]
        assert len(runs_in) == 1, unique_id
        assert reads <= {*before[runs_in[0]], runs_in[0]}, unique_id


def test_meta_of_a_model_sets_owner_pool_queue_and_retries_of_its_task(described, tmp_path):
    folder = written(MANIFEST, tmp_path / "project")
    asked = {"owner": "Finance", "airflow": {"pool": "heavy", "queue": "large", "retries": 5}}
    write_manifest(folder, "customer_360", {"fct_orders": asked})
    [told] = described(folder / DAGS)
    tasks = told["dags"]["customer_360"]["tasks"]
    found = {
        name: tuple(tasks[name][key] for key in ("owner", "pool", "queue", "retries"))
        for name in ("fct_orders", "stg_tpch__orders")
    }
    assert found == {
        "fct_orders": ("Finance", "heavy", "large", 5),
        "stg_tpch__orders": ("Data Team", "default_pool", "default", 2),
    }
    write_manifest(folder, "customer_360", {"fct_orders": {"airflow": {"pol": "heavy"}}})
    [told] = described(folder / DAGS)
    [error] = told["errors"].values()
    assert "fct_orders" in error and "pol" in error


def test_a_thousand_models_are_imported_within_two_seconds(described, built, tmp_path):
    folder = parsed(built, MANIFEST, tmp_path / "large")
    manifest, _ = graph(built)
    model = manifest["nodes"]["model.customer_360.fct_orders"]
    for number in range(1000):
        unique_id = f"model.customer_360.m{number}"
        manifest["nodes"][unique_id] = {
            **model,
            "name": f"m{number}",
            "fqn": ["customer_360", f"m{number}"],
        }
        manifest["parent_map"][unique_id] = (
            [f"model.customer_360.m{number - 1}"] if number % 10 else []
        )
        for test in range(2):
            test_id = f"test.customer_360.t{number}_{test}"
            manifest["nodes"][test_id] = {"resource_type": "test", "name": test_id, "config": {}}
            manifest["nodes"][test_id]["package_name"] = "customer_360"
            manifest["parent_map"][test_id] = [unique_id]
    (folder / "target" / "manifest.json").write_text(json.dumps(manifest))
    [told] = described(folder / DAGS)
    assert len(told["dags"]["customer_360"]["tasks"]) > 1030
    assert told["seconds"] < 2

"""Airflow on this machine, as typed: `make airflow-test`, and `make airflow` with a run on its page."""

from __future__ import annotations

import os
import socket
import sys
from datetime import UTC, datetime, timedelta

import pytest
from airflow_projects import written
from local_servers import READY, RUN, Airflow, addresses, free_port, started, wait_for
from projects import (
    HISTORY,
    Project,
    assert_as_built,
    before_new_orders,
    differing_tables,
    output,
)
from virtual_environments import link

pytestmark = pytest.mark.slow


def test_make_airflow_test_and_then_make_airflow_after_new_orders(built, tmp_path):
    """As typed: a run without a scheduler, then one that is started on the page of the services.

    Switching the DAG on makes Airflow start the runs of two hours ago, which build nothing.
    """
    folder = written({}, tmp_path / "project")
    due = (datetime.now(UTC) - timedelta(hours=2)).hour
    schedule = folder / "orchestration" / "schedule.yml"
    text = schedule.read_text().replace('"0 4 * * *"', f'"0 {due} * * *"')
    schedule.write_text(text.replace('"0 8,12,16 * * 1-5"', f'"30 {(due - 1) % 24} * * *"'))
    project = Project(
        folder, before_new_orders(built.data, tmp_path / "early"), tmp_path / "run.duckdb"
    )
    link(folder, "airflow")
    project.run("make", "airflow-test")
    assert differing_tables(project.database, built.database, but=[HISTORY]) != {}
    project.data = built.data
    port = free_port()
    airflow = Airflow(port, "customer_360")
    with started("airflow", folder, project.environment(PORT=str(port))) as (make, log):
        [dag] = wait_for(airflow.dags, READY, make, log)
        assert (dag["dag_id"], dag["is_paused"]) == ("customer_360", True)
        assert airflow.call("/importErrors")["total_entries"] == 0
        assert addresses(make) == {("127.0.0.1", port)}  # nobody else in the network gets in
        run = wait_for(airflow.start_run(), RUN, make, log)
        tasks = airflow.call(f"{airflow.dag}/dagRuns/{run['dag_run_id']}/taskInstances")
        events = airflow.call("/assets/events?limit=100&order_by=-timestamp")["asset_events"]
        missed = wait_for(airflow.scheduled_runs, READY, make, log)
        left_out = airflow.call(f"{airflow.dag}/dagRuns/{missed[0]['dag_run_id']}/taskInstances")
    assert {
        task["task_id"]: (task["state"], task["try_number"]) for task in tasks["task_instances"]
    } == dict.fromkeys(("staging", "snapshots", "core", "marts", "answers"), ("success", 1))
    models = (path.stem for path in (folder / "models").rglob("*.sql"))
    assert sorted(
        event["uri"] for event in events if event["source_run_id"] == run["dag_run_id"]
    ) == sorted(f"dbt://customer_360/{model}" for model in models)
    assert {task["state"] for task in left_out["task_instances"]} == {"skipped"}
    assert_as_built(project, built)


def test_make_airflow_says_when_its_port_is_taken(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, project() / "orchestration" / "airflow" / "local.py"]
        said = output(command, project(), {**os.environ, "PORT": port}, 1)
    assert said == f"Port {port} is taken. Choose another: PORT=8081 make airflow\n"

"""Whole runs of Airflow's DAGs: as typed, by layers, by manifest, and what goes wrong in them."""

from __future__ import annotations

import json
import os
import socket
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from airflow_projects import BIN, MANIFEST, Run, parsed, run, switch, written
from environments import link
from projects import (
    HISTORY,
    Project,
    before_new_orders,
    differing_tables,
    output,
    with_a_customer_twice,
)
from services import READY, RUN, Airflow, addresses, free_port, started, wait_for

pytestmark = pytest.mark.slow


def variables(project: Project, **more: str) -> dict[str, str]:
    """What tasks need to build into the project's database with the tests' own dbt."""
    return {
        "DBT_BIN": str(BIN / "dbt"),
        "TPCH_DATA": str(project.data),
        "LOCAL_DUCKDB": str(project.database),
        **more,
    }


def stand_in(folder: Path, script: str, everything: bool = False) -> str:
    """A program that stands in for dbt, and for Python beside it where it does so for everything."""
    folder.mkdir()
    # no link to Python: it would not know its environment
    python = script if everything else f'exec {sys.executable} "$@"'
    for name, text in (("dbt", script), ("python", python)):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder / "dbt")


def assert_as_built(project: Project, built: Project) -> None:
    """The tables and answers of a project are those that `make build answers` made."""
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}
    built.run(sys.executable, "scripts/answers.py")
    expected = {path.name: path.read_text() for path in (built.folder / "answers").glob("*.csv")}
    assert len(expected) == 15
    made = (project.folder / "answers").glob("*.csv")
    assert {path.name: path.read_text() for path in made} == expected


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
        missed = wait_for(airflow.scheduled_runs, READY, make, log)
        left_out = airflow.call(f"{airflow.dag}/dagRuns/{missed[0]['dag_run_id']}/taskInstances")
    assert {
        task["task_id"]: (task["state"], task["try_number"]) for task in tasks["task_instances"]
    } == dict.fromkeys(("staging", "snapshots", "core", "marts", "answers"), ("success", 1))
    assert {task["state"] for task in left_out["task_instances"]} == {"skipped"}
    assert_as_built(project, built)


def test_make_airflow_says_when_its_port_is_taken(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, project() / "orchestration" / "airflow" / "local.py"]
        said = output(command, project(), {**os.environ, "PORT": port}, 1)
    assert said == f"Port {port} is taken. Choose another: PORT=8081 make airflow\n"


def test_a_run_by_manifest_ends_in_the_tables_and_answers_of_make_build(airflow, built, tmp_path):
    folder = parsed(built, MANIFEST, tmp_path / "project")
    switch(folder, fuse=True)
    project = Project(folder, built.data, tmp_path / "run.duckdb")
    [(done, printed)] = run(airflow, Run(folder, variables(project)))
    assert done["state"] == "success", printed
    assert {tuple(how) for how in done["tasks"].values()} == {("success", 1)}
    assert "ERROR=0" in printed and "ERROR=1" not in printed
    assert_as_built(project, built)


def test_a_failing_test_stops_the_layers_after_it_and_names_itself(airflow, built, tmp_path):
    folder = parsed(built, {}, tmp_path / "project")
    bad = with_a_customer_twice(built.data, tmp_path / "bad")
    project = Project(folder, bad, tmp_path / "run.duckdb")
    [(done, printed)] = run(airflow, Run(folder, variables(project)))
    assert done["state"] == "failed"
    assert done["tasks"] == {
        "staging": ["failed", 1],  # no other try: the data would still be wrong
        **{task: ["upstream_failed", 0] for task in ("snapshots", "core", "marts", "answers")},
    }
    [line] = {
        line.split("customer_360.staging failed in")[1]
        for line in printed.splitlines()
        if "customer_360.staging failed in" in line
    }
    assert "primary_key_stg_tpch__customers_customer_key" in line and "Got 1 result" in line
    assert project.query("select count(*) from duckdb_tables() where schema_name = 'core'") == [
        (0,)
    ]


def test_a_task_that_is_killed_is_tried_again_and_gives_the_same_tables(airflow, built, tmp_path):
    folder = parsed(built, {}, tmp_path / "project")
    project = Project(folder, built.data, tmp_path / "run.duckdb")
    killed = tmp_path / "killed"
    dbt = stand_in(
        tmp_path / "bin",
        # the first time that core is built, kill dbt after it has built a fact
        f"""case "$*" in *"--select path:models/core"*) if [ ! -e {killed} ]; then
            touch {killed}
            {BIN}/dbt "$@" > {killed}.log 2>&1 & dbt=$!
            until grep -q "OK created sql incremental model core.fct_order_lines" {killed}.log; do
                kill -0 $dbt || exit 3; sleep 0.1; done
            kill -9 $dbt; wait $dbt; exit 137
        fi;; esac
        exec {BIN}/dbt "$@\"""",
    )
    [(done, printed)] = run(airflow, Run(folder, variables(project, DBT_BIN=dbt)))
    assert done["state"] == "success", printed
    assert done["tasks"]["core"] == ["success", 2]
    assert "PASS" not in Path(f"{killed}.log").read_text().splitlines()[-1]
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}


ONCE = """[ -e {once} ] && exit 0; touch {once}; echo '{message}'; exit 2"""


@pytest.fixture
def webhook():
    """An address that takes messages as Slack does, and the list of those it got."""
    got: list[dict] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Chat) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hidden-path", got
        server.shutdown()


def test_only_transient_errors_are_tried_again_and_the_others_are_told(airflow, tmp_path, webhook):
    """A failure that another try mends is nobody's business; any other reaches the webhook."""
    address, got = webhook
    messages = {
        "IO Error: Could not set lock on file": 2,
        "250001: Could not connect to Snowflake backend": 2,
        f"Parsing Error: a model is wrong, see {address}": 1,
    }
    runs = []
    for number, message in enumerate(messages):
        script = ONCE.format(once=tmp_path / f"once{number}", message=message)
        dbt = stand_in(tmp_path / f"bin{number}", script, everything=True)
        variables = {"DBT_BIN": dbt, "ALERT_WEBHOOK_URL": address}
        runs.append(Run(written({}, tmp_path / f"project{number}"), variables))
    done = run(airflow, *runs)
    for (told, printed), (message, tries) in zip(done, messages.items(), strict=True):
        assert told["tasks"]["staging"] == ["success" if tries > 1 else "failed", tries]
        assert message.replace(address, "***") in printed
        assert "hidden" not in printed, "the address of a webhook is a secret"
    [text] = [message["text"] for message in got]
    assert text.startswith("customer_360.staging failed in manual__")
    assert "Parsing Error: a model is wrong, see ***" in text and "hidden" not in text


def test_an_alert_that_reaches_nobody_changes_nothing(airflow, tmp_path):
    dbt = stand_in(tmp_path / "bin", "echo 'Parsing Error'; exit 2", everything=True)
    nobody = f"http://127.0.0.1:{free_port()}/hidden-path"
    variables = {"DBT_BIN": dbt, "ALERT_WEBHOOK_URL": nobody}
    [(told, printed)] = run(airflow, Run(written({}, tmp_path / "project"), variables))
    assert told["tasks"]["staging"] == ["failed", 1]
    assert "customer_360.staging failed in" in printed and "hidden" not in printed


def test_parameters_and_secrets(airflow, tmp_path):
    """What is asked for by hand reaches dbt; values of secrets do not reach the log."""
    dbt = stand_in(
        tmp_path / "bin", 'echo "$SNOWFLAKE_PASSWORD $FROM_CONNECTION $AN_API_TOKEN"', True
    )
    extra = {"FROM_CONNECTION": "seen", "AN_API_TOKEN": "hidden-1"}
    environment = {
        "DBT_BIN": dbt,
        "DBT_CONNECTION": "warehouse",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "generic", "extra": extra}),
        "SNOWFLAKE_PASSWORD": "hidden-2",
    }
    asked = {"full_refresh": True, "models": "fct_orders+"}
    [(done, printed)] = run(airflow, Run(written({}, tmp_path / "project"), environment, asked))
    assert done["state"] == "success"
    assert "--full-refresh --select path:models/core,fct_orders+" in printed
    assert "*** seen ***" in printed
    assert "hidden-" not in printed

"""Whole runs of Airflow's DAGs without its services, and what goes wrong in them."""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from airflow_projects import BIN, MANIFEST, Run, parsed, switch, written
from local_servers import free_port
from projects import (
    DATABASE,
    HISTORY,
    Project,
    assert_as_built,
    before_new_orders,
    differing_tables,
    with_a_customer_twice,
)

pytestmark = pytest.mark.slow


def variables(project: Project, **more: str) -> dict[str, str]:
    """What tasks need to build into the project's database with the tests' own dbt."""
    own = {name: project.environment()[name] for name in ("TPCH_DATA", "LOCAL_DUCKDB")}
    return {"DBT_BIN": str(BIN / "dbt"), **own, **more}


def stand_in(folder: Path, script: str, everything: bool = False) -> str:
    """A program that stands in for dbt, and for Python beside it where it does so for everything."""
    folder.mkdir()
    # no link to Python: it would not know its environment
    python = script if everything else f'exec {sys.executable} "$@"'
    for name, text in (("dbt", script), ("python", python)):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder / "dbt")


def test_runs_by_manifest_end_in_the_tables_and_answers_of_make_build(dag_run, built, tmp_path):
    """A first run, and an incremental one of new orders. The first has a task a model in test-all."""
    folder = parsed(built, MANIFEST, tmp_path / "project")
    early = before_new_orders(built.data, tmp_path / "early")
    project = Project(folder, early, folder / DATABASE)
    for data in (early, built.data):
        switch(folder, fuse=data is not early or "TEST_ALL" not in os.environ)
        project.data = data
        done, printed = dag_run(Run(folder, variables(project)))
        assert done["state"] == "success", printed
        assert {tuple(how) for how in done["tasks"].values()} == {("success", 1)}
        assert "Unable to do partial parsing" not in printed, "a task reads what CI has parsed"
        assert "ERROR=0" in printed and "ERROR=1" not in printed
        if data is early:
            assert differing_tables(project.database, built.database, but=[HISTORY]) != {}
    assert_as_built(project, built)


def test_a_failing_test_stops_the_layers_after_it_and_names_itself(dag_run, built, tmp_path):
    folder = parsed(built, {}, tmp_path / "project")
    bad = with_a_customer_twice(built.data, tmp_path / "bad")
    project = Project(folder, bad, folder / DATABASE)
    done, printed = dag_run(Run(folder, variables(project)))
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
    assert "Customers with a key that occurs more than once" in line
    assert project.query("select count(*) from duckdb_tables() where schema_name = 'core'") == [
        (0,)
    ]


def test_a_task_that_is_killed_is_tried_again_and_gives_the_same_tables(dag_run, built, tmp_path):
    folder = parsed(built, {}, tmp_path / "project")
    project = Project(folder, built.data, folder / DATABASE)
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
    done, printed = dag_run(Run(folder, variables(project, DBT_BIN=dbt)))
    assert done["state"] == "success", printed
    assert done["tasks"]["core"] == ["success", 2]
    assert "PASS" not in Path(f"{killed}.log").read_text().splitlines()[-1]
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}


def test_a_missing_or_stale_manifest_is_one_clear_error_in_the_run(dag_run, built, tmp_path):
    """The DAG is there all the same: only its first task fails, and says what to do."""
    missing = written(MANIFEST, tmp_path / "missing")
    stale = parsed(built, MANIFEST, tmp_path / "stale")
    model = stale / "models" / "marts" / "customer_360.sql"
    model.write_text(model.read_text() + "-- changed\n")
    (stale / "models" / "marts" / "added.sql").write_text("select 1 as one\n")
    no_dbt = {"DBT_BIN": "/nowhere/dbt"}
    done = [dag_run(Run(folder, no_dbt)) for folder in (missing, stale)]
    assert set(done[0][0]["tasks"]) == {"manifest_is_current", "answers"}
    messages = (
        "target/manifest.json is missing: run `dbt parse` in CI, and ship target/.",
        "not of these models: models/marts/added.sql, models/marts/customer_360.sql.",
    )
    for (told, printed), message in zip(done, messages, strict=True):
        assert told["state"] == "failed"
        assert told["tasks"].pop("manifest_is_current") == ["failed", 1]
        assert {state for state, _ in told["tasks"].values()} == {"upstream_failed"}
        assert message in printed


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


def test_only_transient_errors_are_tried_again_and_the_others_are_told(dag_run, tmp_path, webhook):
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
    done = [dag_run(each) for each in runs]
    for (told, printed), (message, tries) in zip(done, messages.items(), strict=True):
        assert told["tasks"]["staging"] == ["success" if tries > 1 else "failed", tries]
        assert message.replace(address, "***") in printed
        assert "hidden" not in printed, "the address of a webhook is a secret"
    [text] = [message["text"] for message in got]
    assert text.startswith("customer_360.staging failed in manual__")
    assert "Parsing Error: a model is wrong, see ***" in text and "hidden" not in text


def test_an_alert_that_reaches_nobody_changes_nothing(dag_run, tmp_path):
    dbt = stand_in(tmp_path / "bin", "echo 'Parsing Error'; exit 2", everything=True)
    nobody = f"http://127.0.0.1:{free_port()}/hidden-path"
    variables = {"DBT_BIN": dbt, "ALERT_WEBHOOK_URL": nobody}
    told, printed = dag_run(Run(written({}, tmp_path / "project"), variables))
    assert told["tasks"]["staging"] == ["failed", 1]
    assert "customer_360.staging failed in" in printed and "hidden" not in printed


def test_parameters_and_secrets(dag_run, tmp_path):
    """What is asked for by hand reaches dbt; values of secrets do not reach the log."""
    show = 'echo "$SNOWFLAKE_PASSWORD $FROM_CONNECTION $AN_API_TOKEN $1 $MODELS $FULL_REFRESH"'
    dbt = stand_in(tmp_path / "bin", show, everything=True)
    extra = {"FROM_CONNECTION": "seen", "AN_API_TOKEN": "hidden-1"}
    environment = {
        "DBT_BIN": dbt,
        "DBT_CONNECTION": "warehouse",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "generic", "extra": extra}),
        "SNOWFLAKE_PASSWORD": "hidden-2",
    }
    asked = {"full_refresh": True, "models": "fct_orders+"}
    done, printed = dag_run(Run(written({}, tmp_path / "project"), environment, asked))
    assert done["state"] == "success"
    assert "*** seen *** scripts/step.py fct_orders+ 1" in printed
    assert "hidden-" not in printed

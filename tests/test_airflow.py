"""Airflow's DAGs: what each variant has, against dbt's own graph, and whole runs of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import rendering
import variants
from environments import link, python_of
from projects import (
    HISTORY,
    Project,
    before_new_orders,
    differing_tables,
    output,
    with_a_customer_twice,
)
from schedules import CASES, scheduled
from services import READY, RUN, Airflow, addresses, free_port, started, wait_for

PROBE = Path(__file__).with_name("airflow_probe.py")
DAGS = "orchestration/airflow/dags"
LOCK = "orchestration/airflow/requirements.txt"
BIN = Path(sys.executable).parent
MANIFEST = {"airflow_style": "manifest"}

pytestmark = pytest.mark.slow


# ---------------------------------------------------------------- Airflow
@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory) -> Path:
    """A folder with Airflow's database, made once; each use takes a copy."""
    python = python_of(rendering.render({})[LOCK].content, "airflow")
    home = tmp_path_factory.mktemp("airflow")
    subprocess.run(
        [python.with_name("airflow"), "db", "migrate"],
        env={**os.environ, "AIRFLOW_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    return home


@pytest.fixture(scope="module")
def airflow(airflow_home):
    """A function that asks airflow_probe.py; returns each answer and what was printed before it."""
    python = python_of(rendering.render({})[LOCK].content, "airflow")

    def ask(*arguments: str | Path, **environment: str) -> list[tuple[dict, str]]:
        done = subprocess.run(
            [python, PROBE, *arguments],
            check=False,
            env={**os.environ, "AIRFLOW_HOME": str(airflow_home), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stdout
        parts = re.split(r"^=== (.*)$", done.stdout, flags=re.MULTILINE)
        return [
            (json.loads(answer), printed)
            for printed, answer in zip(parts[::2], parts[1::2], strict=False)
        ]

    return ask


@dataclass
class Run:
    """A DAG run to be made: of the project in a folder, with its parameters and variables."""

    folder: Path
    variables: dict[str, str]
    conf: dict = field(default_factory=dict)


def run(airflow, *runs: Run) -> list[tuple[dict, str]]:
    """Make the runs, one after the other; the answers of the probe."""
    made = [[str(each.folder / DAGS), each.conf, each.variables] for each in runs]
    return airflow("run", json.dumps(made))


def written(answers: dict, folder: Path) -> Path:
    return rendering.write(rendering.render(answers), folder)


def parsed(built: Project, answers: dict, folder: Path) -> Path:
    """A project with these answers, and the manifest of the project that the tests built."""
    written(answers, folder)
    (folder / "target").mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copy(built.folder / "target" / name, folder / "target" / name)
    return folder


# ---------------------------------------------------------------- every variant
def distinct_variants() -> dict[str, dict]:
    """One variant for each different content of orchestration/."""
    found = {}
    for name, answers in variants.all_variants().items():
        tree = rendering.render(answers)
        content = tuple(
            (path, file.content) for path, file in tree.items() if path.startswith("orchestration/")
        )
        if DAGS + "/dbt_build.py" in tree:
            found.setdefault(content, (name, answers))
    return dict(found.values())


def test_every_variant_is_one_dag_fit_for_production(airflow, built, tmp_path):
    """Imports without a warning, with the one DAG id that it should have, and what each task needs."""
    distinct = distinct_variants()
    assert len(distinct) > 6
    folders = {name: tmp_path / str(number) for number, name in enumerate(distinct)}
    for name, folder in folders.items():
        parsed(built, distinct[name], folder)
    # no program of dbt's: nothing may run one at import
    whole = next(iter(folders.values()))  # as a bucket of Composer has it, beside DAGs of others
    paths = [*(folder / DAGS for folder in folders.values()), whole]
    *found, (bucket, _) = airflow("describe", *paths, DBT_BIN="/nowhere/dbt")
    assert (bucket["errors"], len(bucket["dags"])) == ({}, 1)
    for name, (told, _) in zip(distinct, found, strict=True):
        answers = rendering.all_answers(distinct[name])
        assert told["errors"] == {} and told["warnings"] == [], name
        assert list(told["dags"]) == [answers["project_slug"]], name
        (dag,) = told["dags"].values()
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)
        assert dag["max_active_tasks"] == 1, "the target local is DuckDB"
        assert dag["timeout"] and dag["doc"]
        for task in dag["tasks"].values():
            assert task["owner"] == answers["owner_name"]
            assert task["doc"] and task["callback"] and task["timeout"]
            assert task["retries"] == 2 and task["backoff"]
        marts = {path.stem for path in (folders[name] / "models" / "marts").glob("*.sql")}
        uris = [uri for task in dag["tasks"].values() for uri in task["assets"]]
        assert sorted(uris) == sorted(f"dbt://{answers['project_slug']}/{mart}" for mart in marts)
        report = dag["tasks"].get("elementary_report", {})
        assert bool(report) == answers["elementary"]
        assert "ALL_DONE" in report.get("trigger_rule", "ALL_DONE")
        assert "answers" in dag["tasks"]


def test_runs_are_due_when_make_schedule_says_and_know_their_kind(airflow, tmp_path):
    """A year of each case, by the timetable that the scheduler would follow."""
    folders = [written(CASES[name], tmp_path / str(n)) for n, name in enumerate(CASES)]
    found = airflow("describe", *(folder / DAGS for folder in folders), WITH_RUNS="1")
    for name, (told, _) in zip(CASES, found, strict=True):
        runs = [[at.isoformat(), kind] for at, kind in scheduled(CASES[name])]
        assert told["dags"]["customer_360"]["runs"] == runs, name


def test_tasks_run_side_by_side_where_the_warehouse_can(airflow, tmp_path):
    folder = written({"warehouse": "snowflake"}, tmp_path / "snowflake")
    for target, tasks in (("prod", 8), ("local", 1)):
        [(told, _)] = airflow("describe", folder / DAGS, DBT_TARGET=target)
        assert told["dags"]["customer_360"]["max_active_tasks"] == tasks


def test_a_broken_dag_is_seen(airflow, tmp_path):
    """The probe tells an error at import, and a file that Airflow skips in silence."""
    folder = written({}, tmp_path / "broken")
    dag = folder / DAGS / "dbt_build.py"
    dag.write_text(dag.read_text().replace("SCHEDULE, Dbt", "SCHEDULE, Dbd"))
    [(told, _)] = airflow("describe", folder / DAGS)
    assert len(told["errors"]) == 1 and told["dags"] == {}


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


@pytest.mark.parametrize("fuse", [False, True])
def test_manifest_covers_every_node_and_every_test_in_a_legal_order(airflow, built, tmp_path, fuse):
    """Against the manifest: no node twice, all parents before, each test once and after its nodes."""
    folder = parsed(built, MANIFEST, tmp_path / "project")
    switch(folder, fuse)
    [(told, _)] = airflow("describe", folder / DAGS)
    tasks = told["dags"]["customer_360"]["tasks"]
    manifest, nodes = graph(built)
    by_fqn = {".".join(manifest["nodes"][node]["fqn"]): node for node in nodes}
    task_of = {
        by_fqn[fqn]: name for name, task in tasks.items() for fqn in (task["select"] or "").split()
    }
    assert set(task_of) == nodes
    assert sum(len((task["select"] or "").split()) for task in tasks.values()) == len(nodes)
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


def switch(folder: Path, fuse: bool) -> None:
    path = folder / "orchestration" / "schedule.yml"
    path.write_text(path.read_text().replace("fuse: false", f"fuse: {str(fuse).lower()}"))


def test_a_missing_or_stale_manifest_is_one_clear_error_in_the_run(airflow, built, tmp_path):
    missing = written(MANIFEST, tmp_path / "missing")
    stale = parsed(built, MANIFEST, tmp_path / "stale")
    model = stale / "models" / "marts" / "customer_360.sql"
    model.write_text(model.read_text() + "-- changed\n")
    (stale / "models" / "marts" / "added.sql").write_text("select 1 as one\n")
    found = airflow("describe", missing / DAGS, stale / DAGS)
    assert [told["errors"] for told, _ in found] == [{}, {}]
    tasks = found[0][0]["dags"]["customer_360"]["tasks"]
    assert list(tasks) == ["manifest_is_current", "answers"]
    no_dbt = {"DBT_BIN": "/nowhere/dbt"}
    done = run(airflow, Run(missing, no_dbt), Run(stale, no_dbt))
    messages = (
        "target/manifest.json is missing: run `dbt parse` in CI, and ship target/.",
        "not of these models: models/marts/added.sql, models/marts/customer_360.sql.",
    )
    for (told, printed), message in zip(done, messages, strict=True):
        assert told["state"] == "failed"
        assert told["tasks"].pop("manifest_is_current") == ["failed", 1]
        assert {state for state, _ in told["tasks"].values()} == {"upstream_failed"}
        assert message in printed


def test_a_thousand_models_are_imported_within_two_seconds(airflow, built, tmp_path):
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
    [(told, _)] = airflow("describe", folder / DAGS)
    assert len(told["dags"]["customer_360"]["tasks"]) > 1030
    assert told["seconds"] < 2


# ---------------------------------------------------------------- whole runs
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

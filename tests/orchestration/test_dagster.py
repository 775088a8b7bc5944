"""Dagster's definitions: checked by its own command, their times, and a whole run in process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rendering
import yaml
from independent_sql.queries import NAMES
from local_servers import READY, addresses, free_port, request, started, wait_for
from projects import (
    DATABASE,
    HISTORY,
    Project,
    before_new_orders,
    differing_tables,
    with_a_customer_twice,
)
from schedules import CASES, read, scheduled
from virtual_environments import python_of

LOCK = "orchestration/dagster/requirements.txt"
ANSWERS = {"orchestrator": "dagster"}
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.slow

PROBE = """
import json, os, sys
from datetime import datetime, timedelta, timezone
sys.path.insert(0, "orchestration/dagster")
import dagster as dg
import definitions
from definitions import defs
start, end = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (2027, 2028))
def instants(cron, zone):
    iterate = dg._utils.schedules.schedule_execution_time_iterator
    for at in iterate(start.timestamp(), cron, zone):
        if at >= end:
            return
        yield at.astimezone(timezone.utc).isoformat()
schedules = {
    each.job.name: (each.cron_schedule, each.execution_timezone) for each in defs.schedules
}
due = [
    {kind: list(instants(*schedule)) for kind, schedule in case.items()}
    for case in [schedules, *json.loads(os.environ.get("CASES", "[]"))]
]
late = [
    schedule.evaluate_tick(
        dg.build_schedule_context(
            scheduled_execution_time=datetime.now(timezone.utc) - timedelta(hours=hours)
        )
    ).run_requests
    for schedule in defs.schedules
    for hours in (0, 2)
]
told = {"due": due, "starts": [len(requests or ()) for requests in late]}
if "run" in sys.argv:
    # retries at once
    definitions.models.op._retry_policy = dg.RetryPolicy(max_retries=2)
    run = defs.resolve_job_def("incremental").execute_in_process(raise_on_error=False)
    told["success"] = run.success
    told["built"] = len(run.get_asset_materialization_events())
    checks = run.get_asset_check_evaluations()
    told["checks"] = len(checks)
    told["failed"] = [check.check_name for check in checks if not check.passed]
    told["retries"] = sum(event.is_step_up_for_retry for event in run.all_events)
    graph = defs.resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.materializable_asset_keys]
    told["groups"] = sorted({node.group_name for node in nodes})
    told["fresh"] = sorted(
        [node.key.path[-1], node.freshness_policy.fail_window.to_timedelta().total_seconds()]
        for node in nodes if node.freshness_policy
    )
print("=== " + json.dumps(told))
"""


def parsed(built: Project, answers: dict, folder: Path) -> Path:
    rendering.write(rendering.render({**ANSWERS, **answers}), folder)
    (folder / "target").mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copy(built.folder / "target" / name, folder / "target" / name)
    return folder


def dagster(folder: Path, project: Project | None, *command: str | Path, **environment: str) -> str:
    python = python_of(rendering.render(ANSWERS)[LOCK].content, "dagster")
    variables = (
        {}
        if project is None
        else {name: project.environment()[name] for name in ("TPCH_DATA", "LOCAL_DUCKDB")}
    )
    done = subprocess.run(
        [python.with_name(str(command[0])), *command[1:]],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{python.parent}:{os.environ['PATH']}",
            "DBT_BIN": str(BIN / "dbt"),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            **variables,
            **environment,
        },
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def probe(folder: Path, project: Project | None, *arguments: str, **environment: str) -> dict:
    printed = dagster(folder, project, "python", "-c", PROBE, *arguments, **environment)
    return json.loads(printed.rsplit("=== ", 1)[1])


def test_definitions_are_valid_and_due_when_make_schedule_says(built, tmp_path):
    """Those of one project, and by Dagster's own clock the schedules of every case."""
    folder = parsed(built, CASES["business hours in Europe/Berlin"], tmp_path)
    schedules = [
        {kind: (cron, read(CASES[name])["timezone"]) for kind, cron in runs.items()}
        for name in CASES
        for runs in [read(CASES[name])["runs"]]
    ]
    told = probe(folder, None, CASES=json.dumps(schedules))
    names = ["business hours in Europe/Berlin", *CASES]
    for name, due in zip(names, told["due"], strict=True):
        runs = sorted((at, kind) for kind, instants in due.items() for at in instants)
        assert runs == [(at.isoformat(), kind) for at, kind in scheduled(CASES[name])], name
    # of both schedules: one run at its time, none two hours later
    assert told["starts"] == [1, 0, 1, 0]


def test_runs_end_in_the_tables_of_make_build(built, tmp_path):
    """A first run, in which dbt is killed once and tried again; then one after new orders."""
    folder = parsed(built, {}, tmp_path / "project")
    project = Project(folder, before_new_orders(built.data, tmp_path / "early"), folder / DATABASE)
    killed = tmp_path / "killed"
    dbt = tmp_path / "bin" / "dbt"
    dbt.parent.mkdir()
    dbt.write_text(f"""#!/bin/sh
if [ ! -e {killed} ]; then
    touch {killed}
    {BIN}/dbt "$@" > {killed} & dbt=$!
    until grep -q core.fct_order_lines {killed}; do kill -0 $dbt || exit 2; sleep 0.1; done
    kill -9 $dbt; kill -9 $$
fi
exec {BIN}/dbt "$@"
""")
    dbt.chmod(0o755)
    dbt.with_name("python").write_text(f'#!/bin/sh\nexec {BIN}/python "$@"\n')
    dbt.with_name("python").chmod(0o755)
    told = probe(folder, project, "run", DBT_BIN=str(dbt))
    assert (told["success"], told["retries"]) == (True, 1)
    assert differing_tables(project.database, built.database, but=[HISTORY]) != {}
    project.data = built.data
    told = probe(folder, project, "run")
    assert told["success"] and not told["failed"]
    marts = sorted(path.stem for path in (folder / "models" / "marts").glob("*.sql"))
    assert told["fresh"] == [[mart, 26 * 3600.0] for mart in marts]
    assert told["groups"] == [
        *("answers", "core", "intermediate", "marts", "seeds", "snapshots", "staging")
    ]
    manifest = json.loads((built.folder / "target" / "manifest.json").read_text())
    kinds = [node["resource_type"] for node in manifest["nodes"].values()]
    assert told["built"] == sum(kind in ("model", "seed", "snapshot") for kind in kinds) + 1
    assert told["checks"] > 60
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}
    assert {path.stem for path in (folder / "answers").glob("*.csv")} == set(NAMES)


QUESTION = """{ instance { info } repositoriesOrError { ... on RepositoryConnection { nodes {
  jobs { name }
  schedules { name scheduleState { status } }
} } } }"""


def test_make_dagster_opens_it_on_this_machine_only(tmp_path):
    """As typed, after make install: the page knows the jobs and schedules; Ctrl-C leaves nothing."""
    folder = rendering.write(rendering.render(ANSWERS), tmp_path / "project")
    project = Project(folder, tmp_path / "nothing", tmp_path / "run.duckdb")
    project.run("make", "install")
    assert "All definitions loaded successfully" in project.run("make", "dagster-check")
    port = free_port()
    url = f"http://127.0.0.1:{port}/graphql"

    def known() -> dict | None:
        found = request(url, {"query": QUESTION})["data"]
        return found if found["repositoriesOrError"].get("nodes") else None

    with started("dagster", folder, project.environment(PORT=str(port))) as (make, log):
        told = wait_for(known, READY, make, log)
        assert {ip for ip, _ in addresses(make)} == {"127.0.0.1"}
    [found] = told["repositoriesOrError"]["nodes"]
    names = ["full_refresh", "incremental"]
    assert sorted(job["name"] for job in found["jobs"] if not job["name"].startswith("__")) == names
    assert [each["scheduleState"]["status"] for each in found["schedules"]] == ["RUNNING"] * 2
    settings = yaml.safe_load(told["instance"]["info"])
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1, "two runs never overlap"


def test_a_failing_test_stops_what_reads_the_table_and_names_itself(built, tmp_path):
    folder = parsed(built, {}, tmp_path / "project")
    bad = with_a_customer_twice(built.data, tmp_path / "bad")
    project = Project(folder, bad, folder / DATABASE)
    told = probe(folder, project, "run")
    assert (told["success"], told["retries"]) == (False, 0)
    [(sentence,)] = project.query("select sentence from staging.int_input_checks")
    assert sentence.startswith("Customers with a key that occurs more than once")
    [(customers,)] = project.query(
        "select count(*) from duckdb_tables() where table_name in ('dim_customers', 'customer_360')"
    )
    assert customers == 0

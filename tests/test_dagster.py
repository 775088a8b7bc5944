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
from environments import python_of
from projects import HISTORY, Project, differing_tables
from schedules import CASES, scheduled

LOCK = "orchestration/dagster/requirements.txt"
ANSWERS = {"orchestrator": "dagster"}
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.slow

PROBE = """
import json, sys
from datetime import datetime, timezone
sys.path.insert(0, "orchestration/dagster")
import dagster as dg
from definitions import defs
start, end = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (2027, 2028))
due = {}
for schedule in defs.schedules:
    for at in dg._utils.schedules.schedule_execution_time_iterator(
        start.timestamp(), schedule.cron_schedule, schedule.execution_timezone
    ):
        if at >= end:
            break
        due.setdefault(at.astimezone(timezone.utc).isoformat(), []).append(schedule.job.name)
told = {"due": due}
if "run" in sys.argv:
    run = defs.resolve_job_def("incremental").execute_in_process(raise_on_error=False)
    told["success"] = run.success
    told["built"] = len(run.get_asset_materialization_events())
    checks = run.get_asset_check_evaluations()
    told["checks"], told["passed"] = len(checks), all(check.passed for check in checks)
    graph = defs.resolve_asset_graph()
    told["groups"] = sorted({graph.get(key).group_name for key in graph.materializable_asset_keys})
print("=== " + json.dumps(told))
"""


def parsed(built: Project, answers: dict, folder: Path) -> Path:
    rendering.write(rendering.render({**ANSWERS, **answers}), folder)
    (folder / "target").mkdir()
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copy(built.folder / "target" / name, folder / "target" / name)
    return folder


def dagster(folder: Path, project: Project | None, *command: str | Path) -> str:
    python = python_of(rendering.render(ANSWERS)[LOCK].content, "dagster")
    variables = (
        {}
        if project is None
        else {"TPCH_DATA": str(project.data), "LOCAL_DUCKDB": str(project.database)}
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
        },
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def probe(folder: Path, project: Project | None, *arguments: str) -> dict:
    printed = dagster(folder, project, "python", "-c", PROBE, *arguments)
    return json.loads(printed.rsplit("=== ", 1)[1])


def test_definitions_are_valid_and_due_when_make_schedule_says(built, tmp_path):
    for number, name in enumerate(
        ("business hours in Europe/Berlin", "nightly in Australia/Sydney")
    ):
        folder = parsed(built, CASES[name], tmp_path / str(number))
        expected = {at.isoformat(): [kind] for at, kind in scheduled(CASES[name])}
        assert probe(folder, None)["due"] == expected
    check = dagster(
        folder / "orchestration" / "dagster", None, "dg", "check", "defs", "--no-check-yaml"
    )
    assert "All definitions loaded successfully" in check


def test_a_run_ends_in_the_tables_of_make_build(built, tmp_path):
    folder = parsed(built, {}, tmp_path / "project")
    project = Project(folder, built.data, tmp_path / "run.duckdb")
    told = probe(folder, project, "run")
    assert told["success"] and told["passed"]
    assert told["groups"] == ["answers", "core", "marts", "seeds", "snapshots", "staging"]
    manifest = json.loads((built.folder / "target" / "manifest.json").read_text())
    kinds = [node["resource_type"] for node in manifest["nodes"].values()]
    assert told["built"] == sum(kind in ("model", "seed", "snapshot") for kind in kinds) + 1
    assert told["checks"] > 70
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}
    assert len(list((folder / "answers").glob("*.csv"))) == 15

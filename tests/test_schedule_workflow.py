"""The workflow that runs a project on GitHub's schedule: its times, its linters, and its steps run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import rendering
import variants
import yaml
from projects import HISTORY, Project, differing_tables
from schedules import CASES, END, START, load, read, scheduled

WORKFLOW = ".github/workflows/schedule.yml"
ACTIONS = {"orchestrator": "github_actions"}


def workflow(answers: dict) -> dict:
    return yaml.safe_load(rendering.render({**ACTIONS, **answers})[WORKFLOW].content)


@pytest.mark.parametrize("name", CASES)
def test_it_runs_when_make_schedule_says(name):
    """GitHub's rule for summer time: a skipped hour moves to the next time that exists."""
    runs = workflow(CASES[name])[True]["schedule"]
    assert {run["timezone"] for run in runs} == {read(CASES[name])["timezone"]}
    full, incremental = (
        set(load().instants(run["cron"], ZoneInfo(run["timezone"]), START, END)) for run in runs
    )
    expected = scheduled(CASES[name])
    assert full == {instant for instant, kind in expected if kind == "full_refresh"}
    assert incremental - full == {at for at, kind in expected if kind == "incremental"}
    assert all(instant.tzinfo is UTC for instant in full)


@pytest.mark.parametrize("name", CASES)
def test_the_cron_of_the_full_refresh_is_the_one_that_sets_the_mode(name):
    text = workflow(CASES[name])
    cron = read(CASES[name])["runs"]["full_refresh"]
    assert f"github.event.schedule == '{cron}'" in text["jobs"]["run"]["env"]["FULL_REFRESH"]
    assert text["concurrency"] == {"group": "scheduled-run", "cancel-in-progress": False}
    assert all(job["timeout-minutes"] for job in text["jobs"].values())


def test_linters_find_nothing(tmp_path):
    """actionlint, zizmor and the schema, on each different content of the workflow."""
    contents = {}
    for name, answers in variants.all_variants().items():
        tree = rendering.render(answers)
        if WORKFLOW in tree:
            contents.setdefault(tree[WORKFLOW].content, name)
    for warehouse in ("snowflake", "bigquery"):
        for auth in rendering.choices("auth", {"warehouse": warehouse}):
            answers = {**ACTIONS, "warehouse": warehouse, "auth": auth}
            contents.setdefault(rendering.render(answers)[WORKFLOW].content, f"{warehouse} {auth}")
    paths = []
    for number, content in enumerate(contents):
        paths.append(tmp_path / f"{number}.yml")
        paths[-1].write_bytes(content)
    assert len(paths) > 10
    assert lint(paths) == {}
    bad = tmp_path / "bad.yml"
    text = paths[0].read_text()
    bad.write_text(
        text.replace("timeout-minutes: 180", "timeout-minute: 180").replace(
            "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7"
        )
    )
    assert set(lint([bad])) == {"actionlint", "zizmor", "check-jsonschema"}


def lint(paths: list[Path]) -> dict[str, str]:
    """What each linter that complains has to say."""
    commands = {
        "actionlint": ["-no-color"],
        "zizmor": ["--offline", "--quiet", "--no-progress"],
        "check-jsonschema": ["--builtin-schema", "vendor.github-workflows"],
    }
    found = {}
    for name, options in commands.items():
        done = subprocess.run(
            [name, *options, *paths],
            check=False,
            capture_output=True,
            text=True,
            # shellcheck, for what `run:` holds
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )
        if done.returncode:
            found[name] = done.stdout + done.stderr
    return found


def test_make_schedule_tells_a_workflow_that_differs(tmp_path):
    folder = rendering.write(rendering.render(ACTIONS), tmp_path)
    command = [sys.executable, folder / "scripts" / "schedule.py"]

    def run() -> subprocess.CompletedProcess:
        return subprocess.run(command, check=False, capture_output=True, text=True)

    assert run().returncode == 0
    path = folder / "orchestration" / "schedule.yml"
    path.write_text(path.read_text().replace("0 4 * * *", "0 5 * * *"))
    done = run()
    assert done.returncode == 1
    assert "It lacks '0 5 * * *' in UTC." in done.stderr
    assert "It has '0 4 * * *' in UTC." in done.stderr


def test_its_steps_are_those_of_the_schedule():
    for answers in ({}, {"elementary": True}, {"warehouse": "snowflake"}):
        steps = workflow(answers)["jobs"]["run"]["steps"]
        commands = [step["run"] for step in steps if "scripts/step.py" in step.get("run", "")]
        assert [c.split()[-1] for c in commands] == list(read({**ACTIONS, **answers})["steps"])
        assert steps[-1]["uses"].startswith("actions/upload-artifact@")


@pytest.mark.slow
def test_a_run_of_its_steps_ends_in_the_tables_of_make_build(built, tmp_path):
    """The commands of the workflow, by bash as GitHub runs them, on the local twin; a bad step stops."""
    folder = rendering.write(rendering.render(ACTIONS), tmp_path / "project")
    bin_folder = folder / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    python = bin_folder / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (folder / ".venv" / ".made-from").touch()
    project = Project(folder, built.data, tmp_path / "run.duckdb")
    steps = workflow({})["jobs"]["run"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "make install") != "make install"]
    assert len(commands) == 5
    for command in commands:
        printed = project.run("bash", "-e", "-o", "pipefail", "-c", command, FULL_REFRESH="false")
        assert "--full-refresh" not in printed
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}
    results = sorted(path.name for path in (folder / "target").glob("*_run_results.json"))
    assert results == [f"{step}_run_results.json" for step in sorted(read({})["steps"])]
    assert json.loads((folder / "target" / results[0]).read_text())["args"]["full_refresh"] is False
    wrong = project.run(*f"{sys.executable} scripts/step.py nothing".split(), fails=True)
    assert wrong == "Name a step: staging, snapshots, core, marts.\n"

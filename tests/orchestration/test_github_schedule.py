"""The workflow that runs a project on GitHub's schedule: its times, its linters, and its steps run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import rendering
import variants
import yaml
from pipelines import BIN, STUB, UV_CACHE, run
from projects import (
    HISTORY,
    Project,
    before_new_orders,
    differing_tables,
    with_a_customer_twice,
)
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
        "zizmor": ["--offline", "--quiet", "--no-progress", "--persona=auditor"],
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


# ---------------------------------------------------------------- executed
# instead of actions/upload-artifact: keeps what it is to upload, and complains where nothing is
KEEP = """name: keep
inputs:
  path: {required: true}
  name: {required: false}
  if-no-files-found: {required: false}
  retention-days: {required: false}
runs:
  using: composite
  steps:
    - shell: bash
      env: {PATHS: "${{ inputs.path }}"}
      run: |
        shopt -s nullglob
        cp --parents $(for path in $PATHS; do ls $path 2>/dev/null || true; done) "$ARTIFACT"
"""
# instead of GitHub's command: the rules of the environment; of issues, it notes what it is asked and
# answers with the open one there is
GH = """#!/bin/sh
[ "$1" = api ] && echo '{{"deployment_branch_policy": {{}}, "protection_rules": []}}' && exit
[ "$1" = issue ] || exit 1  # act asks it for a token
echo "$@" >> {log}
[ "$2" = list ] && [ -e {issue} ] && cat {issue}; true
"""


def gh(folder: Path) -> dict[str, str]:
    """The PATH on which `gh` stands for GitHub; its log and the number of an open issue are there."""
    folder.mkdir()
    (folder / "gh").write_text(GH.format(log=folder / "log", issue=folder / "issue"))
    (folder / "gh").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def execute(folder: Path, work: Path, kind: str, **variables: str) -> tuple[list[str], str]:
    """Run the workflow as GitHub would when `kind` is due; the steps that failed, and the log."""
    for name, text in {"stub": STUB, "keep": KEEP}.items():
        (work / name).mkdir(parents=True)
        (work / name / "action.yml").write_text(text)
    (work / "artifact").mkdir()
    event = {"schedule": read({})["runs"][kind]}
    (work / "event.json").write_text(json.dumps(event))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "All"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    used = {step.get("uses", "") for step in workflow({})["jobs"]["run"]["steps"]}
    options = []
    for use in used - {""}:
        if "checkout" not in use:
            stub = work / ("keep" if "upload-artifact" in use else "stub")
            options += ["--local-repository", f"{use}={stub}"]
    for name, value in variables.items():
        options += ["--var", f"{name}={value}"]
    done = run(
        *(BIN / "act", "schedule", "--workflows", WORKFLOW, "--eventpath", work / "event.json"),
        *("--platform", "ubuntu-latest=-self-hosted", *options),
        *("--env", f"ARTIFACT={work / 'artifact'}"),
        cwd=folder,
        HOME=str(work),
        UV_CACHE_DIR=os.environ.get("UV_CACHE_DIR", UV_CACHE),
        **gh(work / "bin"),
    )
    failed = re.findall(r"Failure - Main (.+?)(?: \[|\n)", done.stdout)
    assert bool(failed) == (done.returncode != 0), done.stdout
    return failed, done.stdout


def kept(work: Path) -> dict[str, Path]:
    """What a run keeps, by the path that it has in the project."""
    artifact = work / "artifact"
    return {path.relative_to(artifact).as_posix(): path for path in artifact.rglob("*.*")}


def kill_in_the_middle(project: Project, **variables: str) -> None:
    """Start the step core, and kill it once it has built a fact."""
    process = subprocess.Popen(
        [sys.executable, "scripts/step.py", "core"],
        cwd=project.folder,
        env=project.environment(DBT_USE_COLORS="False", **variables),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if "OK created sql incremental model core.fct_order_lines" in line:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_a_scheduled_run_ends_in_the_tables_of_make_build(built, tmp_path):
    """An incremental run of new orders, again after it was killed; what it keeps; no issue."""
    folder = rendering.write(rendering.render(ACTIONS), tmp_path / "project")
    early = before_new_orders(built.data, tmp_path / "early")
    project = Project(folder, early, tmp_path / "analytics.duckdb")
    target = {"DBT_TARGET": "prod", "DUCKDB_PATH": str(project.database)}
    project.run("dbt", "build", **target)
    assert differing_tables(project.database, built.database, but=[HISTORY]) != {}
    project.data = built.data
    project.run(sys.executable, "scripts/step.py", "staging", **target)
    kill_in_the_middle(project, **target)
    work = tmp_path / "work"
    where = {"DUCKDB_PATH": str(project.database), "TPCH_DATA": str(built.data)}
    failed, log = execute(folder, work, "incremental", **where)
    assert failed == [], log
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}
    results = {f"target/{step}_run_results.json" for step in read({})["steps"]}
    found = kept(work)
    assert set(found) == {"target/manifest.json", *results}
    for result in results:
        assert "full_refresh" not in json.loads(found[result].read_text())["args"]
    assert not (work / "bin" / "log").exists()


@pytest.mark.slow
def test_a_failing_test_stops_the_run_and_opens_an_issue_or_comments_on_it(tpch_data, tmp_path):
    """A full refresh of data with a fault."""
    folder = rendering.write(rendering.render(ACTIONS), tmp_path / "project")
    bad = with_a_customer_twice(tpch_data, tmp_path / "bad")
    failed, log = execute(folder, tmp_path / "work", "full_refresh", TPCH_DATA=str(bad))
    assert failed == ["Seeds and staging"], log
    assert "Customers with a key that occurs more than once" in log and "Main Core" not in log
    results = kept(tmp_path / "work")["target/staging_run_results.json"]
    assert json.loads(results.read_text())["args"]["full_refresh"]
    bin_folder = tmp_path / "work" / "bin"
    asked = (bin_folder / "log").read_text().splitlines()
    assert [line.split()[1] for line in asked] == ["list", "create"]
    assert "--title The scheduled run fails --body" in asked[1] and "/actions/runs/" in asked[1]
    (bin_folder / "issue").write_text("7\n")
    script = workflow({})["jobs"]["tell"]["steps"][0]["run"]
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    assert run("bash", "-ec", script, RUN="the address", PATH=path).returncode == 0
    asked = (bin_folder / "log").read_text().splitlines()
    assert asked[3:] == ["issue comment 7 --body It failed again: the address"]


def test_a_step_that_nobody_knows_is_refused(project):
    done = run(sys.executable, "scripts/step.py", "nothing", cwd=project(**ACTIONS))
    assert (done.returncode, done.stdout) == (2, "Name a step: staging, snapshots, core, marts.\n")


# ---------------------------------------------------------------- signing in
@pytest.fixture
def issuer():
    """GitHub's issuer of identity tokens: its address; the token is named like its audience."""

    class Issuer(BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.headers["Authorization"] == "bearer of the job"
            [audience] = parse_qs(urlsplit(self.path).query)["audience"]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"value": f"token for {audience}"}).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Issuer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/?api-version=2.0"
        server.shutdown()


@pytest.mark.parametrize(
    ("warehouse", "auth", "given", "expected"),
    [
        ("snowflake", "key_pair", {"SNOWFLAKE_PRIVATE_KEY": "a key"},
         {"file of SNOWFLAKE_PRIVATE_KEY_PATH": "a key\n"}),
        ("snowflake", "workload_identity", {},
         {"SNOWFLAKE_OIDC_TOKEN": "token for snowflakecomputing.com"}),
        ("bigquery", "service_account", {"BIGQUERY_KEYFILE": "{}"},
         {"file of BIGQUERY_KEYFILE_PATH": "{}\n"}),
        ("bigquery", "workload_identity", {"GOOGLE_WORKLOAD_IDENTITY_PROVIDER": "pool"},
         {"token of Google": "token for https://iam.googleapis.com/pool"}),
        ("redshift", "iam", {},
         {"file of AWS_WEB_IDENTITY_TOKEN_FILE": "token for sts.amazonaws.com"}),
    ],
)  # fmt: skip
def test_each_step_signs_in(warehouse, auth, given, expected, issuer, tmp_path):
    """By the step that writes how, and the words before the command of each step after it."""
    steps = workflow({"warehouse": warehouse, "auth": auth})["jobs"]["run"]["steps"]
    [write] = [step["run"] for step in steps if "how each step signs in" in step.get("name", "")]
    command = next(step["run"] for step in steps if "scripts/step.py core" in step.get("run", ""))
    assert command == 'bash "$RUNNER_TEMP/signed_in" .venv/bin/python scripts/step.py core'
    rest = [s["run"] for s in steps[steps.index({"name": "Core", "run": command}) :] if "run" in s]
    assert all(run.startswith('bash "$RUNNER_TEMP/signed_in" ') for run in rest)
    show = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    done = run(
        "bash", "-ec", write + command.replace(".venv/bin/python scripts/step.py core", show),
        RUNNER_TEMP=str(tmp_path), ACTIONS_ID_TOKEN_REQUEST_URL=issuer,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN="of the job", **given,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout.splitlines()[-1])
    for name, path in list(found.items()):
        if name.endswith(("_PATH", "_FILE")) and Path(path).is_file():
            found[f"file of {name}"] = Path(path).read_text()
    if "GOOGLE_APPLICATION_CREDENTIALS" in found:
        google = json.loads(Path(found["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
        found["token of Google"] = Path(google["credential_source"]["file"]).read_text()
        assert google["audience"] == "//iam.googleapis.com/pool"
    assert expected.items() <= found.items()
    token = [value for value in expected.values() if value.startswith("token for")]
    assert all(f"::add-mask::{value}" in done.stdout for value in token)

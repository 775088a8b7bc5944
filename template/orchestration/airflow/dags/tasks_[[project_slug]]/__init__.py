"""How a task runs dbt: in dbt's own environment, and with retries where they can help."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.request
from collections import deque
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from airflow.sdk import BaseHook, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk.log import mask_secret
from croniter import croniter

PROJECT = Path(os.environ.get("DBT_PROJECT_DIR") or Path(__file__).resolve().parents[3])
DBT = Path(os.environ.get("DBT_BIN") or PROJECT / ".venv" / "bin" / "dbt")
SCHEDULE = yaml.safe_load((PROJECT / "orchestration" / "schedule.yml").read_text("utf-8"))

SECRET = re.compile(r"PASSWORD|PASSPHRASE|TOKEN|SECRET|WEBHOOK|PRIVATE_KEY(?!_PATH)")
# What engines and networks say when another try may help. It never helps a failed test.
TRANSIENT = re.compile(
    r"\btime[ds]?[ -]?out|connection|could not connect|network|temporar|unavailable|throttl"
    r"|too many requests|rate limit|deadlock|set lock|conflicting lock|serializ|\b50[234]\b",
    re.IGNORECASE,
)

LATE = timedelta(hours=1)


def skip_when_late(context) -> None:
    """Leave out a scheduled run that starts long after its time: the next one covers it.

    That is after an outage, when the DAG is switched on, or when the run before took too long. By
    itself Airflow makes up for the last run that was missed: a full refresh in business hours.
    """
    run = context["dag_run"]
    if run.run_type == "scheduled" and run.start_date - run.run_after > LATE:
        raise AirflowSkipException(f"Due at {run.run_after:%H:%M} UTC: too late, left out.")


def full_refresh_is_due(context) -> bool:
    """Whether a run rebuilds incremental models: asked for by hand, or due at this time."""
    if context["params"]["full_refresh"]:
        return True
    run = context["dag_run"]
    if run.run_type != "scheduled":
        return False
    zone, cron = ZoneInfo(SCHEDULE["timezone"]), SCHEDULE["runs"]["full_refresh"]
    at = run.logical_date.astimezone(UTC)
    local = at.astimezone(zone).replace(tzinfo=None)
    # what the clock would show, had it not been put forward: that time of day may have been skipped
    unchanged = (at + (at - timedelta(hours=3)).astimezone(zone).utcoffset()).replace(tzinfo=None)
    back = unchanged.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    skipped = back != unchanged and croniter.match(cron, unchanged)
    return skipped or croniter.match(cron, local)


def dbt_environment() -> dict[str, str]:
    """The variables of a dbt process: Airflow's, and those in the extras of DBT_CONNECTION."""
    variables = {"DBT_PROFILES_DIR": str(PROJECT / "profiles"), **os.environ}
    if connection := os.environ.get("DBT_CONNECTION"):
        extras = BaseHook.get_connection(connection).extra_dejson
        variables.update({name: str(value) for name, value in extras.items()})
    return variables


def hide(text: str, secrets: list[str]) -> str:
    """A text without the values of secrets; Airflow's own mask is not there in `dags test`."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def problem(code: int, results: Path, tail: list[str]) -> tuple[str, bool]:
    """Why a dbt process failed, model by model, and whether another try could help."""
    failed = []
    if results.is_file():
        failed = [
            result
            for result in json.loads(results.read_text("utf-8"))["results"]
            if result["status"] in ("error", "fail", "runtime error")
        ]
    if not failed:  # dbt never came to its models, or it was killed
        return "\n".join(tail) or f"dbt was stopped ({code})", code < 0 or code > 128 or bool(
            TRANSIENT.search("\n".join(tail))
        )
    messages = [
        f"{result['unique_id']}: {' '.join(str(result['message']).split())}" for result in failed
    ]
    transient = all(
        result["status"] != "fail" and TRANSIENT.search(str(result["message"])) for result in failed
    )
    return "\n".join(messages), transient


def report_failure(context) -> None:
    """Say which task of which run failed, and why: in the log, and to ALERT_WEBHOOK_URL if set."""
    task = context["task_instance"]
    text = f"{task.dag_id}.{task.task_id} failed in {task.run_id}: {context.get('exception')}"
    task.task.log.error(text)
    if url := os.environ.get("ALERT_WEBHOOK_URL"):
        body = json.dumps({"text": f"{text}\n{getattr(task, 'log_url', '')}"}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()


class Dbt(BaseOperator):
    """Runs dbt, or another program of its environment, in the project's folder.

    A failure that is not transient fails the task at once, without the retries that are left.
    Of a `dbt build`, `select` says what it builds; the run's parameters narrow that down.
    """

    def __init__(self, *, command: list[str], select: str = "", program: str = "", **options):
        super().__init__(**options)
        self.command = command
        self.select = select
        self.program = program

    def execute(self, context) -> None:
        if not self.upstream_task_ids:
            skip_when_late(context)
        command = [str(DBT.with_name(self.program) if self.program else DBT), *self.command]
        with tempfile.TemporaryDirectory() as work:
            if self.command[0] == "build":
                # a folder of its own: nothing of target/, which may be read-only, is overwritten
                partial = PROJECT / "target" / "partial_parse.msgpack"
                command += ["--target-path", work, "--log-path", work, "--no-use-colors"]
                command += ["--partial-parse-file-path", str(partial)] if partial.is_file() else []
                command += ["--full-refresh"] if full_refresh_is_due(context) else []
                only = context["params"]["models"]
                parts = self.select.split()
                command += ["--select", *(f"{part},{only}" if only else part for part in parts)]
            self.log.info("%s", " ".join(command))
            variables = dbt_environment()
            secrets = [text for name, text in variables.items() if text and SECRET.search(name)]
            for secret in secrets:
                mask_secret(secret)
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=variables, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
            tail: deque[str] = deque(maxlen=20)
            for line in self.process.stdout:
                tail.append(hide(line.rstrip(), secrets))
                self.log.info(tail[-1])
            code = self.process.wait()
            if code:
                text, transient = problem(code, Path(work) / "run_results.json", list(tail))
                failure = AirflowException if transient else AirflowFailException
                raise failure(hide(text, secrets))

    def on_kill(self) -> None:
        """Take dbt along when the task is stopped or runs out of time."""
        if getattr(self, "process", None) and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)

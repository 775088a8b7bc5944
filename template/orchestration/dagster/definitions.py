"""Dagster: every model is an asset, every test a check on it; a run is one `dbt build`.

Read from target/manifest.json, which `dbt parse` makes. orchestration/schedule.yml has the times.
Variables: DBT_PROJECT_DIR, DBT_BIN (dbt has an environment of its own), and those of .env.example.
"""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import yaml
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

PROJECT = Path(os.environ.get("DBT_PROJECT_DIR") or Path(__file__).resolve().parents[2])
DBT = Path(os.environ.get("DBT_BIN") or PROJECT / ".venv" / "bin" / "dbt")
SCHEDULE = yaml.safe_load((PROJECT / "orchestration" / "schedule.yml").read_text("utf-8"))
# What engines and networks say when another try may help. It never helps a failed test.
TRANSIENT = re.compile("|".join(SCHEDULE["transient"]), re.IGNORECASE)

project = DbtProject(project_dir=PROJECT, profiles_dir=PROJECT / "profiles")


LATE = timedelta(hours=1)


def on_time(context: dg.ScheduleEvaluationContext) -> bool:
    """Whether to start a run: not long after its time, as after an outage; the next covers it."""
    return datetime.now(UTC) - context.scheduled_execution_time < LATE


class Layers(DagsterDbtTranslator):
    """Groups assets as the project does: seeds, staging, snapshots, core and the marts."""

    def get_asset_spec(self, manifest, unique_id, project) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        if spec.group_name != "marts":
            return spec
        # every schedule has a run a day; two hours later, something is wrong
        fresh = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26))
        return spec.replace_attributes(freshness_policy=fresh)

    def get_group_name(self, dbt_resource_props) -> str:
        kind = dbt_resource_props["resource_type"]
        return dbt_resource_props["fqn"][1] if kind == "model" else f"{kind}s"


class Options(dg.Config):
    """What can be asked for by hand; which models, is chosen by materialising a selection."""

    full_refresh: bool = False


@dbt_assets(
    manifest=project.manifest_path,
    project=project,
    dagster_dbt_translator=Layers(),
    retry_policy=dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL),
)
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource, config: Options):
    """One dbt process builds what was selected, in order; tests stop what reads a bad table."""
    command = ["build", *(["--full-refresh"] if config.full_refresh else [])]
    process = dbt.cli(command, context=context)
    try:
        yield from process.stream()
    except DagsterDbtCliRuntimeError as error:
        text, killed = str(error), process.process.returncode not in (1, 2)  # dbt's own codes
        raise dg.Failure(text, allow_retries=killed or bool(TRANSIENT.search(text))) from error


marts = [key for key in models.keys if models.group_names_by_key[key] == "marts"]


@dg.asset(deps=marts, group_name="answers")
def answers() -> None:
    """The answers to the business questions, as CSV in answers/."""
    variables = {"DBT_PROFILES_DIR": str(PROJECT / "profiles"), **os.environ}
    command = [DBT.with_name("python"), "scripts/answers.py"]
    subprocess.run(command, cwd=PROJECT, env=variables, check=True)


def job(name: str):
    """The whole project, as the kind of run that orchestration/schedule.yml calls `name`."""
    config = dg.RunConfig({"models": Options(full_refresh=name == "full_refresh")})
    return dg.define_asset_job(name, dg.AssetSelection.all(), config=config)


jobs = {name: job(name) for name in SCHEDULE["runs"]}

defs = dg.Definitions(
    assets=[models, answers],
    jobs=list(jobs.values()),
    schedules=[
        dg.ScheduleDefinition(
            job=jobs[name],
            cron_schedule=cron,
            execution_timezone=SCHEDULE["timezone"],
            should_execute=on_time,
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
        for name, cron in SCHEDULE["runs"].items()
    ],
    resources={"dbt": DbtCliResource(project_dir=project, dbt_executable=str(DBT))},
)

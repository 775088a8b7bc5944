"""A project that changes its warehouse by an update: DuckDB to Snowflake."""

import os
import subprocess
import sys
from pathlib import Path

import rendering
from copier import run_update
from copier._settings import SettingsModel
from parsing import EXAMPLE_FILE, environment
from projects import output

NEW = {"warehouse": "snowflake", "elementary": False}
# Answers that were the old warehouse's defaults are kept by an update; these have to be said too.
PLACES = ("database", "source_database", "source_schema")
OWN_MODEL = Path("models/marts/own_model.sql")


def git(folder: Path, *command: str) -> str:
    return output(["git", *command], folder, os.environ)


def test_from_duckdb_to_snowflake(template_repository, tmp_path):
    project, fresh = tmp_path / "project", tmp_path / "fresh"
    source = template_repository.as_uri()
    rendering.copy_stock({}, project, source)
    (project / OWN_MODEL).write_text("select customer_key from {{ ref('customer_360') }}\n")
    with (project / "seeds" / "marketing_spend.csv").open("a") as spend:
        spend.write("1998-08-01,BUILDING,events,12.50\n")
    edited = (project / "seeds" / "marketing_spend.csv").read_bytes()
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Start"]):
        git(project, *command)

    complete = rendering.all_answers(NEW)
    run_update(
        project,
        data=rendering.checked(NEW | {name: complete[name] for name in PLACES}),
        vcs_ref="v0.0.1",
        settings=SettingsModel(),
        exclude=[".switch"],  # as `make switch` does: files that are the client's come too
        defaults=True,
        overwrite=True,
        quiet=True,
    )
    assert git(project, "ls-files", "-u") == "", "there are conflicts"
    assert (project / "seeds" / "marketing_spend.csv").read_bytes() == edited

    # but for the client's own work, it is the project that a new client of Snowflake gets
    rendering.copy_stock(NEW, fresh, source)
    different = subprocess.run(
        ["diff", "-rq", "--exclude=.git", project, fresh],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert different == [
        f"Only in {(project / OWN_MODEL).parent}: {OWN_MODEL.name}",
        f"Files {project}/seeds/marketing_spend.csv and {fresh}/seeds/marketing_spend.csv differ",
    ]

    example = (project / EXAMPLE_FILE).read_bytes()
    contract = "{{ config(contract={'enforced': false}) }}\n"
    (project / OWN_MODEL).write_text(contract + (project / OWN_MODEL).read_text())
    said = output(
        [Path(sys.executable).with_name("dbt"), "list", "--target", "dev", "--select", "own_model+"]
        + ["--profiles-dir", "profiles"],
        project,
        {**os.environ, **environment(example)},
    )
    assert "marts.own_model" in said

"""Several projects in one Airflow: each runs its own code, in its own folder, with its own settings."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from airflow_projects import DAGS, airflow, write_manifest, written

pytestmark = pytest.mark.slow

STYLES = {
    "east": "layers",
    "north": "manifest",
    "south": "layers",
    "west": "manifest",
    "up": "layers",
}
# Notes where it was started and with which settings; it takes the place of dbt and of its Python.
NOTE = '#!/bin/sh\necho "$0 $PWD $DBT_TARGET $ROLE" >> "{log}"\n'


def together(folder: Path, number: int) -> list[str]:
    """Whole projects side by side, as in the folder of Airflow's DAGs."""
    slugs = list(STYLES)[:number]
    for slug in slugs:
        project = written({"project_slug": slug, "airflow_style": STYLES[slug]}, folder / slug)
        write_manifest(project, slug)
    return slugs


def noting(folder: Path, log: Path) -> str:
    """A dbt, and the Python beside it, that note in a file how they were started."""
    folder.mkdir()
    for name in ("dbt", "python"):
        (folder / name).write_text(NOTE.format(log=log))
        (folder / name).chmod(0o755)
    return str(folder / "dbt")


@pytest.mark.parametrize("number", [2, 5])
def test_runs_in_one_process_have_their_own_folder_and_settings(dag_runs, tmp_path, number):
    """As by `airflow dags test`, which reads all DAGs in one process. The first has no own settings."""
    dags, log = tmp_path / "dags", tmp_path / "log"
    slugs = together(dags, number)
    variables = {"DBT_BIN": noting(tmp_path / "shared", log), "DBT_TARGET": "ci", "ROLE": "plain"}
    for slug in slugs[1:]:
        own = {"DBT_BIN": noting(tmp_path / slug, log), "DBT_TARGET": slug, "ROLE": f"of {slug}"}
        variables |= {f"{slug.upper()}_{name}": value for name, value in own.items()}
    done, printed = dag_runs(dags, variables, {})
    assert {slug: run["state"] for slug, run in done.items()} == dict.fromkeys(slugs, "success")
    first, *others = slugs
    assert set(log.read_text().splitlines()) == {
        f"{tmp_path}/shared/python {dags}/{first} ci plain",
        *(f"{tmp_path}/{slug}/python {dags}/{slug} {slug} of {slug}" for slug in others),
    }, printed


def test_the_dag_processor_reads_five_projects_and_names_two_of_one_name(tmp_path):
    """A copy of a project lies beside it, and Airflow would show only one of the two."""
    dags, home = tmp_path / "dags", tmp_path / "home"
    slugs = together(dags, 5)
    written({"project_slug": "east"}, dags / "copy")
    where = {"AIRFLOW__CORE__DAGS_FOLDER": str(dags), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    for command in (("db", "migrate"), ("dag-processor", "--num-runs", "1")):
        airflow(*command, home=home, **where)
    with sqlite3.connect(home / "airflow.db") as database:
        found = {dag_id for (dag_id,) in database.execute("select dag_id from dag")}
        messages = dict(database.execute("select filename, stacktrace from import_error"))
    assert found == {slug for slug in slugs if slug != "east"}
    both = [dags / name / DAGS / "dag_east.py" for name in ("copy", "east")]
    assert len(messages) == 2
    for message in messages.values():
        assert f"Two projects are called east: {both[0]} and {both[1]}. Remove one" in message


def test_one_process_names_two_projects_of_one_name(described, tmp_path):
    """Also where the folder isn't the one that Airflow is configured with."""
    for folder in ("one", "other"):
        written({"project_slug": "east"}, tmp_path / folder)
    [told] = described(tmp_path)
    [error] = told["errors"].values()
    assert list(told["dags"]) == ["east"] and "Two projects are called east: " in error
    assert all(str(tmp_path / folder / DAGS) in error for folder in ("one", "other"))


def test_a_folder_of_another_project_is_refused(described, tmp_path):
    together(tmp_path, 2)
    [told] = described(tmp_path, DBT_PROJECT_DIR=str(tmp_path / "east"))
    [error] = told["errors"].values()
    assert "isn't the project of north: set NORTH_DBT_PROJECT_DIR" in error
    own = {"NORTH_DBT_PROJECT_DIR": str(tmp_path / "north")}
    [told] = described(tmp_path, DBT_PROJECT_DIR=str(tmp_path / "east"), **own)
    assert told["errors"] == {} and set(told["dags"]) == {"east", "north"}
    code = {
        slug: {task["code"] for task in told["dags"][slug]["tasks"].values()}
        for slug in told["dags"]
    }
    assert all(Path(path).is_relative_to(tmp_path / slug) for slug in code for path in code[slug])

"""The environment of a project: `make install`, its settings, and what it says when one is missing."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from projects import output

pytestmark = pytest.mark.slow


def run(folder: Path, *command: str, code: int = 0, **environment: str) -> str:
    """Run a command as a user does, without the variables of the tests; returns what it printed."""
    names = ("PATH", "HOME", "TMPDIR", "UV_CACHE_DIR", "LANG")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in names or name.startswith(("UV_", "PIP_", "SSL_"))
    }
    return output(command, folder, {**kept, **environment}, code)


@pytest.fixture(scope="module")
def installed(project, tmp_path_factory) -> Path:
    """A project for PostgreSQL, whose settings matter, after `make install`; its path has a space."""
    folder = tmp_path_factory.mktemp("a project") / "my client"
    shutil.copytree(project(warehouse="postgres", elementary=False), folder)
    assert not (folder / ".env").exists()
    run(folder, "make", "install")
    return folder


@pytest.fixture
def settings(installed):
    """The file .env of the installed project, as it was again after the test."""
    path = installed / ".env"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


def python(folder: Path, code: str, **environment: str) -> str:
    """What a Python program in the project's environment prints, started from another folder."""
    interpreter = str(folder / ".venv" / "bin" / "python")
    return run(folder.parent, interpreter, "-c", code, **environment).strip()


SHOW = "import os; print(os.environ.get('{}'))".format


def test_install_makes_env_from_the_example(installed):
    assert (installed / ".env").read_bytes() == (installed / ".env.example").read_bytes()


def test_a_second_install_keeps_env_and_installs_nothing(installed, settings):
    settings.write_text("POSTGRES_HOST=mine\n")
    output = run(installed, "make", "install")
    assert "Installing" not in output
    assert settings.read_text() == "POSTGRES_HOST=mine\n"


def test_a_change_of_the_lock_is_installed(installed):
    lock = installed / "requirements.txt"
    before = lock.read_bytes()
    try:
        lock.write_bytes(before + b"# changed\n")
        assert "Installing" in run(installed, "make", "install")
    finally:
        lock.write_bytes(before)
        run(installed, "make", "install")


def test_git_ignores_env_and_keeps_the_example(installed):
    run(installed, "git", "init", "-q")
    made = [".env", ".venv/bin", "data/tpch", "data/local.duckdb", "answers/q.csv", "target/x"]
    assert run(installed, "git", "check-ignore", *made).split() == made
    run(installed, "git", "check-ignore", ".env.example", "README.md", code=1)


def test_an_edited_env_works_at_once_and_the_environment_wins(installed, settings):
    settings.write_text("POSTGRES_HOST='with space # and sign'\nDBT_SCHEMA=dev_ada\n")
    assert python(installed, SHOW("POSTGRES_HOST")) == "with space # and sign"
    assert python(installed, SHOW("DBT_SCHEMA"), DBT_SCHEMA="dev_bob") == "dev_bob"
    assert python(installed, SHOW("DBT_PROFILES_DIR")) == str(installed / "profiles")


def test_files_are_taken_from_the_project_whatever_the_working_folder(installed, settings):
    settings.write_text("LOCAL_DUCKDB=data/mine.duckdb\nTPCH_DATA=s3://bucket/tpch\n")
    assert python(installed, SHOW("LOCAL_DUCKDB")) == str(installed / "data" / "mine.duckdb")
    assert python(installed, SHOW("TPCH_DATA")) == "s3://bucket/tpch"


def test_an_empty_setting_counts_as_not_set(installed, settings):
    settings.write_text("POSTGRES_HOST=\n")
    assert python(installed, SHOW("POSTGRES_HOST")) == "None"


def test_a_line_that_is_no_setting_is_named_and_not_shown(installed, settings):
    settings.write_text("DBT_SCHEMA=dev_ada\nsecret words in a line\n")
    output = python(installed, SHOW("DBT_SCHEMA"))
    assert "skipped line 2" in output and "secret" not in output
    assert output.endswith("dev_ada")


def test_a_missing_variable_names_itself_and_where_to_set_it(installed, settings):
    settings.write_text("")
    output = run(installed, "make", "build", code=2, DBT_TARGET="dev")
    assert "POSTGRES_HOST is not set: put it in .env" in output
    assert ".env.example" in output
    assert "Traceback" not in output
    # dbt as typed names it, too
    output = run(installed, ".venv/bin/dbt", "parse", "--target", "dev", code=2)
    assert "POSTGRES_HOST" in output or "DBT_SCHEMA" in output


def test_a_build_without_data_says_what_to_do_first(installed, tpch_data):
    nowhere = installed / "data" / "tpch"
    output = run(installed, "make", "build", code=2)
    assert f"There is no region.parquet in {nowhere}: run make data first." in output
    assert len(output.splitlines()) == 2  # and make's own
    # only where DuckDB would look for it
    check = (".venv/bin/python", "scripts/data.py", "check")
    assert run(installed, *check, TPCH_DATA=str(tpch_data)) == ""
    assert run(installed, *check, TPCH_DATA="s3://bucket/tpch") == ""
    assert run(installed, *check, DBT_TARGET="dev") == ""
    sources = installed / "models" / "staging" / "tpch" / "_tpch__sources.yml"
    text = sources.read_text()
    sources.write_text("version: 2\n")  # the client's own sources are somewhere else
    try:
        assert run(installed, *check) == ""
    finally:
        sources.write_text(text)


def test_tools_work_as_typed_after_activating(installed, tpch_data):
    """The manual's commands on an empty database, one by one, without make."""
    manual = (installed / "docs" / "manual.md").read_text()
    block = manual.split("source .venv/bin/activate\n", 1)[1].split("```", 1)[0]
    commands = block.split("\n")[:-1]
    assert commands == ["dbt debug", "dbt seed", "dbt run", "dbt test"]
    typed = " && ".join(["source .venv/bin/activate", *commands])
    output = run(installed, "bash", "-c", typed, TPCH_DATA=str(tpch_data))
    assert "All checks passed!" in output
    assert "adapter type: duckdb" in output
    assert output.count("Completed successfully") == 3


def test_targets_before_install_say_what_to_do(project, tmp_path):
    folder = shutil.copytree(project(), tmp_path / "project")
    assert "run make install first" in run(folder, "make", "build", code=2)


def test_make_lists_every_target_in_80_columns(installed):
    output = run(installed, "make")
    targets = {
        line.split(":")[0]
        for makefile in (installed / "makefile", *installed.glob("orchestration/*/*.mk"))
        for line in makefile.read_text().splitlines()
        if line[:1].isalpha() and ":" in line and "##" in line
    }
    listed = {line.split()[0] for line in output.splitlines() if line.startswith("  ")}
    assert targets == listed
    assert max(len(line) for line in output.splitlines()) <= 80


def test_install_without_uv(project, tmp_path):
    """venv and pip do the same where there is no uv."""
    folder = shutil.copytree(project(), tmp_path / "project")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    for tool in [
        "bash",
        "cat",
        "chmod",
        "cksum",
        "cp",
        "cut",
        "dirname",
        "env",
        "git",
        "make",
        "mkdir",
        "rm",
        "sed",
    ]:
        (tools / tool).symlink_to(shutil.which(tool))
    output = run(folder, "make", "install", PATH=str(tools))
    assert "with pip" in output
    assert "All checks passed!" in run(folder, ".venv/bin/dbt", "debug")

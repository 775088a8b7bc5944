"""Which names .env may hold: those of .env.example, and a few more. Others stop every command."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import rendering
from customer_360_tools.update import refused_lines

HOSTILE = (
    "LD_PRELOAD",
    "DYLD_INSERT_LIBRARIES",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "BASH_ENV",
    "PATH",
    "TRUST",
    "GIT_CONFIG_COUNT",
    "GIT_SSH_COMMAND",
    "PIP_INDEX_URL",
    "UV_INDEX_URL",
    "AIRFLOW_HOME",
    "AWS_CONFIG_FILE",
    "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES",
    "DBT_PROFILES_DIR",
)
KNOWN = ("DBT_SCHEMA", "DBT_THREADS", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE", "CLIENT_TIER")


def refused(folder: Path, env: str) -> list[str]:
    """The sentences about a .env, one for each name that is refused."""
    (folder / ".env").write_text(env)
    command = [sys.executable, "scripts/project_env.py"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def copied(project: Path, folder: Path) -> Path:
    """What the hook reads of a project."""
    (folder / "scripts").mkdir(parents=True)
    shutil.copy2(project / "scripts" / "project_env.py", folder / "scripts")
    shutil.copy2(project / ".env.example", folder)
    return folder


@pytest.mark.parametrize("warehouse", rendering.choices("warehouse"))
def test_the_example_is_accepted_and_everything_else_refused(project, tmp_path, warehouse):
    folder = copied(project(warehouse=warehouse), tmp_path / "project")
    example = (folder / ".env.example").read_text()
    every_line = re.sub(r"(?m)^# (?=[A-Z][A-Z0-9_]*=)", "", example)
    assert refused(folder, every_line) == []
    assert refused(folder, "\n".join(f"{name}=x" for name in KNOWN)) == []
    assert len(refused(folder, "\n".join(f"{name}=x" for name in HOSTILE))) == len(HOSTILE)


@pytest.mark.parametrize(
    ("warehouse", "accepted"),
    [
        ("redshift", {"AWS_ACCESS_KEY_ID"}),
        ("bigquery", {"GOOGLE_CLOUD_QUOTA_PROJECT"}),
        ("postgres", set()),
    ],
)
def test_only_the_chosen_adapter_reads_the_names_of_its_cloud(
    project, tmp_path, warehouse, accepted
):
    folder = copied(project(warehouse=warehouse), tmp_path / "project")
    for name in ("AWS_ACCESS_KEY_ID", "GOOGLE_CLOUD_QUOTA_PROJECT"):
        assert bool(refused(folder, f"{name}=x")) == (name not in accepted)


def test_a_mapping_brings_the_variable_of_its_folder(project, tmp_path):
    """`make source-scan` asks for it in .env."""
    folder = copied(project(), tmp_path / "project")
    assert len(refused(folder, "SHOP_DATA=../exports\n")) == 1
    (folder / "mappings").mkdir()
    (folder / "mappings" / "shop.yml").touch()
    assert refused(folder, "SHOP_DATA=../exports\n") == []


def test_the_sentence_names_the_line_and_the_fix_and_no_value(project, tmp_path):
    folder = copied(project(), tmp_path / "project")
    [said] = refused(folder, "# a comment\nSF=0.1\n\n\nexport LD_PRELOAD=secret.so\n")
    assert f"{folder}/.env, line 5: LD_PRELOAD isn't a variable of this project" in said
    assert "Delete the line" in said and "CLIENT_LD_PRELOAD" in said
    assert "secret" not in said


# ---------------------------------------------------------------- in a project with its environment
@pytest.fixture(scope="module")
def installed(project, tmp_path_factory) -> Path:
    """A project whose .venv has the hook, as setup_venv.sh puts it there, and the tests' packages."""
    folder = shutil.copytree(project(), tmp_path_factory.mktemp("dotenv") / "project")
    command = ["uv", "venv", "--quiet", "--no-project", "--python", sys.executable, ".venv"]
    subprocess.run(command, cwd=folder, check=True)
    (site,) = (folder / ".venv").glob("lib/python*/site-packages")
    packages = Path(sysconfig.get_path("purelib"))
    shutil.copytree(packages / "dotenv", site / "dotenv")
    shutil.copy2(folder / "scripts" / "project_env.py", site)
    (site / "project_env.pth").write_text(f"{packages}\nimport project_env\n")
    (folder / ".venv" / ".made-from").touch()
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


def test_the_folder_of_a_mapping_is_relative_to_the_project(installed, tmp_path):
    (installed / "mappings" / "shop.yml").touch()
    (installed / ".env").write_text("SHOP_DATA=../exports\n")
    code = "import os; print(os.environ['SHOP_DATA'])"
    done = subprocess.run(
        [installed / ".venv" / "bin" / "python", "-c", code],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    (installed / "mappings" / "shop.yml").unlink()
    assert done.stdout.strip() == f"{installed}/../exports"


@pytest.mark.parametrize(
    "command",
    [
        ("make", "answers"),
        ("make", "update-check"),
        (".venv/bin/python", "-I", "-c", "print('ran')"),
    ],
    ids=" ".join,
)
def test_a_refused_name_stops_the_command_before_anything_runs(installed, command):
    (installed / ".env").write_text("GIT_CONFIG_COUNT=1\nLD_PRELOAD=planted.so\n")
    done = run(installed, *command)
    assert done.returncode == 2
    assert "line 1: GIT_CONFIG_COUNT isn't" in done.stderr
    assert "line 2: LD_PRELOAD isn't" in done.stderr
    assert "Traceback" not in done.stderr and "ran" not in done.stdout


def test_accepted_names_are_set_and_a_child_gets_nothing_else(installed):
    (installed / ".env").write_text("CLIENT_TIER=gold\nDBT_SCHEMA=dev_x\n")
    code = "import os, subprocess; print(subprocess.check_output(['env'], text=True))"
    done = run(installed, ".venv/bin/python", "-c", code)
    assert "CLIENT_TIER=gold\n" in done.stdout and "DBT_SCHEMA=dev_x\n" in done.stdout


def test_what_a_program_writes_is_for_its_owner(installed):
    (installed / ".env").write_text("")
    code = "import os; open('written', 'w').close(); os.mkdir('made')"
    assert run(installed, ".venv/bin/python", "-c", code).returncode == 0
    for name in ("written", "made"):
        assert (installed / name).stat().st_mode & 0o077 == 0


def test_the_update_report_lists_the_names(installed):
    """By the file that the update brought, while .venv has the older hook."""
    (installed / ".env").write_text("\nTRUST=1\n")
    [said] = refused_lines(installed)
    assert "line 2: TRUST isn't a variable of this project" in said
    (installed / ".env").write_text("SF=1\n")
    assert refused_lines(installed) == []

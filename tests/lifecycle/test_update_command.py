"""`make update`, `make update-check` and `make switch`: what they do, tell and refuse.

What Copier itself does in an update is in test_updates.py.
"""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from customer_360_tools.locks import packages
from projects import Project, output
from releases import (
    ClientProject,
    TemplateRepository,
    append,
    change_files,
    commit_all,
    git,
    replace,
)
from virtual_environments import lend

OLD, NEW = "v900.0.0", "v900.1.0"
LOCKED = """{package} \\
    --hash=sha256:024ca478df22e9340661486f85298cff5f6dcdba14f3813e8830015b9ed1948f
    # via -r requirements.in
"""
UNUSED = LOCKED.format(package="zzz-unused==1.0")
ORDERS = "models/core/fct_orders.sql"
DECISION = "docs/decisions/0002-quality-gates.md"


def without_column(text: str) -> str:
    """The YAML of the marts: nation_summary loses its revenue, segment_summary counts in integers."""
    head, name, tail = text.partition("  - name: nation_summary\n")
    before, revenue, after = tail.partition("      - name: revenue\n")
    assert revenue, "nation_summary has no revenue"
    text = head + name + before + after[after.index("      - name: ") :]
    head, name, tail = text.partition("  - name: segment_summary\n")
    return head + name + tail.replace("data_type: bigint", "data_type: integer", 1)


RELEASE = {
    "CHANGELOG.md": replace(
        "## Unreleased\n",
        "## Unreleased\n\n- Not yet.\n\n## 900.1.0\n\n- Clerks are trimmed.\n\n## 900.0.0\n\n- Older.\n",
    ),
    f"template/{ORDERS}": replace(
        "        orders.clerk,\n", "        trim(orders.clerk) as clerk,\n"
    ),
    # not a change of the data
    "template/models/core/fct_part_supply.sql": append("-- a comment\n"),
    "template/models/marts/_marts__models.yml.jinja": without_column,
    "template/models/marts/repeat_buyers.sql": "select customer_key from {{ ref('customer_360') }}\n",
    "template/analysis/q12_category_loyalty_by_segment.sql": append("\n-- a comment\n"),
    f"template/{DECISION}": None,
    "template/.env.example.jinja": append("\n# How loud it is.\n# VOLUME=3\n"),
    "template/models/staging/tpch/stg_tpch__orders.sql": append("\n-- a better one\n"),
    "template/requirements.in.jinja": append("\n# more\n"),
    "includes/warehouses/duckdb/requirements.txt": append(UNUSED),
    "template/makefile": replace("##@ Code\n", "# what is written by hand\n##@ Code\n"),
    "template/docs/manual.md.jinja": append("\nLater.\n"),
    "copier.yml": lambda text: text.replace(
        "# ---------------------------------------------------------------- Computed",
        "greeting: {type: str, default: Good morning}\n\n"
        "# ---------------------------------------------------------------- Computed",
        1,
    ),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TemplateRepository:
    repository = TemplateRepository.of_working_tree(tmp_path_factory.mktemp("t") / "template", OLD)
    return repository.release(NEW, RELEASE)


@pytest.fixture(scope="module")
def made(tmp_path_factory, template) -> Path:
    """A project of the old release, for copies."""
    return template.client(tmp_path_factory.mktemp("made") / "project", OLD).folder


@pytest.fixture
def project(tmp_path, made) -> ClientProject:
    shutil.copytree(made, tmp_path / "project")
    return ClientProject(tmp_path / "project")


def make(project: ClientProject, *arguments: str, code: int = 0) -> str:
    environment = Project(project.folder, Path("no data"), project.folder / "never").environment()
    return output(["make", *arguments], project.folder, environment, code)


# ---------------------------------------------------------------- a newer version
def test_check_says_whether_there_is_a_newer_version(project, template, tmp_path):
    lend(project.folder)
    told = make(project, "update-check", code=2)
    assert "v900.1.0 is out; this project is at v900.0.0." in told
    assert "- Clerks are trimmed." in told
    assert "- Older." not in told and "- Not yet." not in told
    newest = template.client(tmp_path / "newest", NEW)
    lend(newest.folder)
    assert make(newest, "update-check") == (
        "This project is at v900.1.0; there is no newer version.\n"
    )
    assert make(newest, "update") == "This project is at v900.1.0; there is no newer version.\n"


def test_update_tells_what_it_means_for_the_data(project):
    lend(project.folder)
    project.edit({"models/core/dim_dates.sql": append("-- ours\n")})
    told = make(project, "update")
    assert "- Clerks are trimmed." in told
    report = project.text("target/update/report.md")
    assert report.startswith("# From v900.0.0 to v900.1.0\n")
    for line in (
        "- New models: `repeat_buyers`.",
        "- Models whose SQL changed: `fct_orders`.",
        "- Columns of `nation_summary`: revenue removed.",
        "- Columns of `segment_summary`: customers is now integer, was bigint.",
        "- `VOLUME`",
        "- `models/staging/tpch/stg_tpch__orders.sql`",
        "- `greeting`: Good morning",
    ):
        assert f"{line}\n" in report, line
        assert line.removeprefix("- ").replace("`", "") in " ".join(told.split())
    stale = "customer_category_revenue+ fct_orders+"  # the one that changed, and one that reads it
    assert f'- `make build FULL_REFRESH=1 SELECT="{stale}"`\n' in report
    assert "fct_part_supply" not in report, "a comment is no change of the data"
    assert "Conflicts" not in report
    assert all(len(line) <= 80 for line in told.splitlines()), told
    # nothing but the project was touched
    assert project.status().keys() >= {ORDERS, ".copier-answers.yml"}
    assert not (project.folder / "data/local.duckdb").exists()
    assert make(project, "update").endswith(told.partition("== comparing")[2])


def test_conflicts_are_told_by_file_and_fail(project):
    project.edit(
        {
            ORDERS: replace("        orders.clerk,\n", "        upper(orders.clerk) as clerk,\n"),
            DECISION: append("\nOur own paragraph.\n"),
        }
    )
    told = project.script("update", code=1)
    assert f"Conflicts: settle these by hand\n  {ORDERS}\n" in told
    assert f"\n  {DECISION}: delete it, or keep it as yours\n" in told
    assert "Our own paragraph." in project.text(DECISION)
    # what it means is told all the same
    conflict = f"{ORDERS} has a conflict: compared as the template has those lines."
    assert conflict in " ".join(told.split())
    assert "Models whose SQL changed: fct_orders." in told

    text = project.text(ORDERS)
    mine, theirs = text.partition("<<<<<<< before updating\n")[2].split(">>>>>>> after updating\n")
    settled = text.replace(
        f"<<<<<<< before updating\n{mine}>>>>>>> after updating\n", "        1,\n"
    )
    assert theirs in settled
    (project.folder / ORDERS).write_text(settled)
    (project.folder / DECISION).unlink()
    told = project.script("update")
    assert "Conflicts" not in told and "Models whose SQL changed: fct_orders." in told


def test_version_can_be_chosen_in_a_folder_of_another_repository(project, template, tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(template.folder), str(clone))
    TemplateRepository(clone).release(
        "v900.2.0", {"template/docs/manual.md.jinja": append("\nLater still.\n")}
    )
    shutil.rmtree(project.folder / ".git")
    change_files(project.folder, {".copier-answers.yml": replace(str(template.folder), str(clone))})
    (tmp_path / "readme").write_text("All our projects\n")
    shutil.copy2(project.folder / ".gitignore", tmp_path)  # .venv, and the clone has its own git
    commit_all(tmp_path, "All of them")
    (tmp_path / "readme").write_text("Work on something else\n")
    lend(project.folder)
    told = make(project, "update", "VERSION=v900.1.0", "GREETING=It's $5 \\o/")
    assert "From v900.0.0 to v900.1.0" in told
    assert "trim(orders.clerk)" in project.text(ORDERS)
    assert project.text("docs/manual.md").endswith("\nLater.\n")
    assert project.answers()["greeting"] == "It's $5 \\o/", "an answer is taken as it is typed"
    assert (tmp_path / "readme").read_text() == "Work on something else\n"


def test_report_is_made_again_from_two_commits(project, tmp_path):
    """Of a branch with a conflict in a page and one in the makefile, in a clone that never updated."""
    project.edit(
        {
            "docs/manual.md": append("\nOurs.\n"),
            "makefile": replace("##@ Code\n", "# ours\n##@ Code\n"),
        }
    )
    git(project.folder, "checkout", "--quiet", "-b", "template-update")
    told = project.script("update", code=1)
    assert "Conflicts: settle these by hand\n  docs/manual.md\n  makefile\n" in told
    assert "No make target works until the makefile is settled." in told
    assert "`.venv/bin/python scripts/update.py update`" in project.text("target/update/report.md")
    assert "Models whose SQL changed: fct_orders." in told, "conflicts hid what it means"
    commit_all(project.folder, "Update from the template")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(project.folder), str(clone))
    again = ClientProject(clone).script("report", "origin/main..HEAD", code=1)
    assert again == told.partition("== updating ...\n")[2].partition("\nLook at git diff")[0]


def test_packages_of_the_client_stay_and_locks_have_no_conflict(project):
    """One that is added, at the version it had, and one of the template's that is pinned."""
    project.edit(
        {
            "requirements.in": lambda text: "tabulate>=0.9\nidna==3.10\n" + text,
            "requirements.txt": lambda text: (
                re.sub(r"(?m)^idna==[\d.]+", "idna==3.10", text)
                + LOCKED.format(package="tabulate==0.9.0")
            ),
        }
    )
    told = project.script("update")
    assert "Conflicts" not in told
    now = project.text("requirements.txt")
    assert "\ntabulate==0.9.0 " in now and "\nidna==3.10 " in now
    assert "make lock" not in told, "the packages were not resolved"
    theirs = packages((project.folder / "target/update/new/requirements.txt").read_text())
    assert packages(now).keys() == (theirs.keys() | {"tabulate"}) - {"zzz-unused"}
    assert not project.conflicts()


# ---------------------------------------------------------------- an update that is refused
def unchanged(project: ClientProject, *arguments: str, code: int = 2, **environment: str) -> str:
    """What the script says when it refuses: one line, and nothing is written."""
    before = project.status()
    told = project.script(*arguments, code=code, **environment)
    assert project.status() == before
    *progress, sentence = told.strip().splitlines()
    assert all(line.startswith("== ") or not line or line[0] in "v#-" for line in progress), told
    return sentence


def test_work_that_is_not_committed_stops_an_update(project):
    change_files(project.folder, {"README.md": append("more\n")})
    expected = "README.md is not committed: commit or stash your work first"
    assert unchanged(project, "update").startswith(expected)
    change_files(project.folder, {"new.txt": "new\n"})
    assert unchanged(project, "switch", "CI=none").startswith("README.md and 1 more are not")


@pytest.mark.parametrize("command", ["update", "check"])
def test_template_that_is_gone(project, template, command):
    for address in ("/no/such/folder", "https://127.0.0.1:9/template.git"):
        answers = project.text(".copier-answers.yml").splitlines()
        lines = [f"_src_path: {address}" if "_src_path" in line else line for line in answers]
        project.edit({".copier-answers.yml": "\n".join(lines) + "\n"})
        told = unchanged(project, command)
        assert told.startswith(f"The template at {address} cannot be reached: check the network")


def test_template_without_tags(project, template, tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(template.folder), str(clone))
    project.edit({".copier-answers.yml": replace(str(template.folder), str(clone))})
    assert unchanged(project, "update").startswith("The template has no version v900.0.0: if its")


def test_project_without_git_or_answers(project):
    shutil.rmtree(project.folder / ".git")
    told = project.script("update", code=2)
    assert told.startswith("This project has no commit in git yet") and told.count("\n") == 1
    commit_all(project.folder, "All")
    project.edit({".copier-answers.yml": lambda text: text.replace("_commit: v900.0.0\n", "")})
    assert "names no version of the template (_commit)" in unchanged(project, "update")
    project.edit({".copier-answers.yml": None})
    assert unchanged(project, "update").startswith(".copier-answers.yml is missing")


def test_removed_choice_and_a_migration_are_never_passed_over_in_silence(template, tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(template.folder), str(clone))
    choice = '    "Dagster: assets in orchestration/dagster": dagster\n'
    migrations = "_migrations: # what a release moves"
    migration = '\n  - {version: v902.0.0, command: "touch migrated"}  #'
    repository = TemplateRepository(clone)
    repository.release("v901.0.0", {"copier.yml": replace(choice, "")})
    repository.release("v902.0.0", {"copier.yml": replace(migrations, f"_migrations:{migration}")})
    project = repository.client(tmp_path / "dagster", OLD, orchestrator="dagster")
    told = unchanged(project, "update", "VERSION=v901.0.0")
    assert "refuses an answer of the project" in told and "orchestrator" in told
    told = unchanged(project, "update", "ORCHESTRATOR=github_actions", "VERSION=v902.0.0", code=3)
    assert "runs a migration, code of the template" in told
    # the newest before the migration is taken, and the rest is said
    told = project.script("update", "ORCHESTRATOR=github_actions")
    assert "From v900.0.0 to v901.0.0" in told
    assert "A newer version needs your trust" in told and "v902.0.0 runs a migration" in told
    assert "`hooks/migrations/v902_0_0.py`" in project.text("target/update/migration.md")
    commit_all(project.folder, "Updated")
    told = project.script("check", code=3)
    assert "make update TRUST=1 brings it in" in told
    told = project.script("update", TRUST="1")
    assert "From v901.0.0 to v902.0.0" in told
    assert (project.folder / "migrated").is_file()


# ---------------------------------------------------------------- another answer
def test_switch_of_the_warehouse_takes_its_sources_along(template, tmp_path):
    project = template.client(tmp_path / "project", OLD, source_schema="raw")
    lend(project.folder)
    project.edit({"models/marts/ours.sql": "select 1 as one\n"})
    told = make(project, "switch", "WAREHOUSE=snowflake", "DATABASE=OURS")
    assert "warehouse: duckdb -> snowflake" in told
    assert "source_database: analytics -> SNOWFLAKE_SAMPLE_DATA" in told
    expected = {
        "auth": "key_pair",
        "database": "OURS",
        "source_schema": "raw",  # because it was chosen
        "elementary": False,  # only what says where things are follows the warehouse
    }
    assert expected.items() <= project.answers().items()
    profiles = yaml.safe_load(project.text("profiles/profiles.yml"))
    assert profiles["customer_360"]["outputs"]["prod"]["type"] == "snowflake"
    assert (project.folder / "models/marts/ours.sql").is_file()
    assert "_commit: v900.0.0" in project.text(".copier-answers.yml")


def test_switch_refuses_what_the_template_does_not_know(project):
    assert unchanged(project, "switch", "COLOUR=red").startswith(
        "The template has no question colour"
    )
    assert "answer of the project" in unchanged(project, "switch", "WAREHOUSE=oracle")
    assert unchanged(project, "switch").startswith("Say which answer, for example: make switch")
    assert unchanged(project, "nonsense").startswith("Say what to do: update, check,")

"""The steps of hooks/migrations, in a release that moves, splits, renames and removes.

There is no such release yet, so an older one is made here out of the working tree.
"""

import os
import re
import subprocess
import sys
import textwrap

import pytest
import yaml
from copier.errors import UnsafeTemplateError
from releases import ClientProject, TemplateRepository, append, commit_all, files, replace
from rendering import ROOT, copy_working_tree

OLD, NEW, LATER = "v1.0.0", "v2.0.0", "v2.1.0"
MODEL = "models/marts/nation_summary.sql"
OLD_MODEL = "models/marts/by_nation/nation_summary.sql"
RUNBOOK, DECISION, HANDBOOK = (
    "docs/runbook.md",
    "docs/decisions/0002-quality-gates.md",
    "docs/handbook.md",
)
COMPUTED = (
    "# ---------------------------------------------------------------- Computed, never asked\n"
)
MODULE = f"""
from steps import answer, moved

moved("{OLD_MODEL}", "{MODEL}")
moved("{HANDBOOK}", "{RUNBOOK}", "{DECISION}")
answer("ci", {{"jenkins": "none"}})
"""


def as_documented() -> str:
    """How copier.yml lists a migration, taken from where authors of one read it."""
    text = (ROOT / "hooks" / "migrations" / "steps.py").read_text("utf-8")
    listing = re.search(r"\n(    _migrations:\n.*?)\n\n", text, re.DOTALL)
    return "\n" + textwrap.dedent(listing[1]) + "\n"


def question(name: str, default: str):
    return replace(COMPUTED, f'{name}:\n  type: str\n  default: "{default}"\n\n{COMPUTED}')


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TemplateRepository:
    folder = tmp_path_factory.mktemp("t") / "template"
    folder.mkdir()
    copy_working_tree(folder)
    repository = TemplateRepository(folder)
    model, runbook, decision, copier_yml = (
        (folder / path).read_text("utf-8")
        for path in (
            *(f"template/{path}" for path in (MODEL, f"{RUNBOOK}.jinja", DECISION)),
            "copier.yml",
        )
    )
    without_jenkins = '    "None": none\n  default: github\n'
    with_jenkins = '    "None": none\n    "Jenkins": jenkins\n  default: github\n'
    repository.release(
        OLD,
        {
            f"template/{MODEL}": None,
            f"template/{RUNBOOK}.jinja": None,
            f"template/{DECISION}": None,
            f"template/{OLD_MODEL}": model,
            f"template/{HANDBOOK}.jinja": f"{runbook}\n{decision}\n[[ hello ]]\n",
            "copier.yml": question("hello", "Hello")(
                replace(without_jenkins, with_jenkins)(copier_yml)
            ),
        },
    )
    repository.release(
        NEW,
        {
            f"template/{OLD_MODEL}": None,
            f"template/{HANDBOOK}.jinja": None,
            # the template changes what it moves
            f"template/{MODEL}": model.replace("-- strings", "-- names"),
            f"template/{RUNBOOK}.jinja": runbook + "\n[[ greeting ]]\n",
            f"template/{DECISION}": decision,
            "copier.yml": question("greeting", "[[ hello | default('Hello') ]]")(copier_yml)
            + as_documented(),
            "hooks/migrations/v2_0_0.py": MODULE,
        },
    )
    return repository.release(LATER, {"template/README.md.jinja": append("\nLater.\n")})


def test_only_the_update_that_crosses_it_asks_for_trust(template, tmp_path):
    project = template.client(tmp_path / "project", OLD)
    with pytest.raises(UnsafeTemplateError):
        project.update(NEW)
    assert project.status() == {}
    fresh = template.client(tmp_path / "fresh", NEW)
    fresh.update(LATER)
    assert fresh.text("README.md").endswith("Later.\n")


@pytest.mark.parametrize("goal", [NEW, LATER])
@pytest.mark.parametrize("hello", ["Hello", "Hi"])
def test_untouched_project_becomes_what_a_fresh_copy_is(template, tmp_path, goal, hello):
    project = template.client(tmp_path / "project", OLD, hello=hello)
    project.update(goal, trust=True)
    assert project.answers()["greeting"] == hello, "a renamed question keeps its answer"
    assert project.text(RUNBOOK).endswith(f"{hello}\n")
    fresh = template.render(tmp_path / "fresh", goal, project.answers())
    assert files(project.folder) == files(fresh)
    assert not project.conflicts()


def test_edits_of_moved_and_split_files_follow_them(template, tmp_path):
    project = template.client(tmp_path / "project", OLD, ci="jenkins")
    project.edit(
        {
            OLD_MODEL: replace("from geography\n", "from geography  -- ours\n"),
            HANDBOOK: replace("# 2. What a change has to pass", "# What a change has to pass"),
            "models/marts/by_nation/ours.sql": "select 1 as one\n",
        }
    )
    project.update(NEW, trust=True)
    now = files(project.folder)
    assert OLD_MODEL not in now and HANDBOOK not in now
    assert project.conflicts() == sorted([MODEL, RUNBOOK, DECISION])
    assert "from geography  -- ours\n" in project.text(MODEL)
    assert "-- names" in project.text(MODEL), "what the template changed is there too"
    for path in (RUNBOOK, DECISION):
        assert "\n# What a change has to pass" in project.text(path)
    assert "models/marts/by_nation/ours.sql" in now
    assert project.answers()["ci"] == "none", "a removed choice becomes what the migration says"


def test_deleted_files_do_not_come_back_at_their_new_place(template, tmp_path):
    project = template.client(tmp_path / "project", OLD)
    project.edit({OLD_MODEL: None, HANDBOOK: None})
    project.update(NEW, trust=True)
    assert not {MODEL, OLD_MODEL, HANDBOOK, RUNBOOK, DECISION} & files(project.folder).keys()


def run_migration(template: TemplateRepository, project: ClientProject, stage: str) -> None:
    subprocess.run(
        [sys.executable, template.folder / "hooks" / "migrations" / "v2_0_0.py"],
        cwd=project.folder,
        env={**os.environ, "STAGE": stage},
        check=True,
    )


def test_migration_can_be_repeated(template, tmp_path):
    project = template.client(tmp_path / "project", OLD, ci="jenkins")
    project.edit({OLD_MODEL: append("-- ours\n")})
    run_migration(template, project, "before")
    once = project.status(), files(project.folder)
    run_migration(template, project, "before")
    assert (project.status(), files(project.folder)) == once
    assert project.text(MODEL).endswith("-- ours\n")

    again = template.client(tmp_path / "again", OLD)
    again.update(NEW, trust=True)
    once = files(again.folder)
    run_migration(template, again, "after")
    commit_all(again.folder, "Updated")
    run_migration(template, again, "before")
    run_migration(template, again, "after")
    assert files(again.folder) == once


def test_every_migration_is_listed_in_copier_yml_by_its_version():
    listed = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8")).get("_migrations", [])
    modules = {path.stem for path in (ROOT / "hooks" / "migrations").glob("v*.py")}
    assert {
        f"v{entry['version'].removeprefix('v')}".replace(".", "_") for entry in listed
    } == modules
    for entry in listed:
        assert re.search(r"hooks/migrations/v[0-9_]+\.py", " ".join(entry["command"]))

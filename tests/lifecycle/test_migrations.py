"""The steps of hooks/migrations, in a release that moves, splits, renames and removes.

Releases of our own show them, because a recorded one has not all of it. The first is made out of the
working tree by putting files elsewhere.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml
from copier.errors import UnsafeTemplateError
from releases import (
    ClientProject,
    TemplateRepository,
    append,
    commit_all,
    files,
    make_copier_quick,
    replace,
)
from rendering import ROOT, copy_working_tree

OLD, NEW, LATER = "v900.0.0", "v901.0.0", "v901.1.0"
MODEL = "models/marts/nation_summary.sql"
OLD_MODEL = "models/marts/by_nation/nation_summary.sql"
RUNBOOK, DECISION, HANDBOOK = (
    "docs/runbook.md",
    "docs/decisions/0002-quality-gates.md",
    "docs/handbook.md",
)
GLOSSARY = "docs/glossary.md"  # it goes
OWN = "seeds/marketing_spend.csv"  # the client's own; it changes
OWN_NEW, OWN_GONE = "seeds/rates.csv", "seeds/regions.csv"
COMPUTED = (
    "# ---------------------------------------------------------------- Computed, never asked\n"
)
MODULE = f"""
from steps import answer, keep_edited_files, moved, renew_unedited_files

renew_unedited_files()
moved("{OLD_MODEL}", "{MODEL}")
moved("{HANDBOOK}", "{RUNBOOK}", "{DECISION}")
answer("ci", {{"jenkins": "none"}})
keep_edited_files()
"""


def with_migration(text: str) -> str:
    """copier.yml with the module above in its list, written like the entry that is there."""
    entry = re.search(r"  - version: v2\.0\.0\n(?: {4}.*\n)+", text)[0]
    return text.replace(
        entry, entry + entry.replace("2.0.0", "901.0.0").replace("2_0_0", "901_0_0")
    )


def with_own(path: str):
    """A change of copier.yml that makes a file the client's own."""
    return replace(f"    /{OWN}\n", f"    /{OWN}\n    /{path}\n")


def question(name: str, default: str):
    return replace(COMPUTED, f'{name}:\n  type: str\n  default: "{default}"\n\n{COMPUTED}')


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_copier_quick(patch)
        yield


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
            f"template/{GLOSSARY}": "# Words\n",
            f"template/{OWN_GONE}": "region\nEUROPE\n",
            "copier.yml": with_own(OWN_GONE)(
                question("hello", "Hello")(replace(without_jenkins, with_jenkins)(copier_yml))
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
            f"template/{GLOSSARY}": None,
            f"template/{OWN}": append("1995-01-01,BUILDING,television,1.00\n"),
            f"template/{OWN_GONE}": None,
            f"template/{OWN_NEW}": "currency,rate\nEUR,1\n",
            "copier.yml": with_own(OWN_NEW)(
                with_migration(question("greeting", "[[ hello | default('Hello') ]]")(copier_yml))
            ),
            "hooks/migrations/v901_0_0.py": MODULE,
        },
    )
    changes = {"makefile": "\n# Later.\n", OWN_NEW: "USD,2\n"}
    return repository.release(
        LATER, {f"template/{path}": append(text) for path, text in changes.items()}
    )


def test_only_the_update_that_crosses_it_asks_for_trust(template, tmp_path):
    project = template.client(tmp_path / "project", OLD)
    with pytest.raises(UnsafeTemplateError):
        project.update(NEW)
    assert project.status() == {}
    fresh = template.client(tmp_path / "fresh", NEW)
    fresh.update(LATER)
    assert fresh.text("makefile").endswith("Later.\n")


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


def test_edited_copies_of_files_that_go_are_kept_and_named(template, tmp_path, capfd):
    project = template.client(tmp_path / "project", OLD)
    project.edit({GLOSSARY: append("Ours.\n"), OWN_GONE: append("ASIA\n")})
    project.update(NEW, trust=True)
    told = capfd.readouterr().out
    for path, ours in {GLOSSARY: "# Words\nOurs.\n", OWN_GONE: "region\nEUROPE\nASIA\n"}.items():
        assert project.text(path) == ours
        assert f"{path}: the template no longer has it. Your edits are kept" in told
    assert project.status().keys().isdisjoint({GLOSSARY, OWN_GONE})


def test_the_clients_own_files_are_renewed_only_without_edits(template, tmp_path):
    edited = template.client(tmp_path / "edited", OLD)
    edited.edit({OWN: append("1996-01-01,,radio,2.00\n"), OWN_NEW: "ours\n"})
    edited.update(NEW, trust=True)
    assert edited.text(OWN).endswith("\n1996-01-01,,radio,2.00\n")
    assert "television,1.00" not in edited.text(OWN)
    assert edited.text(OWN_NEW) == "ours\n"

    project = template.client(tmp_path / "project", OLD)
    project.edit({OWN: None, OWN_GONE: None})
    project.update(NEW, trust=True)
    now = files(project.folder)
    assert OWN not in now and OWN_GONE not in now, "a deleted file came back"
    assert OWN_NEW in now
    project.edit({OWN_NEW: None})
    project.update(LATER)
    assert OWN_NEW not in files(project.folder), "a deleted file came back"


def test_a_file_of_the_client_is_not_overwritten_by_one_that_moves(template, tmp_path):
    project = template.client(tmp_path / "project", OLD)
    project.edit({OLD_MODEL: append("-- ours\n"), MODEL: "select 1 as one\n"})
    project.update(NEW, trust=True)
    assert project.text(OLD_MODEL).endswith("-- ours\n")
    assert "select 1 as one\n" in project.text(MODEL)


def run_migration(template: TemplateRepository, project: ClientProject, stage: str) -> None:
    subprocess.run(
        [sys.executable, template.folder / "hooks" / "migrations" / "v901_0_0.py"],
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

"""Projects of recorded releases meet the working tree: what goes and moves, commands, a new copy.

Untouched and edited projects in an update that only changes files are in test_updates.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.version import Version
from releases import (
    NEXT,
    ROOT,
    TemplateRepository,
    append,
    checkout,
    files,
    make_copier_quick,
    recorded,
)
from variants import every_default_changed

OLD = [tag for tag in recorded() if Version(tag) < Version("2.0.0")]
ANSWERS = {
    "defaults": lambda tag: {},
    "every_default_changed": lambda tag: every_default_changed(checkout(ROOT, recorded()[tag])),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TemplateRepository:
    folder = tmp_path_factory.mktemp("t") / "template"
    return TemplateRepository.with_recorded_releases(folder)


@pytest.fixture
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_copier_quick(patch)
        yield


def dropped(template: TemplateRepository, folder: Path, project: Path, answers: dict) -> set[str]:
    """The paths of a project that the working tree does not make for the same answers."""
    return files(project).keys() - files(template.render(folder, NEXT, answers)).keys()


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("old", OLD)
def test_edits_of_files_that_go_or_move_are_kept(template, tmp_path, quick, old, answers):
    given = ANSWERS[answers](old)
    project = template.client(tmp_path / "project", old, **given)
    gone = dropped(template, tmp_path / "next", project.folder, given)
    project.edit({path: append(f"\n# ours in {path}\n") for path in gone})
    project.update(NEXT, trust=True)
    changed = {
        path: project.text(path) for path in project.status() if path in files(project.folder)
    }
    for path in gone:
        ours = f"# ours in {path}\n"
        here = project.folder / path
        assert (here.is_file() and ours in here.read_text("utf-8")) or any(
            ours in text for text in changed.values()
        ), f"the edit of {path} is lost"


@pytest.mark.parametrize("old", OLD)
def test_deleted_files_that_go_or_move_do_not_come_back(template, tmp_path, quick, old):
    project = template.client(tmp_path / "project", old)
    gone = dropped(template, tmp_path / "next", project.folder, {})
    own = "dashboard/panels.py"
    project.edit(dict.fromkeys([*gone, own]))
    project.update(NEXT, trust=True)
    assert not files(project.folder).keys() & {*gone, own}


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("old", OLD)
def test_recopy_makes_every_file_new_and_leaves_the_dropped_ones(
    template, tmp_path, quick, old, answers
):
    """`copier recopy` needs no trust and runs no migration, so git alone keeps the client's edits."""
    given = ANSWERS[answers](old)
    project = template.client(tmp_path / "project", old, **given)
    project.edit({"README.md": append("Ours.\n"), "ours.sql": "select 1 as one\n"})
    was = files(project.folder)
    gone = dropped(template, tmp_path / "next", project.folder, given) - {"ours.sql"}
    project.recopy(NEXT)
    fresh = files(template.render(tmp_path / "fresh", NEXT, project.answers()))
    left = {path: was[path] for path in (*gone, "ours.sql")}
    assert files(project.folder) == {**fresh, **left}

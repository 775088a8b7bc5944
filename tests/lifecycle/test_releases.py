"""The record of releases, and `make release`."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from releases import WITHOUT_HISTORY, append, change_files, commit_all, git, recorded, replace
from rendering import ROOT, copy_working_tree

MARTS = "template/models/marts/_marts__models.yml.jinja"


@pytest.mark.skipif(WITHOUT_HISTORY, reason="this clone does not have the commits of the releases")
def test_every_recorded_release_is_a_commit_of_this_history():
    for tag, commit in recorded().items():
        git(ROOT, "merge-base", "--is-ancestor", commit, "HEAD")
        changelog = git(ROOT, "show", f"{commit}:CHANGELOG.md")
        assert f"\n## {tag.removeprefix('v')} (" in changelog, tag


@pytest.fixture
def repository(tmp_path) -> Path:
    """The working tree as a repository without a release."""
    folder = tmp_path / "template"
    folder.mkdir()
    copy_working_tree(folder)
    (folder / "releases.yml").write_text("# newest last\n[]\n")
    (folder / "CHANGELOG.md").write_text("# Changes\n\n## Unreleased\n\n- The first one.\n")
    commit_all(folder, "All")
    return folder


def release(folder: Path, version: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "scripts/release.py", version],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def unreleased(folder: Path, changes: dict) -> None:
    news = replace("## Unreleased\n", "## Unreleased\n\n- Something.\n")
    change_files(folder, {"CHANGELOG.md": news, **changes})
    commit_all(folder, "Work")


def test_a_release_is_committed_tagged_and_recorded(repository):
    assert release(repository, "1.0.0").startswith("Released 1.0.0.")
    assert git(repository, "status", "--porcelain") == ""
    [entry] = yaml.safe_load((repository / "releases.yml").read_text())
    assert entry == {
        "version": "1.0.0",
        "commit": git(repository, "rev-parse", "v1.0.0^{commit}").strip(),
    }
    assert git(repository, "rev-parse", "HEAD~1").strip() == entry["commit"]
    assert 'version = "1.0.0"' in git(repository, "show", "v1.0.0:pyproject.toml")
    assert "\n## 1.0.0 (" in (repository / "CHANGELOG.md").read_text()
    assert "says nothing under Unreleased" in release(repository, "1.0.1", code=2)

    unreleased(repository, {"template/README.md.jinja": append("\nClearer.\n")})
    release(repository, "1.0.1")
    assert [
        each["version"] for each in yaml.safe_load((repository / "releases.yml").read_text())
    ] == [
        "1.0.0",
        "1.0.1",
    ]


def test_a_version_has_to_be_as_high_as_the_change_demands(repository):
    release(repository, "1.0.0")
    first = git(repository, "rev-parse", "HEAD").strip()
    for changes, refused, reason, accepted in (
        (
            {"template/models/marts/more.sql": "select 1 as one\n"},
            "1.0.1",
            "more.sql is new",
            "1.1.0",
        ),
        (
            {MARTS: lambda text: text.replace("- name: buyers", "- name: customers_who_bought", 1)},
            "1.1.0",
            ".buyers is gone",
            "2.0.0",
        ),
        (
            {MARTS: lambda text: text.replace("data_type: bigint", "data_type: integer", 1)},
            "1.1.0",
            "is integer, was bigint",
            "2.0.0",
        ),
        (
            {"copier.yml": replace('    "None": none\n  default: github\n', "  default: github\n")},
            "1.1.0",
            "choice ci=none is gone",
            "2.0.0",
        ),
        (
            {"copier.yml": replace("\nci:\n", "\nchecks:\n")},
            "1.1.0",
            "question ci is gone",
            "2.0.0",
        ),
        (
            {"copier.yml": append("\nmore:\n  type: str\n")},
            "1.0.1",
            "question more is new",
            "1.1.0",
        ),
    ):
        git(repository, "reset", "--quiet", "--hard", first)
        unreleased(repository, changes)
        told = release(repository, refused, code=2)
        assert reason in told and "has to be a" in told
        release(repository, accepted)
        git(repository, "tag", "--delete", f"v{accepted}")


def test_a_patch_cannot_change_data(repository):
    """A macro that only incremental runs call: no compiled SQL shows the change."""
    release(repository, "1.0.0")
    newest = "template/macros/incremental.sql"
    unreleased(repository, {newest: lambda text: text.replace("max({{", "min({{", 1)})
    told = release(repository, "1.0.1", code=2)
    assert "the data changes on duckdb (Models whose SQL changed: " in told
    assert "`int_changed_orders`" in told and "`customer_360`" not in told


def test_what_cannot_be_released_is_refused(repository):
    assert "Say which version" in release(repository, "next", code=2)
    release(repository, "1.0.0")
    unreleased(repository, {})
    assert "is not after 1.0.0" in release(repository, "1.0.0", code=2)
    change_files(repository, {"README.md": append("more\n")})
    assert "not committed" in release(repository, "1.0.1", code=2)

"""The repository itself: its own workflow, and what must not stand in any of its files."""

import json
import os
import re
import subprocess

import rendering
import yaml
from make_locks import as_uv_writes

WORKFLOW = rendering.ROOT / ".github" / "workflows" / "ci.yml"
# Packages come from wherever the user's tools look, also behind a mirror.
REGISTRIES = re.compile(r"(python-?hosted|pypi)\.(org|io)|npmjs\.(org|com)|--(extra-)?index-url")
HOMES = re.compile(r"(^|[\s\"'(=])/(home/(?!you/)|Users/|root/)\w")  # /home/you is an example


def committed() -> dict[str, str]:
    """The text of every file that git knows or would take, by path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=rendering.ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [rendering.ROOT / name for name in listed.split("\0") if name]
    return {
        path.relative_to(rendering.ROOT).as_posix(): path.read_text("utf-8", errors="replace")
        for path in paths
        if path.is_file()
    }


def places(pattern: re.Pattern, files: dict[str, str]) -> list[str]:
    """Where a pattern occurs, this file apart."""
    return [
        f"{name}:{number}"
        for name, text in files.items()
        if name != "tests/lifecycle/test_repository.py"
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_the_workflow_has_a_job_for_every_warehouse(tmp_path):
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    matrix = jobs["variants"]["strategy"]["matrix"]
    assert matrix == {"warehouse": "${{ fromJSON(needs.warehouses.outputs.names) }}"}
    [step] = [step for step in jobs["warehouses"]["steps"] if step.get("id") == "list"]
    subprocess.run(
        ["bash", "-ec", step["run"]],
        cwd=rendering.ROOT,
        env={**os.environ, "GITHUB_OUTPUT": str(tmp_path / "output")},
        check=True,
    )
    name, names = (tmp_path / "output").read_text().strip().split("=")
    assert name == "names"
    assert sorted(json.loads(names)) == sorted(rendering.choices("warehouse"))


def test_no_file_names_a_registry_or_somebodys_folder():
    files = committed()
    assert len(files) > 100
    assert places(REGISTRIES, files) == []
    assert places(HOMES, files) == []
    assert places(REGISTRIES, {"lock.txt": "a==1\n--index-url https://example.com"}) == [
        "lock.txt:2"
    ]
    assert places(HOMES, {"notes.md": "see /home/someone/project"}) == ["notes.md:1"]


def test_locks_are_written_as_make_lock_of_a_project_writes_them():
    """One format, so that a client's first `make lock` changes no line but those it has to."""
    for lock in rendering.ROOT.glob("includes/warehouses/*/*.txt"):
        text = lock.read_text("utf-8")
        assert as_uv_writes(text) == text, lock

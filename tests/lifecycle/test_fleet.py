"""`customer-360 fleet` on 40 clients: answers spread over all values, edits of ten kinds.

Besides them: a client that is broken, one that can't be reached, and one of another template.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from releases import ClientProject, TemplateRepository, append, git, replace
from variants import each_choice, every_default_changed

TEST_ALL = bool(os.environ.get("TEST_ALL"))
OLD, MIDDLE, NEW = "v900.0.0", "v900.1.0", "v901.0.0"
SIZE = 40 if TEST_ALL else 12
ORDERS = "models/core/fct_orders.sql"
SUMMARY = "models/marts/segment_summary.sql"
CLERK = replace("        orders.clerk,\n", "        upper(orders.clerk) as clerk,\n")
EDITS = {
    "none": {},
    "a line that the template changes": {ORDERS: CLERK},
    "another line of that file": {ORDERS: append("-- ours\n")},
    "a file that the template leaves": {SUMMARY: append("-- ours\n")},
    "a model of their own": {"models/marts/ours.sql": "select 1 as one\n"},
    "a file deleted": {"docs/decisions/0002-quality-gates.md": None},
    "a file of theirs from the beginning": {"README.md": append("Ours.\n")},
    "staging": {"models/staging/tpch/stg_tpch__orders.sql": append("-- ours\n")},
    "a make target": {"targets.mk": "ours:\n\t@echo ours\n"},
    "the manual": {"docs/manual.md": append("Ours.\n")},
}
CHANGES = {
    f"template/{ORDERS}": replace(
        "        orders.clerk,\n", "        trim(orders.clerk) as clerk,\n"
    ),
    "template/.env.example.jinja": append("\n# How loud it is.\n# VOLUME=3\n"),
    "template/models/staging/tpch/stg_tpch__orders.sql": append("-- better\n"),
}
HOSTS = """#!/bin/sh
printf '%s\\n' "$*" >> "{calls}"
case "$*" in
    *"pr list"*north-2*) printf '[{{"headRefName": "template-update", "url": "https://x/1"}}]' ;;
    *list*) printf '[]' ;;
    *create*) echo https://x/2 ;;
esac
"""
# a project may hold what a careless tool would run
TRAP = "#!/bin/sh\ntouch {trap}\n"


def name_of(number: int) -> str:
    return f"north-{number}"


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """A folder with the template, the clients, fleet.yml, and gh and glab that only take notes."""
    folder = tmp_path_factory.mktemp("fleet")
    template = TemplateRepository.of_working_tree(folder / "template", OLD)
    template.release(MIDDLE, {"template/docs/manual.md.jinja": append("\nLater.\n")})
    template.release(NEW, CHANGES)
    answers = [*each_choice().values(), every_default_changed(), {}]
    entries = []
    for number in range(SIZE):
        name = name_of(number)
        chosen = {"project_name": f"North {number}", **answers[number % len(answers)]}
        made = template.client(folder / "made" / name, (OLD, MIDDLE)[number % 3 == 2], **chosen)
        edit = list(EDITS.values())[number % len(EDITS)]
        trap = TRAP.format(trap=folder / "trapped")
        made.edit({**edit, "scripts/lock.sh": trap, "macros/ours.sql": "{{ 1 / 0 }}\n"})
        clone(made, folder / "remotes" / f"{name}.git")
        entries.append(
            {
                "name": name,
                "address": str(folder / "remotes" / f"{name}.git"),
                "ring": "canary" if number < 2 else "all",
                "host": ("github", "gitlab")[number % 2],
            }
        )
    broken = template.client(folder / "made" / "broken", OLD)
    broken.edit({".copier-answers.yml": "[broken\n"})
    other = template.client(folder / "made" / "other", OLD)
    address = str(folder / "template")
    other.edit({".copier-answers.yml": replace(f"{address}\n", "gh:else/where\n")})
    for project, name in ((broken, "broken"), (other, "other")):
        clone(project, folder / "remotes" / f"{name}.git")
        entries.append({"name": name, "address": str(folder / "remotes" / f"{name}.git")})
    entries.append({"name": "gone", "address": str(folder / "remotes" / "gone.git")})
    (folder / "fleet.yml").write_text(yaml.safe_dump({"template": address, "projects": entries}))
    for program in ("gh", "glab"):
        stub = folder / "bin" / program
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(HOSTS.format(calls=folder / f"{program}.calls"))
        stub.chmod(0o755)
    return folder


def clone(project: ClientProject, remote: Path) -> None:
    remote.parent.mkdir(exist_ok=True)
    git(remote.parent, "clone", "--quiet", "--bare", str(project.folder), str(remote))


def fleet(world: Path, *arguments: str, code: int = 1) -> tuple[dict[str, dict], float]:
    """The rows that a command prints, by name, and the CPU seconds that it took."""
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "customer_360_tools", "fleet", *arguments, "--json"],
        cwd=world,
        env={
            **os.environ,
            "PATH": f"{world / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "tools"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    after = os.times()
    spent = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return {row["name"]: row for row in json.loads(done.stdout)}, spent


def number_with(edit: str, after: int = 0) -> str:
    """A client with an edit."""
    return name_of(list(EDITS).index(edit) + after)


def test_status(world, record_property):
    rows, spent = fleet(world, "status")
    record_property("told", f"status of {SIZE} clients: {spent:.1f} CPU s")
    assert len(rows) == SIZE + 3
    assert rows["north-0"]["version"] == OLD and rows["north-0"]["behind"] == 2
    assert rows["north-2"]["version"] == MIDDLE and rows["north-2"]["behind"] == 1
    assert rows["north-2"]["request"] == "https://x/1"
    assert rows["north-1"]["request"] == "" and rows["north-0"]["days"] == 0
    assert rows["north-0"]["needs_trust"] is False
    assert "isn't readable YAML" in rows["broken"]["problem"]
    assert rows["other"]["problem"] == "made from another template, gh:else/where"
    assert "can't be reached" in rows["gone"]["problem"]


def test_drift(world, record_property):
    rows, spent = fleet(world, "drift")
    record_property("told", f"drift of {SIZE} clients: {spent:.1f} CPU s")
    trapped = {"scripts/lock.sh": ""}
    assert rows["north-0"]["changed"] == trapped
    assert rows["north-0"]["added"] == {"macros/ours.sql": ""}
    expected = {
        "a line that the template changes": {ORDERS: "collides"},
        "another line of that file": {ORDERS: "merges"},
        "a file that the template leaves": {SUMMARY: ""},
        "staging": {"models/staging/tpch/stg_tpch__orders.sql": "left alone"},
    }
    for edit, changed in expected.items():
        assert rows[number_with(edit)]["changed"] == changed | trapped, edit
    assert rows[number_with("a file deleted")]["removed"] == {
        "docs/decisions/0002-quality-gates.md": ""
    }
    one, _ = fleet(world, "drift", "north-1", code=0)
    assert one == {"north-1": rows["north-1"]}


def test_affected(world, record_property):
    rows, spent = fleet(world, "affected", f"{OLD}..{NEW}")
    record_property("told", f"affected among {SIZE} clients: {spent:.1f} CPU s")
    for edit in ("a line that the template changes", "another line of that file"):
        row = rows[number_with(edit)]
        assert ORDERS in row["files"] and row["edited"] == [ORDERS], edit
    assert rows["north-0"]["edited"] == []


@pytest.mark.slow
def test_plan_and_update_agree_and_run_nothing_of_the_clients(world, record_property):
    start = time.monotonic()
    clients = [client for client in map(name_of, range(SIZE if TEST_ALL else 2))]
    spent, plans = 0.0, {}
    for client in [None] if TEST_ALL else clients:
        rows, cpu = fleet(world, "plan", NEW, *filter(None, [client]), code=1 if TEST_ALL else 0)
        plans |= rows
        spent += cpu
    record_property(
        "told",
        f"plan: {spent / len(clients):.1f} CPU s per client, {time.monotonic() - start:.0f} s",
    )
    assert plans["north-0"]["conflicts"] == [] and plans["north-1"]["conflicts"] == [ORDERS]
    assert plans["north-1"]["new_variables"] == ["VOLUME"]
    assert plans["north-1"]["check_by_hand"] == ["macros/ours.sql", ORDERS]
    assert plans["north-0"]["data"][0] == "Models whose SQL changed: `fct_orders`."
    assert "FULL_REFRESH=1" in plans["north-0"]["data"][-1]

    rows, _ = fleet(world, "update", NEW, "--ring", "canary", "--jobs", "2", code=0)
    assert [rows[name]["conflicts"] for name in ("north-0", "north-1")] == [[], [ORDERS]]
    assert rows["north-0"]["state"] == "opened" and rows["north-0"]["request"] == "https://x/2"
    assert rows["north-1"]["state"] == "draft, conflicts"
    branch = f"template-{NEW}"
    for name in ("north-0", "north-1"):
        remote = world / "remotes" / f"{name}.git"
        assert "trim(orders.clerk)" in git(remote, "show", f"{branch}:{ORDERS}")
    assert "--draft" not in (world / "gh.calls").read_text().splitlines()[-1]
    [created] = [
        line for line in (world / "glab.calls").read_text().splitlines() if "create" in line
    ]
    assert created  # the first line of the description, which has the report
    again, _ = fleet(world, "update", NEW, "--ring", "canary", code=0)
    assert again == rows, "what was opened is not opened again"
    assert not (world / "trapped").exists(), "a client's program ran"


def test_a_wrong_fleet_file_is_explained(tmp_path):
    for text, message in (
        (None, "doesn't exist"),
        ("- a\n", "needs two keys"),
        ("template: t\nprojects: [{name: a}]\n", "has a name and an address"),
        ("template: t\nprojects: [{name: ../a, address: b}]\n", "has to be letters"),
    ):
        if text:
            (tmp_path / "fleet.yml").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "customer_360_tools", "fleet", "status"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "tools")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1 and message in done.stderr, done.stderr

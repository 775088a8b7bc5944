"""The schedule, as answered: which instants it means in a year, in zones with and without summer time."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import rendering
import yaml
from schedules import CASES, END, START, load, read, scheduled


# ---------------------------------------------------------------- what the answers mean
@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("business")])
def test_business_hours_are_a_daily_full_refresh_and_four_hourly_runs(name):
    """By the clock on the wall, and without cron: the days of a year and the hours as answered."""
    given = rendering.all_answers(CASES[name])
    hours = range(given["business_start_hour"], given["business_end_hour"] + 1, 4)
    days = [datetime(2027, 1, 2) + timedelta(days=number) for number in range(363)]
    zone = ZoneInfo(given["timezone"])
    times: dict[str, list[datetime]] = {"full_refresh": [], "incremental": []}
    for instant, kind in scheduled(CASES[name]):
        local = instant.astimezone(zone).replace(tzinfo=None)
        if days[0] <= local < days[-1] + timedelta(days=1):  # the year began and ended in UTC
            times[kind].append(local)
    assert times["full_refresh"] == [day.replace(hour=given["full_refresh_hour"]) for day in days]
    assert times["incremental"] == [
        day.replace(hour=hour) for day in days if day.weekday() < 5 for hour in hours
    ]


@pytest.mark.parametrize("hour, sundays", [(4, True), (0, False)])
def test_nightly_is_an_incremental_run_at_midnight_and_a_full_refresh_on_sundays(hour, sundays):
    runs = scheduled({"refresh": "nightly", "full_refresh_hour": hour})
    midnights = [START + timedelta(days=number) for number in range(365)]
    assert [at for at, kind in runs if kind == "full_refresh"] == [
        day.replace(hour=hour) for day in midnights if day.weekday() == 6
    ]
    assert [at for at, kind in runs if kind == "incremental"] == [
        day for day in midnights if sundays or day.weekday() != 6
    ]


def test_the_default_schedule_is_the_one_of_the_help():
    schedule = read({})
    assert schedule["timezone"] == "UTC"
    assert schedule["runs"] == {"full_refresh": "0 4 * * *", "incremental": "0 8,12,16 * * 1-5"}


@pytest.mark.parametrize("name", CASES)
def test_runs_are_never_at_the_same_time(name):
    instants = [instant for instant, _ in scheduled(CASES[name])]
    assert instants == sorted(set(instants))


# ---------------------------------------------------------------- summer time
@pytest.mark.parametrize(
    "zone, hour, day, ran",
    [
        ("America/New_York", 2, "2027-03-14", ["03:00 -0400"]),
        ("America/New_York", 1, "2027-11-07", ["01:00 -0500"]),
        ("Europe/Berlin", 2, "2027-03-28", ["03:00 +0200"]),
        ("Europe/Berlin", 2, "2027-10-31", ["02:00 +0100"]),
        ("Europe/Berlin", 4, "2027-03-28", ["04:00 +0200"]),
        ("Africa/Cairo", 0, "2027-04-30", ["01:00 +0300"]),
        ("Asia/Kolkata", 2, "2027-03-28", ["02:00 +0530"]),
    ],
)
def test_a_skipped_hour_runs_later_and_a_repeated_one_once(zone, hour, day, ran):
    module = load()
    instants = module.instants(f"0 {hour} * * *", ZoneInfo(zone), START, END)
    local = [instant.astimezone(ZoneInfo(zone)) for instant in instants]
    assert [f"{at:%H:%M %z}" for at in local if f"{at:%Y-%m-%d}" == day] == ran


@pytest.mark.parametrize(
    "cron",
    ["0 4 * *", "0 24 * * *", "0 18-8 * * *", "0 8-8 * * *", "0 4 1 * 1", "0 4 * * MON", "@daily"],
)
def test_a_cron_expression_that_engines_read_differently_is_refused(cron):
    with pytest.raises(ValueError):
        list(load().instants(cron, ZoneInfo("UTC"), START, END))


# ---------------------------------------------------------------- make schedule
def run_script(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, folder / "scripts" / "schedule.py", "5"],
        check=False,
        capture_output=True,
        text=True,
    )


def test_make_schedule_prints_runs_and_an_estimate(project):
    done = run_script(project(timezone="Europe/Berlin"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "The next runs, in Europe/Berlin:"
    assert all(line.split()[-1] in ("refresh", "incremental") for line in lines[1:6])
    figures = {line[2:16].strip(): line[16:].split() for line in lines if line.startswith("  ")}
    assert figures["full refresh"] == ["1.0", "10", "5.1"]
    assert figures["incremental"][1] == "3"
    assert figures["together"][0] == "3.1"


# ---------------------------------------------------------------- steps
LIST = """
import json, sys
from dbt.cli.main import dbtRunner
manifest = dbtRunner().invoke(["--quiet", "parse", "--no-write-json"]).result
kinds = "--resource-type model seed snapshot test unit_test".split()
keys = "--output json --output-keys unique_id".split()
lists = [
    [json.loads(line)["unique_id"] for line in dbtRunner(manifest).invoke(
        ["--quiet", "--no-write-json", "ls", *kinds, *keys, *options]).result]
    for options in json.loads(sys.argv[1])
]
print(json.dumps(lists))
"""


def test_steps_cover_every_node_and_every_test_once_and_in_order(built):
    """By dbt's own selection: nothing is left out, and no test runs before what it reads.

    The same of one model and what follows, which can be asked for by hand.
    """
    steps = yaml.safe_load((built.folder / "orchestration" / "schedule.yml").read_text())["steps"]
    some = "fct_orders+"
    program = load("step")
    picked = [program.options(*program.selection(steps, step), "", False) for step in steps]
    narrowed = [program.options(*program.selection(steps, step), some, True) for step in steps]
    assert all(each.pop() == "--full-refresh" for each in narrowed)  # no option of dbt ls
    options = [[], ["--select", some], *picked, *narrowed]
    everything, part, *listed = json.loads(
        built.run(sys.executable, "-c", LIST, json.dumps(options)).splitlines()[-1]
    )
    assert 0 < len(part) < len(everything)
    assert sorted(part) == sorted(node for nodes in listed[len(steps) :] for node in nodes)
    step_of = {}
    for number, nodes in enumerate(listed[: len(steps)]):
        for node in nodes:
            assert node not in step_of, f"{node} is in two steps"
            step_of[node] = number
    assert set(step_of) == set(everything)
    parents = json.loads((built.folder / "target" / "manifest.json").read_text())["parent_map"]
    for node, number in step_of.items():
        assert all(step_of.get(parent, 0) <= number for parent in parents[node]), node

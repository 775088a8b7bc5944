"""Print when the project runs next, how often a day, and what that costs: `make schedule`.

Reads orchestration/schedule.yml and expands its cron expressions in their time zone by the rule that
Airflow follows: an hour that summer time skips runs an hour later, an hour that it repeats runs
once, the second time. Exits with 1 when .github/workflows/schedule.yml says otherwise.

    python scripts/schedule.py [number of runs, by default 10]
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from croniter import croniter_range

PROJECT = Path(__file__).resolve().parent.parent
SCHEDULE = PROJECT / "orchestration" / "schedule.yml"
WORKFLOW = PROJECT / ".github" / "workflows" / "schedule.yml"
FULL, INCREMENTAL = "full_refresh", "incremental"
DAY = timedelta(days=1)


def instants(cron: str, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """When a cron expression is due from `start` to before `end`, in order, as instants in UTC.

    Raises ValueError for what engines read in different ways: anything but five fields of numbers,
    a day of the month together with a day of the week, and a range like 18-8 or 8-8.
    """
    fields = cron.split()
    if (
        not re.fullmatch(r"([\d*,/-]+ ){4}[\d*,/-]+", " ".join(fields))
        or "*" not in fields[2::2]
        or any(int(low) >= int(high) for low, high in re.findall(r"(\d+)-(\d+)", cron))
    ):
        raise ValueError(f"'{cron}' isn't a cron expression that every engine reads alike")
    # Times on the clock, without a zone: of aware ones, croniter repeats those of a repeated hour.
    first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (start - DAY, end + DAY))
    latest = start - DAY
    for local in croniter_range(first, last, cron):
        # the later reading: past an hour that is skipped, and the second of two
        instant = max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        # a time in a skipped hour and the one that it moves to become one run
        if start <= instant < end and instant > latest:
            yield instant
            latest = instant


def runs(schedule: dict, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    """Every run from `start` to before `end`: its instant and its kind, one at a time."""
    zone = ZoneInfo(schedule["timezone"])
    due = {}
    for kind in (INCREMENTAL, FULL):  # where both are due, the full refresh is what runs
        due.update(dict.fromkeys(instants(schedule["runs"][kind], zone, start, end), kind))
    return sorted(due.items())


def last_build() -> str:
    """What dbt's last build here took, in words; empty when there was none."""
    try:
        results = json.loads((PROJECT / "target" / "run_results.json").read_text("utf-8"))
        seconds = float(results["elapsed_time"])
    except (OSError, ValueError, KeyError):
        return ""
    return f"The last dbt command here took {seconds / 60:.1f} minutes."


def workflow_problems(schedule: dict, text: str) -> list[str]:
    """In what the workflow of GitHub differs from the schedule, a sentence each."""
    workflow = yaml.safe_load(text)
    # YAML takes the key `on` for true
    found = {(run["cron"], run.get("timezone")) for run in workflow[True]["schedule"]}
    wanted = {(cron, schedule["timezone"]) for cron in schedule["runs"].values()}
    return [
        *(f"It lacks '{cron}' in {zone}." for cron, zone in sorted(wanted - found)),
        *(f"It has '{cron}' in {zone}." for cron, zone in sorted(found - wanted, key=str)),
    ]


def main(arguments: list[str]) -> int:
    schedule = yaml.safe_load(SCHEDULE.read_text("utf-8"))
    zone = ZoneInfo(schedule["timezone"])
    now = datetime.now(UTC)
    year = runs(schedule, now, now + 365 * DAY)
    print(f"The next runs, in {schedule['timezone']}:")
    for instant, kind in year[: int(arguments[0]) if arguments else 10]:
        print(f"  {instant.astimezone(zone):%a %Y-%m-%d %H:%M %z}  {kind.replace('_', ' ')}")
    print("\n                runs a day   minutes each   warehouse hours a month")
    total = 0.0
    for kind in (FULL, INCREMENTAL):
        a_day = sum(each == kind for _, each in year) / 365
        minutes = schedule["minutes"][kind]
        hours = a_day * 365 / 12 * minutes / 60
        total += hours
        print(f"  {kind.replace('_', ' '):<14}{a_day:>10.1f}{minutes:>15}{hours:>26.1f}")
    print(f"  {'together':<14}{len(year) / 365:>10.1f}{'':>15}{total:>26.1f}")
    print("\nThe minutes are those of orchestration/schedule.yml.", last_build())
    if WORKFLOW.is_file():
        problems = workflow_problems(schedule, WORKFLOW.read_text("utf-8"))
        for problem in problems:
            print(f".github/workflows/schedule.yml differs: {problem}", file=sys.stderr)
        return 1 if problems else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

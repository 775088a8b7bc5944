"""Print when the project runs next, how often a day, and what that costs: `make schedule`.

Reads orchestration/schedule.yml and expands its cron expressions in their time zone by the rule that
Airflow follows: an hour that summer time skips runs an hour later, an hour that it repeats runs
once, the second time. Exits with 1 when .github/workflows/schedule.yml says otherwise.

    python scripts/schedule.py [number of runs, by default 10]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

PROJECT = Path(__file__).resolve().parent.parent
SCHEDULE = PROJECT / "orchestration" / "schedule.yml"
WORKFLOW = PROJECT / ".github" / "workflows" / "schedule.yml"
FULL, INCREMENTAL = "full_refresh", "incremental"
DAY = timedelta(days=1)


def field(text: str, first: int, last: int) -> set[int]:
    """The numbers that a field of a cron expression stands for: `*`, `8,12`, `1-5`, `8-18/4`."""
    numbers: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        if span == "*":
            low, high = str(first), str(last)
        end = int(high or (last if step else low))
        if not first <= int(low) <= end <= last:
            raise ValueError(f"{text} is not within {first} to {last}")
        numbers.update(range(int(low), end + 1, int(step or 1)))
    return numbers


def instants(cron: str, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """When a cron expression is due from `start` to before `end`, in order, as instants in UTC.

    Raises ValueError for an expression that is not made of five such fields, or that restricts both
    the day of the month and the day of the week, on which engines disagree.
    """
    texts = cron.split()
    if len(texts) != 5 or "*" not in (texts[2], texts[4]):
        raise ValueError(f"'{cron}' is no cron expression that this project can use")
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    minutes, hours, days, months, weekdays = (
        field(text, *limit) for text, limit in zip(texts, limits, strict=True)
    )
    weekdays = {day % 7 for day in weekdays}
    day = start.astimezone(zone).date() - DAY
    last = datetime.min.replace(tzinfo=UTC)
    while day <= end.astimezone(zone).date():
        if day.day in days and day.month in months and day.isoweekday() % 7 in weekdays:
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    # the later reading: past a gap, and the second of two
                    instant = max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
                    # a time in a gap and the one that it moves to become one run
                    if start <= instant < end and instant > last:
                        yield instant
                        last = instant
        day += DAY


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

"""What the tests of the schedule and of each orchestrator share: cases, and the instants they mean."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import Any

import pytest
import rendering
import yaml

START, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2027, 2028))
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney")
CASES: dict[str, dict[str, Any]] = {
    **{f"business hours in {zone}": {"timezone": zone} for zone in ZONES},
    **{f"nightly in {zone}": {"timezone": zone, "refresh": "nightly"} for zone in ZONES},
    "business hours from 0 to 20, full refresh at 22": {
        "business_start_hour": 0,
        "business_end_hour": 20,
        "full_refresh_hour": 22,
    },
    "nightly, full refresh at midnight": {"refresh": "nightly", "full_refresh_hour": 0},
    "nightly, in the hour that summer time skips": {
        "timezone": "Europe/Berlin",
        "refresh": "nightly",
        "full_refresh_hour": 2,
    },
    "nightly, where summer time skips midnight": {"timezone": "Africa/Cairo", "refresh": "nightly"},
}


@cache
def load(name: str = "schedule") -> ModuleType:
    """scripts/schedule.py of a generated project, or another program beside it."""
    path = rendering.template_copy() / "template" / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"project_{name}", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)  # for what it imports
        spec.loader.exec_module(module)
    return module


def read(answers: dict[str, Any]) -> dict[str, Any]:
    """orchestration/schedule.yml of the project with these answers."""
    return yaml.safe_load(rendering.render(answers)["orchestration/schedule.yml"].content)


def scheduled(answers: dict[str, Any]) -> list[tuple[datetime, str]]:
    """Instant and kind of each run in 2027 (by UTC), as `make schedule` has them."""
    return load().runs(read(answers), START, END)

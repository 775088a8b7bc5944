"""A plugin of pytest that ends a run with what was parsed: variants, and distinct dbt projects.

The tests hand their counts over as properties (`record_property("parsed", ...)`), which also come
through from the processes of pytest-xdist.
"""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    counts = [
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "parsed"
    ]
    if counts:
        total = {key: sum(count[key] for count in counts) for key in ("variants", "projects")}
        parses = sum(count["parses"] for count in counts)
        seconds = sum(count["seconds"] for count in counts)
        packages = ", ".join(sorted({count["packages"] for count in counts}))
        terminalreporter.write_line(
            f"parsed: {total['variants']} variants, {total['projects']} distinct dbt projects, "
            f"{parses} parses of them at their targets in {seconds:.0f} s of CPU; elementary: {packages}"
        )

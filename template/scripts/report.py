"""Elementary's report of data quality, and its alerts: `make report`.

Writes edr_target/elementary_report.html, on what the last seven days of runs found on the target
that DBT_TARGET names. Where a webhook of Slack or Teams is set (.env.example), what failed in the
last day and was not told yet is sent there first. What edr says is shown only when it fails. Exits
with 1 when it does, or when there is nothing to report from.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

from settings import PROJECT, Problem

REPORT = PROJECT / "edr_target" / "elementary_report.html"
WEBHOOKS = {"Slack": "EDR_MONITOR_SLACK_WEBHOOK", "Teams": "EDR_MONITOR_TEAMS_WEBHOOK"}


def edr(*arguments: str) -> None:
    """Run edr in the project; its output is shown only when it fails."""
    command = Path(sysconfig.get_path("scripts")) / "edr"
    done = subprocess.run(
        [str(command), *arguments],
        cwd=PROJECT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout)
        raise Problem(
            f"edr {arguments[0]} failed: see its messages above. It reads what `make build` on this "
            "target left, so build first."
        )


def main() -> None:
    if not (PROJECT / "elementary_config.yml").is_file():
        raise Problem("This project has no Elementary: make switch ELEMENTARY=yes adds it.")
    if not (PROJECT / "dbt_packages" / "elementary").is_dir():
        raise Problem("Elementary's dbt packages are not there: run make deps, then make build.")
    channels = [name for name, variable in WEBHOOKS.items() if os.environ.get(variable)]
    if len(channels) > 1:
        raise Problem("Alerts go to one place: unset one of " + " and ".join(WEBHOOKS.values()))
    if channels:
        print(f"Telling {channels[0]} what failed ...", flush=True)
        edr("monitor")
    print("Writing the report, which takes about 20 seconds ...", flush=True)
    edr("report", "--open-browser", "false")
    print(f"Open {REPORT.relative_to(PROJECT).as_posix()} in a browser.")


if __name__ == "__main__":
    main()

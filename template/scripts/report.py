"""Elementary's report of data quality, and its alerts: `make report`.

Writes edr_target/elementary_report.html, about what the last seven days of runs found on the target
that DBT_TARGET names. Then, if a webhook of Slack or Teams is set (.env.example), sends the alerts of
the last day that weren't sent before. Shows edr's own output only when edr fails. Exits with 1 if the
report or the alerts fail, or if there is nothing to report from.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

from settings import PROJECT, Problem

REPORT = PROJECT / "edr_target" / "elementary_report.html"
WEBHOOKS = {"Slack": "EDR_MONITOR_SLACK_WEBHOOK", "Teams": "EDR_MONITOR_TEAMS_WEBHOOK"}


def edr(*arguments: str) -> str | None:
    """Run edr in the project. Returns its output if it failed."""
    command = Path(sysconfig.get_path("scripts")) / "edr"
    done = subprocess.run(
        [str(command), *arguments],
        cwd=PROJECT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout if done.returncode else None


def send_alerts(channel: str) -> None:
    """Send what failed to Slack or Teams. edr keeps alerts that it couldn't send for the next time."""
    print(f"Sending alerts to {channel} ...", flush=True)
    failure = edr("monitor")
    if failure is None:
        return
    # the last line that is a sentence of its own names the cause; what precedes it is a traceback
    lines = [line.strip() for line in failure.splitlines() if line.strip()]
    raise Problem(
        f"The report is written, but the alerts didn't reach {channel}: {lines[-1][:300]}\n"
        f"Check {WEBHOOKS[channel]} and the network, then run make report again; it sends the same alerts."
    )


def main() -> None:
    if not (PROJECT / "elementary_config.yml").is_file():
        raise Problem("This project doesn't have Elementary. make switch ELEMENTARY=yes adds it.")
    if not (PROJECT / "dbt_packages" / "elementary").is_dir():
        raise Problem("Elementary's dbt packages are missing. Run make deps, then make build.")
    channels = [name for name, variable in WEBHOOKS.items() if os.environ.get(variable)]
    if len(channels) > 1:
        raise Problem(
            "Alerts go to one place. Unset one of " + " and ".join(WEBHOOKS.values()) + "."
        )
    print("Writing the report; this takes up to a minute ...", flush=True)
    if failure := edr("report", "--open-browser", "false"):
        print(failure)
        raise Problem(
            "edr report failed; its messages are above. It reads what make build left on this target, so "
            "build first."
        )
    print(f"Open {REPORT.relative_to(PROJECT).as_posix()} in a browser.", flush=True)
    for channel in channels:
        send_alerts(channel)


if __name__ == "__main__":
    main()

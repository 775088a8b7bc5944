"""Build one step of orchestration/schedule.yml: `python scripts/step.py core`.

For schedulers that know nothing of dbt: GitHub's workflow, cron, a job of Kubernetes. The steps are
to be run in the order of that file, each after the one before has succeeded. Options come from the
environment: FULL_REFRESH=1 rebuilds incremental models, MODELS=fct_orders+ builds only these. Exits
as dbt does: 1 when a model or test failed, 2 when dbt could not run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent


def options(steps: dict[str, str], step: str, models: str, full_refresh: bool) -> list[str]:
    """The options of `dbt build` that pick a step: its nodes, without what later steps build."""
    names = list(steps)
    later = " ".join(steps[name] for name in names[names.index(step) + 1 :]).split()
    select = [f"{word},{models}" if models else word for word in steps[step].split()]
    return [
        *("--select", *select),
        *(["--exclude", *later] if later else []),
        *(["--full-refresh"] if full_refresh else []),
    ]


def main(arguments: list[str]) -> int:
    text = (PROJECT / "orchestration" / "schedule.yml").read_text("utf-8")
    steps = yaml.safe_load(text)["steps"]
    if len(arguments) != 1 or arguments[0] not in steps:
        print(f"Name a step: {', '.join(steps)}.", file=sys.stderr)
        return 2
    full_refresh = os.environ.get("FULL_REFRESH", "").lower() not in ("", "0", "no", "false")
    chosen = options(steps, arguments[0], os.environ.get("MODELS", "").strip(), full_refresh)
    dbt = Path(sysconfig.get_path("scripts")) / "dbt"
    code = subprocess.run([str(dbt), "build", *chosen], cwd=PROJECT, check=False).returncode
    results = PROJECT / "target" / "run_results.json"
    if results.is_file():  # the next step overwrites it
        results.replace(results.with_name(f"{arguments[0]}_run_results.json"))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

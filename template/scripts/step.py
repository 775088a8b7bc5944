"""Build one step of orchestration/schedule.yml: `python scripts/step.py core`.

For every scheduler: Airflow's tasks, GitHub's workflow, cron, a job of Kubernetes. Run the steps in
the order of that file, each after the one before has succeeded. Instead of a step, `--select` and
`--exclude` take what to build in dbt's words; without any, everything is built. The environment
narrows it down: FULL_REFRESH=1 rebuilds incremental models, MODELS=fct_orders+ builds only these.

Exits as dbt does: 1 when a model or test failed, 2 when dbt could not run. Settings that the target
lacks are named before dbt starts. Leaves dbt's results in <step>_run_results.json.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from argparse import ArgumentParser
from pathlib import Path

import settings

PROJECT = settings.PROJECT
DBT = Path(os.environ.get("DBT_BIN") or Path(sysconfig.get_path("scripts")) / "dbt")


def selection(steps: dict[str, str], step: str) -> tuple[list[str], list[str]]:
    """What a step builds, and what it leaves out because later steps build it, in dbt's words."""
    names = list(steps)
    later = " ".join(steps[name] for name in names[names.index(step) + 1 :])
    return steps[step].split(), later.split()


def options(select: list[str], exclude: list[str], models: str, full_refresh: bool) -> list[str]:
    """The options of `dbt build` for a selection, narrowed down to `models` where there are some."""
    if models:
        select = [f"{words},{models}" for words in select] or [models]
    return [
        *(["--select", *select] if select else []),
        *(["--exclude", *exclude] if exclude else []),
        *(["--full-refresh"] if full_refresh else []),
    ]


def main(arguments: list[str]) -> int:
    parser = ArgumentParser()
    parser.add_argument("step", nargs="?")
    parser.add_argument("--select", nargs="+", default=[])
    parser.add_argument("--exclude", nargs="+", default=[])
    given = parser.parse_args(arguments)
    if given.step:
        steps = settings.read_yaml(PROJECT / "orchestration" / "schedule.yml")["steps"]
        if given.step not in steps:
            print(f"Name a step: {', '.join(steps)}.", file=sys.stderr)
            return 2
        given.select, given.exclude = selection(steps, given.step)
    if settings.main([]):
        return 2
    full_refresh = os.environ.get("FULL_REFRESH", "").lower() not in ("", "0", "no", "false")
    models = os.environ.get("MODELS", "").strip()
    command = [str(DBT), "build", *options(given.select, given.exclude, models, full_refresh)]
    try:
        code = subprocess.run(command, cwd=PROJECT, check=False).returncode
    except OSError as error:
        print(f"{DBT} can't be run ({error.strerror}): set DBT_BIN.", file=sys.stderr)
        return 2
    results = Path(os.environ.get("DBT_TARGET_PATH") or PROJECT / "target") / "run_results.json"
    if given.step and results.is_file():  # the next step overwrites it
        results.replace(results.with_name(f"{given.step}_run_results.json"))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

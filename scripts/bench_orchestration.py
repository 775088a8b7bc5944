"""Measure one production run by each orchestrator: `make bench-runs`, ARGS=0.01 for a scale.

Writes docs/orchestration.md. A run rebuilds everything on the local twin and writes the answers, on a
database that is there already. Airflow's and Dagster's services stand all day in production, so what
they take to start is not counted: for Airflow, seconds of the clock are from the start to the end of
the run as it has them, and seconds of CPU those of all its processes in that time.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import psutil
import rendering
import yaml
from bench import measured, table
from local_servers import READY, RUN, Airflow, free_port, started, wait_for

DOCUMENT = rendering.ROOT / "docs" / "orchestration.md"
SETTLE = 20  # seconds after which Airflow's services are up and idle
MOST_TIMES_ONE_BUILD = 2.5
MOST_OF_ONE_TASK_A_MODEL = 0.5


class Cost(NamedTuple):
    """What a run cost: processes of dbt (and of the answers), seconds of the clock and of CPU."""

    processes: int
    wall: float
    cpu: float


def project(folder: Path, scale: str, **answers: str) -> Path:
    """A project with its environments, bytecode included, and its data, built once."""
    rendering.write(rendering.render(answers), folder)
    measured(["make", "install"], folder)
    measured(["make", "data"], folder, SF=scale)
    measured(["make", "build", "answers"], folder)
    for name in ("airflow", "dagster"):
        environment = folder / "orchestration" / name
        if environment.is_dir():
            measured(["scripts/environment.sh", environment.relative_to(folder).as_posix()], folder)
            measured(
                [f"{environment}/.venv/bin/python", "-m", "compileall", "-q", "-j0", ".venv"],
                environment,
            )
    return folder


def by_commands(folder: Path, *commands: str) -> Cost:
    """Commands one after the other."""
    costs = [measured(["bash", "-ec", command], folder, FULL_REFRESH="1") for command in commands]
    return Cost(len(commands), sum(c.wall for c in costs), sum(c.cpu for c in costs))


def seconds_of_cpu(root: int) -> float:
    """Of a process and all below it, those that ended included."""
    process = psutil.Process(root)
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            total += sum(each.cpu_times()[:4])
        except psutil.NoSuchProcess:
            pass  # its parent has its seconds by now
    return total


def by_airflow(folder: Path) -> Cost:
    """A run of the DAG."""
    port = free_port()
    airflow = Airflow(port, "customer_360")
    with started("airflow", folder, {**os.environ, "PORT": str(port)}) as (make, log):
        wait_for(airflow.dags, READY, make, log)
        time.sleep(SETTLE)
        before = seconds_of_cpu(make.pid)
        run = wait_for(airflow.start_run(full_refresh=True), RUN, make, log)
        cpu = seconds_of_cpu(make.pid) - before
        if run["state"] != "success":
            sys.exit("The run failed.")
        tasks = airflow.call(f"{airflow.dag}/tasks")["total_entries"]
    return Cost(tasks, run["duration"], cpu)


def by_dagster(folder: Path) -> Cost:
    """A run in the process that Dagster would start for it."""
    command = [folder / "orchestration/dagster/.venv/bin/dagster", "job", "execute"]
    command += ["-f", "orchestration/dagster/definitions.py", "-j", "full_refresh"]
    with tempfile.TemporaryDirectory() as home:
        variables = {"DAGSTER_HOME": home, "DBT_TARGET": "local"}
        cost = measured([str(word) for word in command], folder, **variables)
    return Cost(2, cost.wall, cost.cpu)


def switch_fuse(folder: Path) -> None:
    """Set `fuse: true` in the schedule of a project."""
    path = folder / "orchestration" / "schedule.yml"
    text = path.read_text("utf-8")
    assert "fuse: false" in text
    path.write_text(text.replace("fuse: false", "fuse: true"), "utf-8")


def measure(folder: Path, scale: str) -> dict[str, Cost]:
    """What a run costs in each style, by the style's name."""
    costs = {}

    def report(name: str, cost: Cost) -> None:
        costs[name] = cost
        print(f"{name:<32}{cost.wall:7.1f} s of the clock, {cost.cpu:6.1f} s of CPU", flush=True)

    layers = project(folder / "layers", scale)
    steps = yaml.safe_load((layers / "orchestration" / "schedule.yml").read_text("utf-8"))["steps"]
    by_step = [f".venv/bin/python scripts/step.py {step}" for step in steps]
    report(BUILD, by_commands(layers, "make build"))
    report(ONE_BUILD, by_commands(layers, "make build", "make answers"))
    report(STEPS, by_commands(layers, *by_step, "make answers"))
    report(LAYERS, by_airflow(layers))
    manifest = project(folder / "manifest", scale, airflow_style="manifest")
    report(MANIFEST, by_airflow(manifest))
    switch_fuse(manifest)
    report(FUSED, by_airflow(manifest))
    report(DAGSTER, by_dagster(project(folder / "dagster", scale, orchestrator="dagster")))
    return costs


BUILD = "`make build`, no answers"
ONE_BUILD = "`make build answers`"
STEPS = "GitHub Actions, your own: steps"
LAYERS = "Airflow, layers"
MANIFEST = "Airflow, manifest"
FUSED = "Airflow, manifest, fused"
DAGSTER = "Dagster"
BUYS = {
    ONE_BUILD: "The cheapest. One log; after a failure everything is built again.",
    STEPS: "A failed step says where; what came before it need not run again by hand.",
    LAYERS: "Retries, time-outs, alerts and Assets a layer; independent of the manifest.",
    MANIFEST: "The same for each model: its own retries, log, duration and owner.",
    FUSED: "The same for each group of models that only one other needs.",
    DAGSTER: "Each model an asset with its checks and history, in one dbt process.",
}


def document(costs: dict[str, Cost], scale: str) -> str:
    """The text of docs/orchestration.md."""
    one = costs[ONE_BUILD]
    rows = [
        [name, str(cost.processes), f"{cost.wall:.0f}", f"{cost.cpu:.0f}"]
        + [f"{cost.wall / one.wall:.1f}", f"{cost.cpu / one.cpu:.1f}"]
        for name, cost in costs.items()
    ]
    layers, fused, manifest = costs[LAYERS], costs[FUSED], costs[MANIFEST]
    buys = "\n".join(f"| {name} | {text} |" for name, text in BUYS.items())
    return f"""# What a run costs, by who runs it

Written by `make bench-runs` on {platform.system()} with {os.cpu_count()} cores, Python \
{platform.python_version()}, at scale {scale} on the
local twin. A run rebuilds every table and writes the answers. Services that stand all day (Airflow's
scheduler, Dagster's daemon) are not counted until the run starts; all that happens from then on is.

{table(["run by", "processes", "wall s", "CPU s", "x wall", "x CPU"], rows)}

Layers take {layers.wall / one.wall:.1f} times what one `dbt build` and the answers take (the aim is \
at most {MOST_TIMES_ONE_BUILD}), and
{layers.wall / costs[BUILD].wall:.1f} times what `dbt build` takes alone. Fused tasks take \
{fused.wall / manifest.wall:.2f} of the seconds of one task a model, and
{fused.cpu / manifest.cpu:.2f} of its CPU; the aim is below {MOST_OF_ONE_TASK_A_MODEL}.

| run by | what it buys |
| --- | --- |
{buys}

Nearly all of it is starting: a process of dbt takes about two seconds until it builds the first
table, one of Airflow's tasks about one more, and neither grows with the data. So on a warehouse with
runs of many minutes the styles differ little, and where tasks run side by side, less still: DuckDB
lets one process write at a time, which makes this the worst case. An image whose Python may not
write bytecode (`PYTHONDONTWRITEBYTECODE`, a read-only folder) starts everything in twice the time:
compile it when the image is built (`python -m compileall`, or `uv pip sync --compile-bytecode`).
"""


def main(scale: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(Path(folder), scale)
    DOCUMENT.write_text(document(costs, scale), "utf-8")
    print(f"Written to {DOCUMENT.relative_to(rendering.ROOT)}.")
    layers, one, fused, manifest = (costs[n] for n in (LAYERS, ONE_BUILD, FUSED, MANIFEST))
    return int(
        layers.wall > MOST_TIMES_ONE_BUILD * one.wall
        or fused.wall > MOST_OF_ONE_TASK_A_MODEL * manifest.wall
        or fused.cpu > MOST_OF_ONE_TASK_A_MODEL * manifest.cpu
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "0.1"))

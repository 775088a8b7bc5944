"""Measure the way from the template to the answers: `make bench`, `make bench ARGS="0.01 0.1"`.

Prints a table and writes docs/benchmarks.md. Each step is a process of its own, as a user starts
it; seconds of the clock, seconds of CPU and peak memory include its children. The floor is the same
star and the same answers in plain DuckDB SQL, written by hand (tests/support/independent_sql/handwritten_build).
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import duckdb
import rendering
import variants
from rich.console import Console

DOCUMENT = rendering.ROOT / "docs" / "benchmarks.md"
SCALES = ("0.01", "0.1", "1")
RENDERS = 20  # variants that the mean of a render is taken over
DBT_SECONDS = 6  # what dbt itself may cost in a build, whatever the scale
MOST_TIMES_THE_FLOOR = 1.5

# What is measured runs as it does on a machine where Python keeps its bytecode, which is the default.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


class Cost(NamedTuple):
    """What a step cost: seconds of the clock, seconds of CPU, peak memory in MB."""

    wall: float
    cpu: float
    memory: float

    def cells(self) -> list[str]:
        return [f"{self.wall:.1f}", f"{self.cpu:.1f}", f"{self.memory:.0f}"]


def measured(command: Sequence[str], folder: Path, **environment: str) -> Cost:
    """Run a command that has to succeed. Returns what it and its children cost."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**kept, **environment}, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    unit = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, else in KiB
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def copy_and_install(project: Path) -> dict[str, Cost]:
    """Make a project with the default answers, and its environment; packages are cached before.

    The first start of dbt in a new environment compiles its packages, so it is a step of its own.
    """
    template = str(rendering.template_copy())
    copier = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet"]
    costs = {"copy": measured([*copier, template, str(project)], project.parent)}
    costs["install"] = measured(["make", "install"], project)
    costs["first parse"] = measured([dbt_of(project), "parse"], project)
    return costs


def dbt_of(project: Path) -> str:
    """The dbt of a project's own environment."""
    return str(project / ".venv" / "bin" / "dbt")


def build_and_answer(project: Path, scale: str) -> dict[str, Cost]:
    """Every step of a project at a scale, on an empty database, and the floor beside it."""
    for path in ("data/local.duckdb", "floor.duckdb", "floor"):
        path = project / path
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    models = [dbt_of(project), "build", "--exclude-resource-type", "test", "unit_test"]
    floor = [
        sys.executable,
        "-m",
        "independent_sql.handwritten_build",
        "data/tpch",
        "seeds",
        "floor.duckdb",
        "floor",
    ]
    return {
        "data": measured(["make", "data"], project, SF=scale, FORCE="1"),
        "models only": measured(models, project),
        "build, models and tests": measured(["make", "build", "FULL_REFRESH=1"], project),
        "answers": measured(["make", "answers"], project),
        "floor": measured(floor, project, PYTHONPATH=str(rendering.ROOT / "tests" / "support")),
    }


def render_seconds() -> tuple[float, float]:
    """CPU seconds of a variant in process: the tests' render, and raw Jinja on the same files."""
    some = list(variants.product().values())[:: len(variants.product()) // RENDERS][:RENDERS]
    rendering.render({})  # what is compiled once is not counted, on either side
    started = time.process_time()
    for answers in some:
        rendering.render({**answers, "project_name": "Measured"})
    ours = (time.process_time() - started) / len(some)

    worker = rendering._asked(some[0])
    context = worker._render_context()
    environment = rendering._environment()
    templates = [  # those that this variant has a file of
        environment.get_template(f"template/{file.source}")
        for file in rendering.render(some[0]).values()
        if file.source.suffix == rendering.SUFFIX
    ]

    def raw() -> None:
        for template in templates:
            template.render(context)

    raw()
    started = time.process_time()
    for _ in some:
        raw()
    return ours, (time.process_time() - started) / len(some)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, numbers on the right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def document(costs: dict[str, dict[str, Cost]], renders: tuple[float, float]) -> str:
    """The text of docs/benchmarks.md. `costs` are by scale, "" for what has none, and by step."""
    rows = [
        [step, scale or "any", *cost.cells()]
        for scale, steps in costs.items()
        for step, cost in steps.items()
    ]
    goals = []
    for scale, steps in costs.items():
        if scale:
            plain = steps["floor"]
            allowed = MOST_TIMES_THE_FLOOR * plain.cpu + DBT_SECONDS
            ours = [steps["models only"].cpu, steps["build, models and tests"].cpu]
            goals.append([scale, *(f"{x:.1f}" for x in (plain.cpu, allowed, *ours))])
    return f"""# Benchmarks

Written by `make bench` on {platform.system()} with {os.cpu_count()} cores, Python \
{platform.python_version()}, DuckDB {duckdb.__version__}. Each step is a process of its own with all
its children; packages were in uv's cache. Seconds of the clock are noisy, seconds of CPU less so.

{table(["step", "scale", "wall s", "CPU s", "peak MB"], rows)}

The floor is the same star, the same marts and the same answers in plain DuckDB SQL, written by hand
and run in one process. The aim is to build the models in at most {MOST_TIMES_THE_FLOOR} times its
CPU time plus {DBT_SECONDS} s for dbt itself:

{table(["scale", "floor CPU s", "aim CPU s", "models only CPU s", "with all tests CPU s"], goals)}

Rendering one variant in process takes {renders[0]:.3f} s of CPU with the questions asked and
validated; Jinja alone, on the same files with nothing asked, {renders[1]:.3f} s.
"""


def main(scales: Sequence[str]) -> None:
    costs: dict[str, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        print("copy and install ...", flush=True)
        costs[""] = copy_and_install(project)
        for scale in scales:
            print(f"scale {scale} ...", flush=True)
            costs[scale] = build_and_answer(project, scale)
    text = document(costs, render_seconds())
    DOCUMENT.write_text(text, "utf-8")
    Console().print(text, markup=False, highlight=False)
    print(f"Written to {DOCUMENT.relative_to(rendering.ROOT)}.")


if __name__ == "__main__":
    main(sys.argv[1:] or SCALES)

"""Measure what a full and an incremental run cost as data grows: `make growth`.

    python scripts/growth.py [duckdb:0.01 duckdb:1 postgres:0.1 ...]

Writes the tables of docs/scale.md. For each engine and scale: all orders but those of the newest day
are built, then that day arrives and is built incrementally, then everything is refreshed in full.
What is counted is the time that the engine spends on the statements of a node: seconds of CPU for
DuckDB, which works in dbt's own process, and seconds of the clock for PostgreSQL, which does not.
dbt's own work (parsing, compiling, writing its files) is the rest of the run.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import duckdb
import rendering
from bench import table
from engines import postgres
from engines.engine_project import EngineProject, engine_project
from engines.postgres_project import (
    ANSWERS,
    DATABASE,
    PASSWORD,
    SERVICES,
    load,
    make_database,
    psql,
)
from projects import output, write_batch

DOCUMENT = rendering.ROOT / "docs" / "scale.md"
START, END = "<!-- written by make growth -->\n", "<!-- end -->"
CASES = ("duckdb:0.01", "duckdb:0.1", "duckdb:1", "postgres:0.01", "postgres:0.1")
FACTS = ("fct_order_lines", "fct_orders", "fct_part_supply")
BY_CUSTOMER = ("customer_category_revenue",)
COLUMNS = ["engine", "scale", "lines", "new lines"]
COLUMNS += [
    f"{what} {run}" for what in ("facts", "by category", "all") for run in ("full", "day", "%")
]
Runs = Iterator[dict[str, float]]


# ---------------------------------------------------------------- in a process of its own
def seconds_by_node(clock: str, arguments: Sequence[str]) -> dict[str, float]:
    """Run dbt here with one thread. Returns the engine's seconds by node; `clock` is cpu or wall."""
    from dbt.cli.main import dbtRunner

    spent: dict[str, float] = defaultdict(float)
    now = {"node": "", "cpu": 0.0}

    def notice(event) -> None:
        kind = event.info.name
        if kind == "NodeStart":
            now["node"] = event.data.node_info.node_name
        elif kind == "NodeFinished":
            now["node"] = ""
        elif kind == "SQLQuery":
            now["cpu"] = time.process_time()
        elif kind == "SQLQueryStatus" and now["node"]:
            cpu = time.process_time() - now["cpu"]
            spent[now["node"]] += cpu if clock == "cpu" else event.data.elapsed

    done = dbtRunner(callbacks=[notice]).invoke(["--quiet", *arguments, "--threads", "1"])
    if not done.success:
        sys.exit(f"dbt {' '.join(arguments)} failed: {done.exception or ''}")
    return spent


def measured(project: EngineProject, clock: str, *arguments: str) -> dict[str, float]:
    """`seconds_by_node` of `dbt build` without tests in a project."""
    command = [sys.executable, __file__, "--run", clock, "build"]
    command += ["--exclude-resource-type", "test", "unit_test", *arguments]
    said = output(command, project.folder, project.environment())
    return json.loads(said.splitlines()[-1])


# ---------------------------------------------------------------- data and engines
def batches(data: Path, folder: Path) -> tuple[Path, Path]:
    """TPC-H without the orders of its newest day, and with them: appended, and loaded a day later."""
    first, second = (f"timestamp '2001-01-0{day} 06:00:00'" for day in (1, 2))
    newest = "(select max(o_orderdate) from orders)"
    others = ("customer", "part", "partsupp", "supplier")
    rest = {name: f"select * replace ({first} as _loaded_at) from {name}" for name in others}

    def orders(comparison: str, loaded: str) -> dict[str, str]:
        where = f"where o_orderdate {comparison} {newest}"
        return {
            "orders": f"select * replace ({loaded} as _loaded_at) from orders {where}",
            "lineitem": f"""select lineitem.* replace ({loaded} as _loaded_at)
                from lineitem join orders on o_orderkey = l_orderkey {where}""",
        }

    old, new = orders("<", first), orders("=", second)
    both = {name: f"({old[name]}) union all ({new[name]})" for name in old}
    before = write_batch(data, folder / "before", rest | old)
    return before, write_batch(data, folder / "after", rest | both)


def on_duckdb(folder: Path, batches: Sequence[Path]) -> Runs:
    """A full run, an incremental one and a full refresh, in seconds of CPU by node."""
    project = engine_project(rendering.write(rendering.render({}), folder), batches[0])
    yield measured(project, "cpu")
    project.data = batches[1]
    yield measured(project, "cpu")
    yield measured(project, "cpu", "--full-refresh")


def on_postgres(folder: Path, batches: Sequence[Path]) -> Runs:
    """The same in seconds of the clock, on a server of its own with the roles of bootstrap.sql."""
    rendering.write(rendering.render(ANSWERS), folder)
    with postgres.running() as server:
        make_database(server)
        done = psql(server, folder, "bootstrap.sql")
        if done.returncode:
            sys.exit(done.stderr)
        for service in SERVICES.values():
            server.query(DATABASE, f"alter role {service} password '{PASSWORD}'")
        login = server.settings("transformer_service", PASSWORD, role="transformer")
        project = engine_project(folder, batches[0], **login, DBT_TARGET="prod")
        for project.data in batches:
            load(project, server)
            server.query(DATABASE, "vacuum analyze")  # a server does so by itself in time
            yield measured(project, "wall")
        yield measured(project, "wall", "--full-refresh")


ENGINES = {"duckdb": on_duckdb, "postgres": on_postgres}


# ---------------------------------------------------------------- the document
def rows_of(path: Path, name: str) -> int:
    return duckdb.sql(f"select count(*) from '{path}/{name}.parquet'").fetchall()[0][0]


def report(engine: str, scale: str) -> list[str]:
    """The row of the table for an engine and a scale."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make = [sys.executable, rendering.ROOT / "template" / "scripts" / "data.py"]
        output(make, folder, {**os.environ, "TPCH_DATA": str(folder / "tpch"), "SF": scale})
        before, after = batches(folder / "tpch", folder)
        _, day, full = ENGINES[engine](folder / "project", (before, after))
        lines = rows_of(after, "lineitem")
        cells = [engine, scale, f"{lines:,}", f"{lines - rows_of(before, 'lineitem'):,}"]
    for nodes in (FACTS, BY_CUSTOMER, full):
        whole, part = (sum(run[node] for node in nodes) for run in (full, day))
        cells += [f"{whole:.2f}", f"{part:.2f}", f"{100 * part / whole:.1f} %"]
    return cells


def main(cases: Sequence[str]) -> None:
    rows = []
    for case in cases:
        print(f"{case} ...", flush=True)
        rows.append(report(*case.split(":")))
        print(*rows[-1], flush=True)
    written = f"{START}\n{table(COLUMNS, rows)}\n\n{END}"
    text = DOCUMENT.read_text("utf-8")
    before, _, rest = text.partition(START)
    DOCUMENT.write_text(before + written + rest.partition(END)[2], "utf-8")
    print(f"Written to {DOCUMENT.relative_to(rendering.ROOT)}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        print(json.dumps(seconds_by_node(sys.argv[2], sys.argv[3:])))
    else:
        main(sys.argv[1:] or CASES)

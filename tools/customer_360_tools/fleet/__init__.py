"""Many projects of one template: what they have, what clients did to them, and what a version does.

`fleet.yml` lists the projects. Their answers are read from git, and what the template makes of them is
rendered here, so no code of a client runs. A project that can't be reached, is broken or isn't ours
is a row with a reason.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import repeat
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .. import Problem, template
from . import hosts
from .clients import Client, read
from .compare import Compared
from .plan import plan
from .renders import Renders
from .updates import attempt

Row = dict[str, Any]  # what a command says of one project, by column
SHOWN = ("warehouse", "orchestrator", "ci")  # the answers that a table has room for


class Fleet:
    """The projects of a fleet.yml, brought up to date, and the template."""

    def __init__(self, file: Path):
        self.work = file.resolve().parent / ".fleet"
        self.work.mkdir(parents=True, exist_ok=True)
        (self.work / ".gitignore").write_text("*\n")
        address, self.clients = read(file, self.work)
        self.template = template.clone(address, self.work / "template.git")
        self.renders = Renders(self.template, self.work)

    def rows(self, clients: list[Client], of: Callable[[Client], Row | list[Row]]) -> list[Row]:
        """What `of` says of each project, in order; the reason where one can't be looked at."""

        def fetched(client: Client) -> str:
            try:
                client.fetch()
                return ""
            except Problem as problem:
                return str(problem)

        with ThreadPoolExecutor(8) as pool:
            problems = list(pool.map(fetched, clients))
        rows: list[Row] = []
        for client, problem in zip(clients, problems, strict=True):
            try:
                if problem:
                    raise Problem(problem)
                found = of(client)
                rows += found if isinstance(found, list) else [found]
            except Problem as reason:
                rows.append({"name": client.name, "problem": str(reason)})
        return rows

    def one(self, name: str | None) -> list[Client]:
        """All projects, or the one of a name. Raises Problem where there is none."""
        found = [client for client in self.clients if name in (None, client.name)]
        if not found:
            raise Problem(f"fleet.yml has no project {name}.")
        return found


# ---------------------------------------------------------------- commands
def status(fleet: Fleet, _: argparse.Namespace) -> list[Row]:
    """Version, how far behind, answers, age of the last update, open pull request, needs trust."""
    newest = template.newest(fleet.template)
    released = list(template.releases(fleet.template))
    today = datetime.now(UTC).date()

    def of(client: Client) -> Row:
        answers = client.answers
        version = template.resolve(fleet.template, client.version)
        behind = [tag for tag in released if template.is_newer(fleet.template, tag, version)]
        updated = client.updated()
        trust = bool(behind) and bool(template.migrations(fleet.template, version, newest))
        return {
            "name": client.name,
            "ring": client.ring,
            "version": client.version,
            "behind": len(behind),
            "answers": template.chosen(answers),
            "updated": updated,
            "days": (today - date.fromisoformat(updated)).days if updated else None,
            "needs_trust": trust,
        }

    rows = fleet.rows(fleet.clients, of)
    by_name = {client.name: client for client in fleet.clients}
    good = [row for row in rows if "problem" not in row]

    def request(row: Row) -> str:
        try:
            return hosts.open_request(by_name[row["name"]])
        except Problem as problem:
            return f"unknown: {problem}"

    with ThreadPoolExecutor(8) as pool:
        for row, found in zip(good, pool.map(request, good), strict=True):
            row["request"] = found
    return rows


def drift(fleet: Fleet, arguments: argparse.Namespace) -> list[Row]:
    """Files changed, removed and added against what the template gave, and what the next version does."""
    newest = template.newest(fleet.template)

    def of(client: Client) -> Row:
        compared = Compared(client, fleet.renders, newest)
        found = compared.drift
        return {
            "name": client.name,
            "version": client.version,
            "changed": {path: compared.what_happens(path) for path in found.changed},
            "removed": {path: compared.what_happens(path) for path in found.removed},
            "added": {path: compared.what_happens(path) for path in found.added},
        }

    return fleet.rows(fleet.one(arguments.client), of)


def affected(fleet: Fleet, arguments: argparse.Namespace) -> list[Row]:
    """The clients whose rendered files differ between two versions, and which of those they edited."""
    before, dots, after = arguments.span.partition("..")
    if not (before and dots and after):
        raise Problem("Say which versions, for example: customer-360 fleet affected v1.0.0..v1.1.0")
    old, new = (template.resolve(fleet.template, name) for name in (before, after))

    def of(client: Client) -> list[Row]:
        compared = Compared(client, fleet.renders, new)
        one, other = (fleet.renders.tree(version, client.answers) for version in (old, new))
        differing = compared.differing(one, other, "MTDA")
        drift = compared.drift
        touched = {*drift.changed, *drift.removed, *drift.added}
        row = {
            "name": client.name,
            "files": differing,
            "edited": [path for path in differing if path in touched],
        }
        return [row] if differing else []

    return fleet.rows(fleet.clients, of)


def plan_all(fleet: Fleet, arguments: argparse.Namespace) -> list[Row]:
    """What a version would do to each project: conflicts, data, new variables."""
    version = template.resolve(fleet.template, arguments.version)
    return fleet.rows(
        fleet.one(arguments.client), lambda client: plan(client, fleet.renders, version)
    )


def update(fleet: Fleet, arguments: argparse.Namespace) -> list[Row]:
    """A branch and a request for each project of a ring. What was opened before isn't opened again."""
    version = template.resolve(fleet.template, arguments.version)
    ring = [client for client in fleet.clients if client.ring == arguments.ring]
    if not ring:
        raise Problem(f"No project of fleet.yml has the ring {arguments.ring}.")

    reachable = fleet.rows(ring, lambda client: {"client": client, "answers": client.answers})
    done = {row["name"]: row for row in reachable if "problem" in row}
    todo = [row["client"] for row in reachable if "client" in row]
    # processes, because Copier changes the working directory
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:
        given = (repeat(value) for value in (fleet.renders, version, arguments.trust))
        done |= {row["name"]: row for row in pool.map(attempt, todo, *given)}
    return [done[client.name] for client in ring]


# ---------------------------------------------------------------- what is printed
def cell(value: Any) -> str:
    """A value of a row as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, dict):
        if value.keys() & set(SHOWN):
            return ", ".join(str(value[name]) for name in SHOWN if name in value)
        return "\n".join(f"{path} ({what})" if what else path for path, what in value.items())
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def show(rows: list[Row], as_json: bool, console: Console | None = None) -> None:
    """Print the rows as a table, those with a problem below it, or all of them as JSON."""
    if as_json:
        print(json.dumps(rows, indent=2, default=str))
        return
    console = console or Console()
    good = [row for row in rows if "problem" not in row]
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = list(dict.fromkeys(name for row in good for name in row))
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in good:
        table.add_row(*(cell(row.get(column)) for column in columns))
    if good:
        console.print(table)
    for row in rows:
        if "problem" in row:
            console.print(
                f"{row['name']}: {row['problem']}", markup=False, highlight=False, soft_wrap=True
            )


COMMANDS = {
    "status": status,
    "drift": drift,
    "affected": affected,
    "plan": plan_all,
    "update": update,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The commands of `customer-360 fleet` and their arguments."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function in COMMANDS.items():
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        command.add_argument("--fleet", type=Path, default="fleet.yml", help="default: fleet.yml")
        command.add_argument("--json", action="store_true", help="print JSON instead of a table")
        if name == "affected":
            command.add_argument("span", metavar="FROM..TO", help="two versions of the template")
        if name in ("plan", "update"):
            command.add_argument("version", metavar="VERSION", help="a version of the template")
        if name in ("drift", "plan"):
            command.add_argument(
                "client", metavar="CLIENT", nargs="?", help="one project; default: all"
            )
        if name == "update":
            command.add_argument("--ring", required=True, help="the projects to update")
            command.add_argument("--jobs", type=int, default=2, help="how many at once; default: 2")
            command.add_argument(
                "--trust",
                action="store_true",
                help="run the template's migrations, where one is crossed",
            )
        command.set_defaults(run=run, command=function)


def run(arguments: argparse.Namespace) -> None:
    """Run a command of the fleet. Exits with 1 where something could not be done."""
    rows = arguments.command(Fleet(arguments.fleet), arguments)
    show(rows, arguments.json)
    if any("problem" in row for row in rows):
        raise SystemExit(1)

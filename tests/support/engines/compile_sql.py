"""The SQL that dbt makes of a project for an engine that is not there.

dbt compiles without a connection as long as nothing asks the warehouse a question. Only
is_incremental() does: whether the table is there already. Here the answer is given instead. (Two
adapters ask a little more: Databricks' what its version can, BigQuery's who signs in.)
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from parsing import (
    EXAMPLE_FILE,
    environment,
    only_environment,
    templates_read_once,
    write_project,
)
from rendering import Answers, render


@contextlib.contextmanager
def _without_connection(answers: Answers, exists: bool) -> Iterator[None]:
    """Let the adapter say that every table that it is asked for is there, or that none is."""
    from dbt.adapters.factory import FACTORY

    adapter_type = answers["warehouse"]

    def get_relation(self, database: str, schema: str, identifier: str, **_):
        if not exists:
            return None
        return self.Relation.create(
            database=database, schema=schema, identifier=identifier, type="table"
        )

    FACTORY.load_plugin(adapter_type)
    adapter = FACTORY.plugins[adapter_type].adapter
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(adapter, "get_relation", get_relation))
        if adapter_type == "databricks":
            able = mock.patch.object(adapter, "has_capability", lambda *_: True)
            patches.enter_context(able)
        if adapter_type == "bigquery":
            from google.auth.credentials import AnonymousCredentials

            nobody = (AnonymousCredentials(), "project")
            signed_in = mock.patch(
                "dbt.adapters.bigquery.credentials.default", lambda *_, **__: nobody
            )
            patches.enter_context(signed_in)
        yield


# the start of the run is in the SQL, and golden files must not change from day to day
A_START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@contextlib.contextmanager
def _started_at(start: datetime.datetime) -> Iterator[None]:
    """Let dbt take a moment for the start of its runs (run_started_at)."""
    from dbt.tracking import User

    always = property(lambda _: start, lambda *_: None)
    with mock.patch.object(User, "run_started_at", always, create=True):
        yield


COMPILE = ("--no-introspect", "--no-populate-cache")


class Compiled(NamedTuple):
    """A project compiled for a first run, without tables, and for a later one."""

    first: dict[str, str]
    """The SQL of every model in a first run, by name."""
    later: dict[str, str]
    """The SQL of every model, snapshot, test and analysis, by name."""
    nodes: dict[str, Any]
    """dbt's nodes of the same, by name, for their configuration."""
    manifest: Any
    """dbt's manifest: all nodes, sources, and macros, those of dbt itself included."""


def compiled(
    answers: Answers,
    target: str,
    work: Path,
    exists: bool,
    select: str | None = None,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The SQL of every model, snapshot, test and analysis, by name.

    `exists`: whether the tables are there already, so that incremental models are compiled for a
    later run, else for the first. `select` picks nodes, as on dbt's command line. `more` are files
    that the project does not have, or has otherwise.
    """
    with _project(answers, target, work, more) as dbt, _without_connection(answers, exists):
        return _sql(dbt("compile", *COMPILE, *(["--select", select] if select else [])))


def compiled_for_both_runs(
    answers: Answers, target: str, work: Path, more: Mapping[str, str] | None = None
) -> Compiled:
    """The SQL of a first and of a later run, from one parse: half of the time of two.

    The runs start at A_START.
    """
    with _project(answers, target, work, more) as dbt, _started_at(A_START):
        manifest = dbt("parse")
        with _without_connection(answers, exists=False):
            first = _sql(
                dbt("compile", *COMPILE, "--select", "resource_type:model", manifest=manifest)
            )
        with _without_connection(answers, exists=True):
            done = dbt("compile", *COMPILE, manifest=manifest)
    nodes = {result.node.name: result.node for result in done}
    return Compiled(first, _sql(done), nodes, manifest)


@contextlib.contextmanager
def _project(
    answers: Answers, target: str, work: Path, more: Mapping[str, str] | None
) -> Iterator[Callable[..., Any]]:
    """Write a project. Gives a function that runs a command of dbt on it and returns its result."""
    from dbt.cli.main import dbtRunner

    tree = render(answers)
    project = write_project(tree, work / "project")
    for path, text in (more or {}).items():
        (project / path).write_text(text)
    places = ["--target", target, "--project-dir", str(project), "--no-partial-parse"]
    places += ["--profiles-dir", str(project / "profiles")]
    places += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]

    def dbt(command: str, *arguments: str, manifest: Any = None) -> Any:
        runner = dbtRunner(manifest=manifest)
        done = runner.invoke(["--quiet", "--no-use-colors", command, *places, *arguments])
        if not done.success:
            raise RuntimeError(f"{answers}: {done.exception or done.result}")
        return done.result

    with only_environment(environment(tree[EXAMPLE_FILE].content)), templates_read_once():
        yield dbt


def _sql(results: Iterable[Any]) -> dict[str, str]:
    nodes = (result.node for result in results)
    return {node.name: node.compiled_code for node in nodes if node.compiled_code}

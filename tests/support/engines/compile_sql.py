"""The SQL that dbt makes of a project for an engine that is not there.

dbt compiles without a connection as long as nothing asks the warehouse a question. Only
is_incremental() does: whether the table is there already. Here the answer is given instead. (Two
adapters ask a little more: Databricks' what its version can, BigQuery's who signs in.)
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

from parsing import EXAMPLE_FILE, environment, only_environment, write_project
from rendering import Answers, render


@contextlib.contextmanager
def _without_connection(adapter_type: str, exists: bool) -> Iterator[None]:
    """Let the adapter say that every table that it is asked for is there, or that none is."""
    from dbt.adapters.factory import FACTORY

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
    that the project does not have.
    """
    from dbt.cli.main import dbtRunner

    tree = render(answers)
    project = write_project(tree, work / "project")
    for path, text in (more or {}).items():
        (project / path).write_text(text)
    command = ["--quiet", "--no-use-colors", "compile", "--no-introspect", "--no-populate-cache"]
    command += ["--no-partial-parse", "--target", target, "--project-dir", str(project)]
    command += ["--profiles-dir", str(project / "profiles")]
    command += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    command += ["--select", select] if select else []
    with (
        only_environment(environment(tree[EXAMPLE_FILE].content)),
        _without_connection(answers["warehouse"], exists),
    ):
        done = dbtRunner().invoke(command)
    if not done.success:
        raise RuntimeError(f"{answers}: {done.exception or done.result}")
    nodes = (result.node for result in done.result.results)
    return {node.name: node.compiled_code for node in nodes if node.compiled_code}

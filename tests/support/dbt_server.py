"""dbt many times over in seconds: one process imports dbt, parses each project once, and forks.

A build of a small shop takes about as long as starting dbt and parsing does, and the tests of faulty
data need hundreds of builds. `Dbt` starts the server and asks it; nothing else differs from
`dbt <arguments>` in the project's folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Result:
    """What a command printed, both streams in their order, and its exit code."""

    code: int
    output: str


class Dbt:
    """The client of a server, which lives as long as the `with` block of `running`."""

    def __init__(self, server: subprocess.Popen):
        self._server = server

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Dbt]:
        with subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            try:
                yield cls(server)
            finally:
                server.stdin.close()

    def __call__(
        self, folder: Path, *arguments: str, variables: dict | None = None, **environment: str
    ) -> Result:
        """Run dbt in a project's folder, with --vars and environment variables.

        The project is parsed with the first command in that folder with these variables; edit a
        model after that, and dbt doesn't see it (a seed's rows it does).
        """
        output = folder / "dbt_output.txt"
        request = {
            "folder": str(folder),
            "arguments": arguments,
            "variables": json.dumps(variables or {}, default=str, sort_keys=True),
            "environment": environment,
            "output": str(output),
        }
        print(json.dumps(request), file=self._server.stdin, flush=True)
        answer = self._server.stdout.readline()
        assert answer, "the server of dbt has ended"
        return Result(int(answer), output.read_text(encoding="utf-8"))


def _serve() -> None:
    # dbt prints; the answers go where stdout went
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    from dbt.cli.main import dbtRunner

    parsed: dict[tuple[str, str], object] = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = (request["folder"], request["variables"])
        manifest = parsed.get(key)
        if manifest is None:
            os.chdir(request["folder"])
            with _environment(request["environment"]), _printing_to(request["output"]):
                result = dbtRunner().invoke(_command(["parse"], request["variables"]))
            if not result.success:
                print(2, file=answers, flush=True)
                continue
            manifest = parsed[key] = result.result
        if (child := os.fork()) == 0:
            # an exit like any other, so that DuckDB closes its file
            sys.exit(_run(dbtRunner(manifest=manifest), request))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)


def _command(arguments: Sequence[str], variables: str) -> list[str]:
    return ["--no-use-colors", *arguments, "--vars", variables]


def _run(runner, request: dict) -> int:
    """Run the command; returns what dbt exits with: 1 when a node failed, 2 when dbt did."""
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    with _printing_to(request["output"]):
        result = runner.invoke(_command(request["arguments"], request["variables"]))
        if result.exception is not None:
            print(result.exception)
        sys.stdout.flush()
    if result.success:
        return 0
    return 1 if result.exception is None else 2


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _printing_to(path: str) -> Iterator[None]:
    kept = os.dup(1)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(file), os.close(kept)


if __name__ == "__main__":
    _serve()

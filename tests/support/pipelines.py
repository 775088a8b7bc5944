"""Pipelines of a project run on this machine, with the programs of the tests' environment."""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
GITHUB = ".github/workflows/"


def run(*command: str | Path, cwd: Path | None = None, **environment: str):
    """Run a program of the tests' environment. Returns what it printed and its code, whatever it is."""
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **environment},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


STUB = "name: stub\nruns:\n  using: composite\n  steps:\n    - run: 'true'\n      shell: bash\n"
UV_CACHE = str(Path.home() / ".cache" / "uv")

"""A project as these tools see it: its files, and the programs that run in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import Problem

ANSWERS = ".copier-answers.yml"
PROGRAMS = Path("Scripts" if os.name == "nt" else "bin")
LARGEST = 200_000_000  # bytes of a file that is read: the manifest of some thousand models
READ_YAML = """
import json, pathlib, sys
sys.path.insert(0, "scripts")
from settings import read_yaml
json.dump(read_yaml(pathlib.Path(sys.argv[1])), sys.stdout, default=str)
"""


@dataclass(frozen=True)
class Project:
    """A project of this template in `folder`, an absolute path."""

    folder: Path

    def check(self) -> None:
        """Raise Problem where the folder is no such project, or nothing is installed in it."""
        if not (self.folder / ANSWERS).is_file():
            raise Problem(
                f"{self.folder} isn't a project of this template, because it has no {ANSWERS}. "
                "Name the folder of one: customer-360 handover path/to/project."
            )
        if not (self.folder / ".venv" / ".made-from").is_file():
            raise Problem(f"{self.folder} has no environment yet. Run `make install` there first.")

    @property
    def answers(self) -> dict[str, Any]:
        """What was answered to the template's questions."""
        return self.read_yaml(ANSWERS)

    def read(self, path: str) -> str:
        """The text of a file; raises Problem where it is missing or too large to be one of dbt's."""
        file = self.folder / path
        try:
            size = file.stat().st_size
        except FileNotFoundError:
            raise Problem(f"{file} is missing. Restore it, then try again.") from None
        if size > LARGEST:
            raise Problem(
                f"{file} has {size / 1e6:,.0f} MB, and the hand-over reads at most "
                f"{LARGEST / 1e6:.0f} MB of a file. Remove it and build the project again."
            )
        return file.read_text("utf-8")

    def read_json(self, path: str) -> Any:
        """The content of a JSON file; raises Problem where it has none."""
        try:
            return json.loads(self.read(path))
        except (ValueError, RecursionError):
            raise Problem(
                f"{self.folder / path} isn't JSON that dbt wrote. Remove it and build the project again."
            ) from None

    def read_yaml(self, path: str) -> Any:
        """The content of a YAML file, by the project's own reader, which knows what is too much."""
        return json.loads(self.run("python", "-c", READ_YAML, path, print_output=False))

    def run(self, program: str, *arguments: str | Path, print_output: bool = True) -> str:
        """Run a program of the project's .venv in its folder, which also loads its .env.

        Its output goes to the terminal, or is returned. Raises Problem when the program fails.
        """
        command = [self.folder / ".venv" / PROGRAMS / program, *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdout=None if print_output else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            typed = " ".join(str(each) for each in [program, *arguments] if each != READ_YAML)
            raise Problem(f"`{typed}` failed in {self.folder}. Fix what it says above, then rerun.")
        return done.stdout or ""

"""A project as these tools see it: its files, and the programs that run in its own environment."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .. import Problem

ANSWERS = ".copier-answers.yml"
PROGRAMS = Path("Scripts" if os.name == "nt" else "bin")


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
        return yaml.safe_load(self.read(ANSWERS))

    def read(self, path: str) -> str:
        """The text of a file; raises Problem where it is missing."""
        try:
            return (self.folder / path).read_text("utf-8")
        except FileNotFoundError:
            raise Problem(f"{self.folder / path} is missing. Restore it, then try again.") from None

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
            typed = " ".join(map(str, [program, *arguments]))
            raise Problem(f"`{typed}` failed in {self.folder}. Fix what it says above, then rerun.")
        return done.stdout or ""

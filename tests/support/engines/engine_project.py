"""A generated project that a test builds on an engine other than the local twin."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from projects import Project


@dataclass
class EngineProject(Project):
    """A project whose variables are `settings` beside those of every project."""

    settings: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(**self.settings, **more)

    @contextlib.contextmanager
    def using(self, **settings: str) -> Iterator[None]:
        """Other settings for a while."""
        before = self.settings
        self.settings = before | settings
        try:
            yield
        finally:
            self.settings = before


def engine_project(folder: Path, data: Path, **settings: str) -> EngineProject:
    """The project in a folder, which reads `data` where it is local."""
    return EngineProject(folder, data, folder / "data" / "local.duckdb", settings)

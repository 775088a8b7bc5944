"""Parse rendered projects with their real adapters: in this process, and without any connection.

Most variants of the template differ in files that dbt never reads (orchestration, CI, dashboards). So
a parse is remembered under what dbt does read: a few dozen parses answer for all variants.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import jinja2
import yaml
from dotenv import dotenv_values
from rendering import Tree, write

TARGETS = ("local", "dev", "ci", "prod")

ELEMENTARY_STUB = Path(__file__).parent / "elementary_stub"
"""A folder of packages that parses in place of elementary: its tests' names and arguments only."""

PACKAGES_VARIABLE = "ELEMENTARY_PACKAGES"
"""Names a folder with the real packages (elementary, dbt_utils) to parse against instead."""

PROJECT_FILE = "dbt_project.yml"
PROFILES_FILE = "profiles/profiles.yml"
EXAMPLE_FILE = ".env.example"
ROOT_FILES = (PROJECT_FILE, "packages.yml", "dependencies.yml", "selectors.yml")
FOLDERS = {
    "model-paths": ["models"],
    "seed-paths": ["seeds"],
    "test-paths": ["tests"],
    "analysis-paths": ["analyses"],
    "macro-paths": ["macros"],
    "snapshot-paths": ["snapshots"],
    "docs-paths": [],
    "asset-paths": [],
    "function-paths": ["functions"],
}
"""The settings of dbt_project.yml that name folders, with dbt's defaults."""


# ---------------------------------------------------------------- what dbt reads
def packages_folder() -> Path:
    """The folder of packages that elementary variants are parsed against."""
    real = os.environ.get(PACKAGES_VARIABLE)
    return Path(real) if real else ELEMENTARY_STUB


@cache
def load_yaml(content: bytes) -> Any:
    """YAML, parsed once for all files with the same content. Not to be changed by who gets it."""
    return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def dbt_tree(tree: Tree) -> Tree:
    """The files of a rendered project that dbt reads, and the example of its environment."""
    project = load_yaml(tree[PROJECT_FILE].content)
    names = {*ROOT_FILES, PROFILES_FILE, EXAMPLE_FILE}
    folders = [
        f"{folder}/"
        for setting, default in FOLDERS.items()
        for folder in project.get(setting, default)
    ]
    return {
        name: file
        for name, file in tree.items()
        if name in names or name.startswith(tuple(folders))
    }


def profile_output(tree: Tree, target: str) -> dict[str, Any]:
    """One output of a rendered project's profile, its Jinja not rendered."""
    name = load_yaml(tree[PROJECT_FILE].content)["profile"]
    return load_yaml(tree[PROFILES_FILE].content)[name]["outputs"][target]


def variables_of(text: str) -> set[str]:
    """The environment variables that a text reads by dbt's env_var()."""
    return set(re.findall(r"env_var\(\s*[\\'\"]+(\w+)", text))


READ_BY_PROGRAMS = re.compile(
    r"""environ(?:\.get\(|\[)\s*["'](\w+)|getenv\(["'](\w+)|\$\{?([A-Z][A-Z0-9_]+):-"""
)


def variables_read(tree: Tree) -> dict[str, str]:
    """Each environment variable that a profile or program of a project reads, with such a file."""
    found = {}
    for path, file in tree.items():
        if path.endswith((".py", ".yml", ".sh", ".sql", "makefile", ".mk")):
            text = file.content.decode()
            programs = {name for match in READ_BY_PROGRAMS.findall(text) for name in match if name}
            found |= dict.fromkeys(variables_of(text) | programs, path)
    return found


@cache
def example_variables(content: bytes) -> dict[str, str]:
    """The variables of an .env.example, as python-dotenv reads them; the values of secrets are ''."""
    values = dotenv_values(stream=io.StringIO(content.decode()), interpolate=False)
    return {name: value or "" for name, value in values.items()}


def environment(example: bytes) -> dict[str, str]:
    """An environment to parse in: the values of an .env.example, with a dummy for every secret.

    Nothing of the developer's own environment is in it but what a process needs to run.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    filled = {
        name: value or f"dummy-{name.lower()}" for name, value in example_variables(example).items()
    }
    return kept | filled | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def project_fingerprint(tree: Tree) -> str:
    """The same for projects that differ only in files that dbt does not read, or in how it connects."""
    digest = hashlib.sha256()
    for name, file in sorted(dbt_tree(tree).items()):
        if name not in (PROFILES_FILE, EXAMPLE_FILE):
            digest.update(name.encode() + b"\0" + hashlib.sha256(file.content).digest())
    return digest.hexdigest()


def fingerprint(tree: Tree, target: str) -> str:
    """What a parse depends on: dbt's files, the output that it uses, and the variables in that.

    The rest of profiles.yml and of .env.example is left out, so that two ways of signing in, which
    often differ at one target only, share the parses of the others.
    """
    output = profile_output(tree, target)
    example = example_variables(tree[EXAMPLE_FILE].content)
    used = {name: example.get(name) for name in variables_of(json.dumps(output))}
    parts = [project_fingerprint(tree), target, output, used]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


# ---------------------------------------------------------------- parsing
@contextlib.contextmanager
def only_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Replace this process's environment for a while, and keep its working folder."""
    here = Path.cwd()
    with mock.patch.dict(os.environ, variables, clear=True):
        try:
            yield
        finally:
            os.chdir(here)


_templates: dict[tuple, jinja2.nodes.Template] = {}


@contextlib.contextmanager
def templates_read_once() -> Iterator[None]:
    """Let dbt read each text as Jinja once a process: a third of a parse goes into its own macros.

    Only `Environment.parse` is replaced, whose trees dbt looks through without changing them.
    test_parse.py proves the manifests equal to those of dbt as it is.
    """
    stock = jinja2.Environment.parse

    def parse(self: jinja2.Environment, source: str, *arguments: Any) -> jinja2.nodes.Template:
        key = (type(self), frozenset(self.extensions), source)
        if key not in _templates:
            _templates[key] = stock(self, source, *arguments)
        return _templates[key]

    with mock.patch.object(jinja2.Environment, "parse", parse):
        yield


@dataclass(frozen=True)
class Parsed:
    """What dbt made of one project at one target."""

    error: str | None
    """dbt's message where it could not parse, else None."""
    complaints: tuple[str, ...]
    """Warnings, deprecations among them, each as `Name: message`."""
    adapter: str | None
    """The type of the adapter that parsed it."""
    nodes: frozenset[str]
    """Unique ids of the models, seeds, snapshots, tests and analyses, packages included."""
    seconds: float
    """CPU time; the first parse with an adapter pays for its import."""

    def problems(self) -> list[str]:
        """Everything that someone has to mend: nothing, for a project as it should be."""
        return ([self.error] if self.error else []) + list(self.complaints)


def dbt_parse(project: Path, target: str, work: Path, variables: Mapping[str, str]) -> Parsed:
    """Parse the project in a folder from scratch, in the environment `variables`.

    What dbt writes goes to the folder `work`; the project stays as it is.
    """
    from dbt.cli.main import dbtRunner  # late: the import costs two to three seconds
    from dbt.deprecations import buffered_deprecations, reset_deprecations

    complaints: list[str] = []

    def listen(event: Any) -> None:
        # The summary only counts what has been said before, one by one.
        if event.info.level == "warn" and event.info.name != "DeprecationsSummary":
            complaints.append(f"{event.info.name}: {event.info.msg}")

    # dbt keeps these for the life of the process: an earlier project's would be counted here.
    reset_deprecations()
    buffered_deprecations.clear()
    command = ["--quiet", "--no-use-colors", "--show-all-deprecations", "parse"]
    command += ["--no-partial-parse", "--target", target, "--project-dir", str(project)]
    command += ["--profiles-dir", str(project / "profiles")]
    command += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    started = time.process_time()
    with only_environment(variables):
        result = dbtRunner(callbacks=[listen]).invoke(command)
    manifest = result.result if result.success else None
    return Parsed(
        error=None if manifest else str(result.exception or "dbt parse failed"),
        complaints=tuple(complaints),
        adapter=manifest.metadata.adapter_type if manifest else None,
        nodes=frozenset(manifest.nodes) if manifest else frozenset(),
        seconds=time.process_time() - started,
    )


def write_project(tree: Tree, folder: Path) -> Path:
    """Write what dbt reads of a project, with packages installed if it lists any.

    The packages are those of packages_folder(); dbt counts them, and is content with as many as
    packages.yml lists.
    """
    write(dbt_tree(tree), folder)
    if load_yaml(tree["packages.yml"].content)["packages"]:
        shutil.copytree(packages_folder(), folder / "dbt_packages")
    return folder


@dataclass
class Parser:
    """Parses rendered projects, each distinct one once."""

    work: Path
    """A folder of its own, for the projects and for what dbt writes."""
    parsed: dict[str, Parsed] = field(default_factory=dict)
    """By fingerprint."""

    def parse(self, tree: Tree, target: str) -> Parsed:
        """Parse a rendered project at a target, unless an identical one has been parsed."""
        key = fingerprint(tree, target)
        if key not in self.parsed:
            work = self.work / key[:16]
            project = write_project(tree, work / "project")
            variables = environment(tree[EXAMPLE_FILE].content)
            with templates_read_once():
                self.parsed[key] = dbt_parse(project, target, work, variables)
        return self.parsed[key]

"""A repository of the template with releases, and projects that clients made from them.

The releases are those that releases.yml records, as tags, and the working tree as the next one.
Tests that need a difference which no recorded release has make a release of their own.
"""

import atexit
import io
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import rendering
import yaml
from copier import VcsRef, run_copy, run_recopy, run_update
from copier._main import Worker
from customer_360_tools.template import _compile_once
from jinja2.sandbox import SandboxedEnvironment
from projects import Project, output
from rendering import ROOT, copy_working_tree

NEXT = "v999.0.0"  # the working tree
ANSWERS_FILE = ".copier-answers.yml"
ANSWERS_TEMPLATE = "[[ _copier_conf.answers_file ]].jinja"
NOTHING: Mapping[str, Any] = {}
Changes = Mapping[str, "str | Callable[[str], str] | None"]
"""What becomes of files: a new text, a function of the old one, or None for a file to delete."""


def git(folder: Path, *arguments: str) -> str:
    """What git prints in a folder. Raises CalledProcessError where it fails."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode("utf-8")


def commit_all(folder: Path, message: str) -> None:
    """Commit whatever is in a folder, which becomes a repository if it is none."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)


def replace(old: str, new: str) -> Callable[[str], str]:
    """A change of one place in a file, which has to be there once."""

    def change(text: str) -> str:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        return text.replace(old, new)

    return change


def append(more: str) -> Callable[[str], str]:
    """A change that adds to the end of a file."""
    return lambda text: text + more


def change_files(folder: Path, changes: Changes) -> None:
    """Make changes in a folder; each has to make a difference."""
    for name, change in changes.items():
        path = folder / name
        if change is None:
            path.unlink()
            continue
        before = path.read_text("utf-8") if path.exists() else None
        after = change if isinstance(change, str) else change(before)
        assert after != before, f"{name} did not change"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(after, "utf-8")


# in a shallow clone, or where a checkout was made a repository of one commit
WITHOUT_HISTORY = (
    git(ROOT, "rev-parse", "--is-shallow-repository").strip() == "true"
    or git(ROOT, "rev-list", "--count", "HEAD").strip() == "1"
)


@cache
def recorded() -> dict[str, str]:
    """The commit of each release in releases.yml, by its tag, oldest first.

    None in a clone without history, which lacks them; test_releases.py says so.
    """
    entries = yaml.safe_load((ROOT / "releases.yml").read_text("utf-8")) or []
    return {} if WITHOUT_HISTORY else {f"v{entry['version']}": entry["commit"] for entry in entries}


@cache
def checkout(repository: Path, tag: str) -> Path:
    """A folder with the template's files at a tag or commit, without git's. Removed at exit."""
    folder = Path(tempfile.mkdtemp(prefix=f"template-{tag}-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    archive = subprocess.run(
        ["git", "archive", tag, "--", *rendering.READ_BY_COPIER],
        cwd=repository,
        check=True,
        capture_output=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files_in_it:
        files_in_it.extractall(folder, filter="data")
    return folder


@dataclass
class TemplateRepository:
    """A git repository that clients make projects from."""

    folder: Path

    @classmethod
    def with_recorded_releases(cls, folder: Path) -> "TemplateRepository":
        """The history of this repository, a tag for each release, and the working tree as NEXT."""
        git(ROOT, "clone", "--quiet", "--no-tags", str(ROOT), str(folder))
        for tag, commit in recorded().items():
            git(folder, "tag", tag, commit)
        git(folder, "rm", "-r", "--quiet", ".")
        copy_working_tree(folder)
        return cls(folder).release(NEXT)

    @classmethod
    def of_working_tree(cls, folder: Path, tag: str = "v1.0.0") -> "TemplateRepository":
        """A new repository with the working tree as its only release."""
        folder.mkdir(parents=True)
        copy_working_tree(folder)
        return cls(folder).release(tag)

    def release(self, tag: str, changes: Changes = NOTHING) -> "TemplateRepository":
        """Change files, commit and tag the result."""
        change_files(self.folder, changes)
        commit_all(self.folder, tag)
        git(self.folder, "tag", tag)
        return self

    def copy(self, folder: Path, tag: str, answers: Mapping[str, Any] = NOTHING) -> Path:
        """Copier's own copy of a release, into a new folder, which is returned."""
        run_copy(
            str(self.folder), folder, data=dict(answers), vcs_ref=tag, defaults=True, quiet=True
        )
        return folder

    def render(self, folder: Path, tag: str, answers: Mapping[str, Any] = NOTHING) -> Path:
        """The same as `copy`, but quickly."""
        template = checkout(self.folder, tag)
        tree = dict(rendering.render(answers, template))
        file = tree[ANSWERS_FILE]
        source = f"_commit: {tag}\n_src_path: {self.folder}\n".encode()
        content = file.content.replace(f"_src_path: {template}\n".encode(), source)
        if b"_commit_hash" in (template / "template" / ANSWERS_TEMPLATE).read_bytes():
            content += (
                f"_commit_hash: {git(self.folder, 'rev-parse', f'{tag}^{{commit}}')}".encode()
            )
        return rendering.write({**tree, ANSWERS_FILE: file._replace(content=content)}, folder)

    def client(self, folder: Path, tag: str, **answers: Any) -> "ClientProject":
        """A project made from a release and committed."""
        self.render(folder, tag, answers)
        commit_all(folder, "From the template")
        return ClientProject(folder)


@dataclass
class ClientProject:
    """A project under git that its client works on."""

    folder: Path

    def answers(self) -> dict[str, Any]:
        """The answers in the answers file, without what Copier notes for itself."""
        content = yaml.safe_load(self.text(ANSWERS_FILE))
        return {name: value for name, value in content.items() if not name.startswith("_")}

    def edit(self, changes: Changes) -> None:
        """Change files and commit."""
        change_files(self.folder, changes)
        commit_all(self.folder, "Our own work")

    def update(self, tag: str | VcsRef, *, trust: bool = False, **options: Any) -> None:
        """Copier's own update, as by `copier update --defaults`. Nothing is committed."""
        run_update(
            self.folder,
            vcs_ref=tag,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=trust,
            **options,
        )

    def switch(self, **answers: Any) -> None:
        """Change answers at the same version, as `make switch` does. Nothing is committed."""
        self.update(VcsRef.CURRENT, data=answers, exclude=[".same-version"])

    def recopy(self, tag: str) -> None:
        """Make the project again at a version, as by `copier recopy --defaults --overwrite`."""
        run_recopy(self.folder, vcs_ref=tag, defaults=True, overwrite=True, quiet=True)

    def twin(self, folder: Path) -> "ClientProject":
        """The same project in another folder, with its history."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return ClientProject(folder)

    def script(self, *arguments: str, code: int | None = 0, **environment: str) -> str:
        """What scripts/update.py prints; it has to exit with `code`, as in projects.output."""
        project = Project(self.folder, Path("no data"), self.folder / "never.duckdb")
        command = [sys.executable, "scripts/update.py", *arguments]
        return output(command, self.folder, project.environment(**environment), code)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def status(self) -> dict[str, str]:
        """What git says of each file that is not as it was committed: {"a.sql": "M"}."""
        lines = git(self.folder, "status", "--porcelain", "--untracked-files=all").splitlines()
        return {line[3:]: line[:2].strip() for line in lines}

    def conflicts(self) -> list[str]:
        """Files with a conflict that git knows of."""
        lines = git(self.folder, "ls-files", "--unmerged").splitlines()
        return sorted({line.partition("\t")[2] for line in lines})


def files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Every file of a project by path: its content, and whether it can be run. Without git's."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", "target", "logs"} & set(path.relative_to(folder).parts)
    }


# ---------------------------------------------------------------- in less time
def make_copier_quick(patch: pytest.MonkeyPatch) -> None:
    """Let Copier work in this process as the tools do, and migrations too, so that they gain as well."""
    patch.setattr(Worker, "_sync_git_index_executable_bit", lambda *_: None)
    patch.setattr(SandboxedEnvironment, "compile", _compile_once)
    patch.setattr(Worker, "_execute_tasks", _run_migrations)


def _run_migrations(worker: Worker, tasks: Sequence[Any]) -> None:
    for task in tasks:
        _, script = (worker._render_string(part) for part in task.cmd)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(worker.subproject.local_abspath)
            patch.setenv("STAGE", task.extra_vars["stage"])
            patch.syspath_prepend(str(Path(script).parent))
            sys.modules.pop("steps", None)  # with what it keeps for one run
            Context().run(runpy.run_path, script)  # its copies are no part of this update

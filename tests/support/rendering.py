"""Render the template in process, quickly, and share what was rendered.

Copier spends most of a render on two things that are the same in every variant: compiling each
string of copier.yml and each template anew, and asking git about file modes once a file. So
`render` lets Copier itself ask, validate and compute the answers (`Worker._ask`), with one Jinja
environment that lives as long as the process, and then does the walk over the files itself,
into memory. It knows no `yield` in names, no `_skip_if_exists`, no symbolic links: the template
has none. test_render.py proves the result equal to Copier's own, byte for byte.

Private names of Copier are used here and nowhere else; the lock pins its version.
"""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from copier import run_copy
from copier._main import Worker, as_operation
from copier._settings import SettingsModel
from copier._template import Template
from copier._types import Phase
from copier._user_data import Question

ROOT = Path(__file__).resolve().parents[2]
PRESETS = ROOT / "hooks" / "presets"
SUFFIX = ".jinja"
READ_BY_COPIER = ("copier.yml", "includes", "template")
Answers = Mapping[str, Any]


class UnknownAnswer(KeyError):
    """An answer to a question that is not asked, which Copier itself would ignore in silence."""


class File(NamedTuple):
    """A rendered file: its content, its mode (permission bits), and the file it was made from."""

    content: bytes
    mode: int
    source: PurePosixPath


Tree = dict[str, File]  # by path in the project, with slashes


# ---------------------------------------------------------------- the template
@cache
def template_copy() -> Path:
    """A folder with what Copier reads, uncommitted changes included, and without git's folder.

    Without git's folder Copier renders what is there, not the newest tag. Removed at exit.
    """
    folder = Path(tempfile.mkdtemp(prefix="template-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy_working_tree(folder, *READ_BY_COPIER)
    return folder


def copy_working_tree(folder: Path, *paths: str) -> None:
    """Copy the files under `paths` (all if none) that git knows or would take, modes included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # not deleted in the working tree
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


@cache
def _template(template: Path | None = None) -> Template:
    return Template(url=str(template or template_copy()))


@cache
def _environment(template: Path | None = None):
    """Copier's own Jinja environment, made once, that compiles each string once."""
    environment = Worker(src_path=str(template or template_copy())).jinja_env
    environment.auto_reload = False
    environment.from_string = cache(environment.from_string)
    return environment


@cache
def _sources(template: Path | None) -> list[tuple[PurePosixPath, bytes, int]]:
    """Path in template/, content and mode of every file that Copier would render."""
    folder = (template or template_copy()) / _template(template).subdirectory
    return [
        (PurePosixPath(path.relative_to(folder).as_posix()), path.read_bytes(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.with_name(path.name + SUFFIX).exists()
    ]


# ---------------------------------------------------------------- questions and answers
def questions(template: Path | None = None) -> dict[str, dict]:
    """Every question of copier.yml that can be asked, with its details, in order."""
    return {
        name: details
        for name, details in _template(template).questions_data.items()
        if details.get("when") is not False
    }


def checked(answers: Answers, template: Path | None = None) -> dict[str, Any]:
    """The answers as a dict. Raises UnknownAnswer for a key that is no question."""
    unknown = sorted(set(answers) - set(questions(template)))
    if unknown:
        raise UnknownAnswer(f"copier.yml asks no such question: {', '.join(unknown)}")
    return dict(answers)


def _asked(answers: Answers, template: Path | None = None) -> Worker:
    """Copier's worker after all questions were answered by `answers` or by their defaults.

    Raises ValueError for a refused answer, as `copier copy` does.
    """
    worker = Worker(
        src_path=str(template or template_copy()),
        dst_path=Path("project"),  # nothing is written there
        data=checked(answers, template),
        settings=SettingsModel(),  # not the developer's own
        defaults=True,
        quiet=True,
    )
    vars(worker).update(template=_template(template), jinja_env=_environment(template))
    worker._check_unsafe("copy")
    with Phase.use(Phase.PROMPT):
        worker._ask()
    if template is None:
        remembered = worker._answers_to_remember().items()
        _remembered[_key(answers)] = {k: v for k, v in remembered if not k.startswith("_")}
    return worker


def _key(answers: Answers) -> tuple:
    return tuple(sorted(answers.items()))


_remembered: dict[tuple, dict[str, Any]] = {}


def all_answers(answers: Answers) -> dict[str, Any]:
    """What the answers file would hold: given answers and defaults, without hidden questions."""
    if _key(answers) not in _remembered:
        _asked(answers)
    return dict(_remembered[_key(answers)])


def question(name: str, answers: Answers, template: Path | None = None) -> Question:
    """The question as Copier sees it after `answers`, which may be incomplete."""
    worker = _asked(answers, template)
    return Question(
        var_name=name,
        answers=worker.answers,
        context=worker._render_context(),
        jinja_env=_environment(template),
        **_template(template).questions_data[name],
    )


def choices(name: str, answers: Answers | None = None, template: Path | None = None) -> list[Any]:
    """The values that a question with choices, or of type bool, can have.

    `answers` are those given before; only choices that depend on others need them.
    """
    if questions(template)[name]["type"] == "bool":
        return [True, False]
    return list(_choices(name, _key(answers or {}), template))


@cache
def _choices(name: str, answers: tuple, template: Path | None) -> tuple:
    asked = question(name, dict(answers), template)
    return tuple(choice.value for choice in asked._formatted_choices)


# ---------------------------------------------------------------- rendering
_rendered: dict[tuple, Tree] = {}
_contents: dict[bytes, bytes] = {}


def render(answers: Answers, template: Path | None = None) -> Tree:
    """The project for these answers, in memory. Each set of answers is rendered once a process.

    `template` is a folder with another version of the template, by default the working tree. Raises
    UnknownAnswer for an unknown key, ValueError for a refused answer.
    """
    key = (template, *_key(answers))
    if key not in _rendered:
        _rendered[key] = _render(answers, template)
    return _rendered[key]


@as_operation("copy")
def _render(answers: Answers, template: Path | None = None) -> Tree:
    worker = _asked(answers, template)
    environment = _environment(template)
    tree = {}
    with Phase.use(Phase.RENDER):
        context = worker._render_context()
        for source, content, mode in _sources(template):
            # the name of the answers file, and the conditions in names that 1.0.0 had
            parts = [
                environment.from_string(part).render(context) if "[" in part else part
                for part in str(source).removesuffix(SUFFIX).split("/")
            ]
            path = "/".join(parts)
            if not all(parts) or worker.match_exclude(Path(path)):
                continue
            if source.suffix == SUFFIX:
                name = f"{_template(template).subdirectory}/{source}"
                content = environment.get_template(name).render(context).encode()
                content = _contents.setdefault(content, content)  # variants share most files
            tree[path] = File(content, mode & 0o777, source)
    return tree


def write(tree: Tree, folder: Path) -> Path:
    """Write a rendered project into `folder`, which is made if missing. Returns the folder."""
    for name, file in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
    return folder


def copy_stock(answers: Answers, folder: Path, source: str | None = None, **options: Any) -> None:
    """Render with Copier's own run_copy, which is slower but writes just what a client gets.

    `source` is the folder or address of a template, by default the working tree.
    """
    run_copy(
        source or str(template_copy()),
        folder,
        data=checked(answers),
        settings=SettingsModel(),
        defaults=True,
        quiet=True,
        **options,
    )

"""Every variant renders, has exactly the files it should, and each is what it claims to be."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import file_checks
import file_sets
import pytest
import rendering
import variants
import yaml
from copier.errors import UnsafeTemplateError

VARIANTS = variants.all_variants()
ANSWERS_FILE = ".copier-answers.yml"


# ---------------------------------------------------------------- every variant
@pytest.mark.parametrize("name", VARIANTS)
def test_variant(name, cover):
    """The right files, nothing left of the template in them, each parses, each path is portable."""
    tree = rendering.render(VARIANTS[name])
    cover(name, tree)
    assert set(tree) == file_sets.expected(rendering.all_answers(VARIANTS[name]))
    assert file_checks.path_problems(tree) == []
    problems = [f"{path}: {problem}" for path in tree for problem in _problems(path, tree[path])]
    assert problems == []


_seen: dict[tuple, list[str]] = {}


def _problems(path: str, file: rendering.File) -> list[str]:
    key = (Path(path).name, file)
    if key not in _seen:
        _seen[key] = [
            *file_checks.content_problems(Path(path).name, file.content),
            *file_checks.delimiter_problems(
                file.content.decode(errors="replace"),
                was_rendered=file.source.suffix == rendering.SUFFIX,
                questions=rendering.questions(),
            ),
            *file_checks.mode_problems(file.content, file.mode),
        ]
    return _seen[key]


def test_variants_cover_every_choice():
    """Nothing that can be chosen is missing from the variants, and no two are the same."""
    complete = {name: rendering.all_answers(given) for name, given in VARIANTS.items()}
    for question, details in rendering.questions().items():
        if isinstance(details.get("choices"), str):  # by warehouse
            possible = {
                (warehouse, value)
                for warehouse in rendering.choices("warehouse")
                for value in rendering.choices(question, {"warehouse": warehouse})
            }
            assert possible <= {(a["warehouse"], a[question]) for a in complete.values()}
        elif details.get("choices") or details["type"] == "bool":
            assert set(rendering.choices(question)) <= {a.get(question) for a in complete.values()}
    product = [tuple(answers.items()) for answers in variants.product().values()]
    assert len(set(product)) == len(product)


def test_template_paths_are_portable():
    """The template itself can be checked out on Windows, and reads like the project it makes."""
    paths = [
        path.relative_to(rendering.template_copy()).as_posix()
        for path in rendering.template_copy().rglob("*")
    ]
    assert file_checks.path_problems(paths) == []
    # the name of the answers file is Copier's; Airflow's modules carry the project's
    plain = [
        path.replace("[[ _copier_conf.answers_file ]]", "answers").replace(
            "[[project_slug]]", "slug"
        )
        for path in paths
    ]
    assert [path for path in plain if "[" in path] == []


def test_list_of_files_is_complete_and_minimal():
    """tests/copy/expected_files.txt is what `python scripts/file_sets.py` would write now."""
    assert file_sets.read() == file_sets.derived()


# ---------------------------------------------------------------- what an answer changes
def _without_answers_file(answers: dict) -> dict[str, bytes]:
    """The files by path, but for those that only repeat the answers."""
    tree = rendering.render(answers)
    repeat = (ANSWERS_FILE, "docs/decisions/0001-foundations.md")
    return {path: file.content for path, file in tree.items() if path not in repeat}


@pytest.mark.parametrize("name", rendering.questions())
def test_each_question_changes_a_file(name):
    """No question is asked for nothing."""
    before = _answers_under_which_it_is_asked(name)
    after = {**before, name: variants.other_answer(name, before)}
    # Names that follow from this one by default are held, so that the effect is its own.
    held = {k: v for k, v in rendering.all_answers(before).items() if k not in after}
    if name == "warehouse":
        held = {}
    assert _without_answers_file(before) != _without_answers_file({**held, **after})


def _answers_under_which_it_is_asked(name: str) -> dict:
    for answers in ({}, *variants.product().values()):
        if name in rendering.all_answers(answers):
            return answers
    raise AssertionError(f"{name} is asked in no variant")


@pytest.mark.parametrize("name", [n for n, q in rendering.questions().items() if "when" in q])
def test_answer_to_a_hidden_question_changes_nothing(name):
    """An answer that is not kept in the answers file must leave no trace in another file."""
    asked = _answers_under_which_it_is_asked(name)
    other = variants.other_answer(name, asked)
    hidden = next(
        answers
        for answers in variants.product().values()
        if name not in rendering.all_answers(answers)
    )
    first, second = rendering.render(hidden), rendering.render({**hidden, name: other})
    assert first == second


# ---------------------------------------------------------------- unknown keys, presets
def test_unknown_key_is_refused():
    with pytest.raises(rendering.UnknownAnswer, match="warehous"):
        rendering.render({"warehous": "duckdb"})


def test_computed_value_is_refused_as_a_key():
    with pytest.raises(rendering.UnknownAnswer, match="airflow"):
        rendering.render({"airflow": True})


@pytest.mark.parametrize("name", variants.presets())
def test_preset_says_only_what_differs(name):
    """Each answer of a preset is asked, and is not what the default would have been anyway."""
    preset = rendering.checked(variants.presets()[name])
    assert preset
    for question, value in preset.items():
        others = {k: v for k, v in preset.items() if k != question}
        assert rendering.all_answers(others)[question] != value


def test_presets_say_whom_they_are_for():
    files = sorted(rendering.PRESETS.glob("*.yml"))
    assert len(files) >= 3
    assert all(path.read_text().startswith("# For ") for path in files)


# ---------------------------------------------------------------- four ways to render, one result
def _on_disk(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Content and executable bit by path. Where the template came from is left out."""
    found = {}
    for parent, folders, files in os.walk(folder):
        assert folders or files, f"{parent} is empty"
        for name in files:
            path = Path(parent, name)
            content = path.read_bytes()
            if name == ANSWERS_FILE:
                content = re.sub(rb"(?m)^_(commit|commit_hash|src_path):.*\n", b"", content)
            executable = bool(path.stat().st_mode & stat.S_IXUSR)
            found[path.relative_to(folder).as_posix()] = (content, executable)
    return found


def _fast(answers: dict, folder: Path) -> dict[str, tuple[bytes, bool]]:
    return _on_disk(rendering.write(rendering.render(answers), folder))


DIFFERENT = ["every_default_changed", *variants.presets()]


@pytest.mark.parametrize("name", ["defaults", *DIFFERENT])
def test_fast_render_equals_run_copy(name, tmp_path):
    answers = VARIANTS.get(name, {})
    rendering.copy_stock(answers, tmp_path / "stock")
    assert _on_disk(tmp_path / "stock") == _fast(answers, tmp_path / "fast")


@pytest.mark.parametrize("name", ["defaults", "every_default_changed"])
def test_fast_render_equals_copie_fixture(name, tmp_path, copie_session, template_repository):
    answers = VARIANTS.get(name, {})
    result = copie_session.copy(extra_answers=answers, template_dir=template_repository)
    assert result.exception is None
    assert _on_disk(result.project_dir) == _fast(answers, tmp_path / "fast")


@pytest.mark.parametrize("name", ["defaults", "every_default_changed", "preset_snowflake_team"])
def test_fast_render_equals_command_line(name, tmp_path, template_repository):
    """`copier copy <address> <folder>` as the README has it, without --trust."""
    answers = VARIANTS.get(name, {})
    done = copier_copy(template_repository.as_uri(), tmp_path / "cli", answers)
    assert done.returncode == 0, done.stderr
    assert "trust" not in done.stdout + done.stderr
    assert _on_disk(tmp_path / "cli") == _fast(answers, tmp_path / "fast")
    kept = yaml.safe_load((tmp_path / "cli" / ANSWERS_FILE).read_text())
    assert kept["_commit"] == "v0.0.1"  # without it no update is possible
    steps = [line.strip() for line in done.stderr.split("Next:")[-1].split("\n") if line.strip()]
    assert steps == [f"cd {tmp_path / 'cli'}", "make install", "make demo"]


def copier_copy(source: str, folder: Path, answers: dict) -> subprocess.CompletedProcess:
    """Copier's command line, with answers as a data file, not interactive."""
    data = folder.with_name("data.yml")
    data.write_text(yaml.safe_dump(answers))
    return subprocess.run(
        [sys.executable, "-m", "copier", "copy", "--defaults", "--data-file", data, source, folder],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_comparison_sees_a_difference(tmp_path):
    """A changed byte, a changed mode and a missing file each make two trees unequal."""
    tree = {name: file._replace(mode=0o644) for name, file in rendering.render({}).items()}
    same = _on_disk(rendering.write(tree, tmp_path / "same"))
    name, file = next((n, f) for n, f in tree.items() if n != ANSWERS_FILE)
    for number, faulty in enumerate(
        (
            {**tree, name: file._replace(content=file.content + b" ")},
            {**tree, name: file._replace(mode=0o755)},
            {n: f for n, f in tree.items() if n != name},
        )
    ):
        assert _on_disk(rendering.write(faulty, tmp_path / str(number))) != same


def test_tasks_or_extensions_would_be_noticed(tmp_path):
    """The command-line test fails for a template that asks for trust."""
    (tmp_path / "template").mkdir()
    (tmp_path / "copier.yml").write_text("_subdirectory: template\n_tasks: [make install]\n")
    with pytest.raises(UnsafeTemplateError, match="tasks"):
        rendering.copy_stock({}, tmp_path / "project", str(tmp_path))


# ---------------------------------------------------------------- the checks can fail
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yml", "a: 1\n b: 2\n", "ScannerError"),
        ("a.yml", "a: 1\na: 2\n", "written twice: a"),
        ("a.yml", "a: 1\n---\nb: [\n", "ParserError"),
        ("a.toml", "a = \n", "TOMLDecodeError"),
        ("a.json", "{'a': 1}\n", "JSONDecodeError"),
        ("a.py", "if False; then\n", "SyntaxError"),
        ("a.sh", "if true; then\n", "CalledProcessError"),
        ("a.csv", "a,b\n1\n", "row 2 has 1 fields"),
        ("a.html", "<p><b>text</p>\n", "closes what is not open: p"),
        ("a.html", "<p>text\n", "never closed: p"),
        ("a.html", "{% if x %}<p>{% else %}<b></p>\n", "TemplateSyntaxError"),
        ("a.css", "p { color: red; }}\n", "closes a block that is not open"),
        ("a.css", "p { color: red;\n", "leaves a block open"),
        ("a.js", "const a = {;\n", "CalledProcessError"),
        ("a.sql", "\n\n", "exactly one line break"),
        ("a.sql", "", "is empty"),
        ("a.md", "no line break", "exactly one line break"),
        ("a.md", "two\r\n", "carriage returns"),
        (".env.example", "NAME = value\n", "line 1"),
        (".sqlfluff", "[sqlfluff\n", "MissingSectionHeaderError"),
        ("makefile", "help:\n    echo\n", "missing separator"),
        ("makefile", "build:\n\techo\n", "No rule to make target"),
        ("a.exe", "x\n", "no check is known"),
    ],
)
def test_content_check_fails(name, content, message):
    assert message in " ".join(file_checks.content_problems(name, content.encode()))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yml", "a: !reference [x, y]\n---\nb: '{{ ref(1) }}'\n"),
        ("a.yml", "a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n"),
        (".env.example", "# comment\nNAME=value\nEMPTY=\nSPACED='a b'\n\nLAST=1\n"),
        ("makefile", "help:\n\t@echo help\n"),
        (".editorconfig", "root = true\n\n[*]\nindent_size = 4\n"),
    ],
)
def test_content_check_passes(name, content):
    assert file_checks.content_problems(name, content.encode()) == ()


@pytest.mark.parametrize(
    ("text", "was_rendered"),
    [
        ("name: [[ project_name ]]", True),
        ("[% if airflow %]", True),
        ("[# comment #]", True),
        ("name: [[ project_name ]]", False),
        ("[% if airflow %]", False),
    ],
)
def test_delimiter_check_fails(text, was_rendered):
    assert file_checks.delimiter_problems(text, was_rendered, rendering.questions())


@pytest.mark.parametrize(
    ("text", "was_rendered"),
    [("[[tool]]", True), ('if [[ "$A" ]]; then', False), ("{{ ref('x') }}", True)],
)
def test_delimiter_check_passes(text, was_rendered):
    assert not file_checks.delimiter_problems(text, was_rendered, rendering.questions())


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["a/b?c"], "reserves"),
        (["models/aux.sql"], "device"),
        (["a./b"], "dot or a space"),
        (["a/" + "b" * 119], "longer than 120"),
        (["Makefile", "makefile"], "only in case"),
    ],
)
def test_path_check_fails(paths, message):
    assert message in " ".join(file_checks.path_problems(paths))


@pytest.mark.parametrize(("content", "mode"), [(b"#!/bin/sh\n", 0o644), (b"x = 1\n", 0o755)])
def test_mode_check_fails(content, mode):
    assert file_checks.mode_problems(content, mode)


def test_list_of_files_notices_a_missing_and_an_extra_file():
    answers = rendering.all_answers({})
    paths = sorted(rendering.render({}))
    sections = {file_sets.ALWAYS: paths, "warehouse = snowflake": ["only_snowflake.sql"]}
    assert file_sets.expected(answers, sections) == set(paths)
    assert file_sets.expected({**answers, "warehouse": "snowflake"}, sections) != set(paths)
    assert file_sets.expected(answers, {file_sets.ALWAYS: paths[1:]}) != set(paths)

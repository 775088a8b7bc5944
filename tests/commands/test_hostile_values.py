"""Values from the data act nowhere: in a terminal, on a page, in a spreadsheet, in a program's memory."""

from __future__ import annotations

import csv
import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rendering
from customer_360_tools import Problem
from customer_360_tools.handover import Project as HandedOver
from projects import Project
from virtual_environments import lend

SCRIPTS = rendering.ROOT / "template" / "scripts"

NAMES = {
    "AUTOMOBILE": "<!--<script>window.attacked = 1</script>",
    "BUILDING": '"><img src=x onerror="window.attacked = 2">',
    "FURNITURE": "=cmd|'/C calc'!A0",
    "HOUSEHOLD": "two\nlines\r\nthree\u2028four\x85five",
    "MACHINERY": "{{ 7*7 }}{% set x=1 %}${title}",
    "ASIA": "\x1b]0;PWNED\x1b\\\x1b[31mRED",
    "AFRICA": "\u202eevil\u202c \x07\x08",
    "EUROPE": "x" * 200_000,
    "AMERICA": "",
    "CHINA": "-2+3",
    "INDIA": "a;=1+1",
    "FRANCE": "nul\x00byte",
    "GERMANY": "</script><script>window.attacked = 3</script>",
    "JAPAN": "東京 Zürich",
    "KENYA": "[red]rich[/red]",
    "PERU": "NaN",
}
"""Names in the answers, and what an attacker gave instead."""


@pytest.fixture(scope="module")
def formats():
    """scripts/formats.py of the template."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        import formats

        yield formats
        for name in ("formats", "settings"):
            del sys.modules[name]


# ---------------------------------------------------------------- one value
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b[31mRED", r"\x1b[31mRED"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\u202eevil", r"\u202eevil"),
        ("a\u2028b\x85c", r"a\u2028b\x85c"),
        ("\ud800", r"\ud800"),
        ("Zürich 東京 a\xa0b 👩\u200d🚀", "Zürich 東京 a\xa0b 👩\u200d🚀"),
        ("<b>", "<b>"),
    ],
)
def test_what_a_reader_sees_of_a_value(formats, value, shown):
    assert formats.shown("text", value) == formats.from_csv("text", value) == shown
    assert formats.shown("key", value) == shown


def test_a_long_value_is_cut_for_a_reader_and_whole_in_the_file(formats):
    assert len(formats.shown("text", "x" * 200_000)) == formats.MOST_LETTERS
    assert formats.csv_text("x" * 200_000) == "x" * 200_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
        ("@SUM(1+1)", "'@SUM(1+1)"),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("  =1+1", "  '=1+1"),
        ("＝1+1", "'＝1+1"),
        ("a;=1+1", "a;'=1+1"),  # where lists are separated by semicolons
        ("\t=1", r"\t=1"),
        ("\r=1", r"\r=1"),
        ("a\n=1", r"a\n=1"),
        ("-5", "-5"),
        (-5.25, "-5.25"),
        ("1998-08-02", "1998-08-02"),
        ("Smith-Jones", "Smith-Jones"),
    ],
)
def test_a_formula_is_text_in_a_spreadsheet(formats, value, text):
    assert formats.spreadsheet_text(value) == text
    assert formats.spreadsheet_text(text) == text, "twice is once"


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_what_is_not_a_number_has_no_place_in_a_picture(formats, text):
    assert formats.from_csv("number", text) is None


# ---------------------------------------------------------------- the answers
def attack(folder: Path) -> None:
    """Put the hostile names into the answers."""
    csv.field_size_limit(1_000_000)
    for path in (folder / "answers").glob("*.csv"):
        with path.open(newline="") as stream:
            rows = [[NAMES.get(text, text) for text in row] for row in csv.reader(stream)]
        with path.open("w", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)


@pytest.fixture(scope="module")
def attacked(built, tmp_path_factory) -> Project:
    """A project whose answers hold hostile names."""
    project = built.copy(tmp_path_factory.mktemp("hostile") / "project")
    project.run(sys.executable, "scripts/answers.py")
    attack(project.folder)
    return project


def unseen(text: str) -> set[str]:
    """Characters that act instead of being seen."""
    return {letter for letter in text if not letter.isprintable()} - set("\n\xa0")


@pytest.mark.parametrize(
    ("encoding", "option", "shown", "in_the_file"),
    [
        ("cp1252", "0", r"\u6771\u4eac Zürich", "\n=\x1b[31m東京 Zürich,"),
        ("utf-8", "1", "東京 Zürich", "\n'=\\x1b[31m東京 Zürich,"),
    ],
    ids=["cp1252", "utf-8, for a spreadsheet"],
)
def test_no_escape_reaches_a_terminal(built, tmp_path, encoding, option, shown, in_the_file):
    """A terminal shows what it can, and the option SPREADSHEET makes the files safe."""
    project = built.copy(tmp_path / "project")
    query = project.folder / "analysis" / "q03_customers_by_region.sql"
    evil = "'=' || chr(27) || '[31m東京 Zürich' as region_name,"
    query.write_text(query.read_text().replace("region_name,", evil))
    done = subprocess.run(
        [sys.executable, "scripts/answers.py"],
        cwd=project.folder,
        env=project.environment(PYTHONIOENCODING=encoding, COLUMNS="80", SPREADSHEET=option),
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode(encoding)
    printed = done.stdout.decode(encoding)
    assert unseen(printed) == set()
    assert rf"=\x1b[31m{shown}" in printed
    answer = project.folder / "answers" / "q03_customers_by_region.csv"
    assert in_the_file in answer.read_text("utf-8")
    assert (answer.stat().st_mode | answer.parent.stat().st_mode) & 0o077 == 0, "others may read it"
    assert unseen(b"\x1b[31m".decode()) == {"\x1b"}


# ---------------------------------------------------------------- the dashboard
WATCH = """<script>setTimeout(() => {
  const drawn = [...document.querySelectorAll('.chart')].filter(each => each.firstElementChild?.offsetHeight > 0).length;
  const filters = !document.getElementById('filters').hidden;
  document.title = `attacked: ${window.attacked}, drawn: ${drawn}, filters: ${filters}`;
}, 5000)</script>"""


def test_no_value_runs_on_the_dashboard_and_no_picture_is_lost(attacked, tmp_path):
    attacked.run(sys.executable, "dashboard/render.py")
    output = attacked.folder / "dashboard" / "build" / "index.html"
    assert output.parent.stat().st_mode & 0o077 == 0, "others may read it"
    text = output.read_text("utf-8")
    without_scripts = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert unseen(without_scripts) == set()
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("there is no Chromium to open the dashboard with")
    page = tmp_path / "watched.html"
    page.write_text(text + WATCH, "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"]
    seen = attacked.run(
        browser, *flags, f"--user-data-dir={tmp_path}", "--dump-dom", f"file://{page}"
    )
    pictures = without_scripts.count('<div class="chart">')
    assert pictures > 15
    title = re.search(r"<title>(.*?)</title>", seen)[1]
    assert title == f"attacked: undefined, drawn: {pictures}, filters: true"


# ---------------------------------------------------------------- the hand-over
def test_the_hand_over_shows_hostile_values_and_its_files_are_safe(attacked, tmp_path):
    """By the program that the tool runs in the project."""
    lend(attacked.folder)
    program = rendering.ROOT / "tools" / "customer_360_tools" / "handover" / "tables.py"
    tables = json.loads(attacked.run(sys.executable, str(program), "25", str(tmp_path)))
    cells = [
        cell for table in tables.values() for column in table["columns"] for cell in column["cells"]
    ]
    assert unseen("".join(cells)) == set()
    assert max(map(len, cells)) <= 120
    formulas, files = [], list(tmp_path.glob("*.csv"))
    assert len(files) == len(tables) > 10
    for path in files:
        text = path.read_text("utf-8")
        assert unseen(text) == set()
        formulas += re.findall(r"^[=+@].*|(?:[,;]\"?)[=+@].*|^-[^\d].*", text, re.MULTILINE)
    assert formulas == []


# ---------------------------------------------------------------- too much
def sentence(program: str, folder: Path, *arguments: str, megabytes: int = 400) -> str:
    """What a program says on stderr; it has to fail, without a traceback and in bounded memory."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))

    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=bound,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def large_file(path: Path, size: int = 400_000_000) -> Path:
    """A file of zeros that takes no place on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.truncate(size)
    return path


def aliases(depth: int = 12) -> Iterator[str]:
    """YAML of a few lines that stands for 9 ** depth values."""
    yield "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for number in range(1, depth):
        yield f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n"


READ = "import sys, pathlib; sys.path.insert(0, 'scripts'); import {0}; {0}.{1}(pathlib.Path(sys.argv[1]))"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "has 400 MB, and a YAML file may have 5 MB"),
        ("[" * 100_000, "is nested more than 60 levels deep"),
        ("".join(aliases()), "stands for more than 500,000 values"),
        ("a: &a [*a]", "stands for more than 500,000 values"),
        ("a: [", "isn't YAML"),
    ],
    ids=["400 MB", "deep", "aliases of aliases", "an alias of itself", "broken"],
)
@pytest.mark.parametrize("reader", ["settings.read_yaml", "mapping.read_mapping"])
def test_yaml_that_is_too_much_gets_a_sentence(project, tmp_path, content, said, reader):
    """The answers file, a mapping: every program reads YAML by the same function."""
    path = tmp_path / "file.yml"
    if content is None:
        large_file(path)
    else:
        path.write_text(content)
    assert said in sentence(READ.format(*reader.split(".")), project(), str(path))


def test_every_program_reads_yaml_by_that_function():
    """A mapping's text is; the others read files of git's alone."""
    found = {
        path.name: re.findall(r"yaml\.(?:safe_)?load\(.*", path.read_text())
        for path in SCRIPTS.glob("*.py")
    }
    assert sorted(name for name, calls in found.items() if calls) == [
        "mapping.py",
        "schedule.py",
        "settings.py",
        "update.py",
    ]


@pytest.mark.parametrize("size", [400_000_000, 90_000_000])
def test_an_answer_of_hundreds_of_megabytes_gets_a_sentence(attacked, tmp_path, size):
    folder = shutil.copytree(
        attacked.folder, tmp_path / "project", ignore=shutil.ignore_patterns("*.duckdb*", "target")
    )
    large_file(folder / "answers" / "q03_customers_by_region.csv", size)
    program = "import runpy, sys; sys.path.insert(0, 'dashboard'); runpy.run_path('dashboard/render.py', run_name='__main__')"
    said = sentence(program, folder, megabytes=900)
    assert f"q03_customers_by_region.csv has {size / 1e6:.0f} MB" in said
    assert "Aggregate more in analysis/q03_customers_by_region.sql" in said


def test_a_value_that_never_ends_gets_a_sentence(attacked, tmp_path):
    folder = shutil.copytree(
        attacked.folder, tmp_path / "project", ignore=shutil.ignore_patterns("*.duckdb*", "target")
    )
    (folder / "answers" / "q03_customers_by_region.csv").write_text("a,b\n" + "x" * 20_000_000)
    program = "import runpy, sys; sys.path.insert(0, 'dashboard'); runpy.run_path('dashboard/render.py', run_name='__main__')"
    assert "can't be read: field larger than field limit" in sentence(
        program, folder, megabytes=900
    )


@pytest.mark.parametrize("content", [None, "[" * 1_000_000, "{"], ids=["400 MB", "deep", "broken"])
def test_a_manifest_that_is_too_much_gets_a_sentence(tmp_path, content):
    path = tmp_path / "target" / "manifest.json"
    if content is None:
        large_file(path)
    else:
        path.parent.mkdir()
        path.write_text(content)
    with pytest.raises(Problem, match=r"manifest.json (has 400 MB|isn't JSON)"):
        HandedOver(tmp_path).read_json("target/manifest.json")

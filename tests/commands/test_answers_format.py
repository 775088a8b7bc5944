"""How `make answers` writes values into CSV files and shows them on the screen."""

from __future__ import annotations

import io
import math
import re
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

SCRIPTS = Path(__file__).parents[2] / "template" / "scripts"


@pytest.fixture(scope="module")
def scripts():
    """The modules of the template's scripts/ by name; they import dbt only when they run."""
    names = ("answers", "formats", "questions", "session", "settings")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        import answers
        import formats
        import questions

        yield SimpleNamespace(answers=answers, formats=formats, questions=questions)
        for name in names:
            del sys.modules[name]


@pytest.fixture(scope="module")
def answers(scripts):
    return scripts.answers


@pytest.fixture(scope="module")
def formats(scripts):
    return scripts.formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (1234567, "1234567"),
        (Decimal("1234567.5000"), "1234567.5"),
        (Decimal(100), "100"),
        (Decimal("0.0000"), "0"),
        (Decimal("-0.00"), "0"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000001"), "0.000001"),
        (1e-7, "0.0000001"),
        (1.5e22, "15000000000000000000000"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (math.inf, "inf"),
        (date(1998, 8, 2), "1998-08-02"),
        (datetime(1998, 8, 2), "1998-08-02"),
        (datetime(1998, 8, 2, 3, 4, 5), "1998-08-02 03:04:05"),
        ("AFRICA", "AFRICA"),
    ],
)
def test_value_in_a_csv_file(formats, value, text):
    assert formats.csv_text(value) == text


def test_csv_file_has_a_header_line_feeds_and_utf_8(answers, tmp_path):
    file = tmp_path / "q.csv"
    assert answers.write_csv(file, ["name", "revenue"], [("Ü, x", Decimal("1.50")), (None, 2)]) == 2
    assert file.read_bytes() == 'name,revenue\n"Ü, x",1.5\n,2\n'.encode()


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("count", 1500, "1,500"),
        ("count", Decimal(20), "20"),
        ("count", None, "-"),
        ("key", 1500, "1500"),
        ("key", "shop:1500", "shop:1500"),
        ("ordinal", 1992, "1992"),
        ("ordinal", Decimal(1), "1"),
        ("percent", Decimal("0.249123"), "24.9 %"),
        ("percent", 0.0123, "1.23 %"),
        ("percent", 0.09999, "10.0 %"),
        ("percent", 12.5, "1,250.0 %"),
        ("money", Decimal("12345678.9012"), "12.3 M"),
        ("money", Decimal(2345678), "2.35 M"),
        ("money", 2.1e9, "2.10 bn"),
        ("money", 123456.78, "123 k"),
        ("money", 999_950, "1.00 M"),
        ("money", 9_980, "9,980"),
        ("money", Decimal("54.2000"), "54.20"),
        ("money", 99.999, "100"),
        ("money", -2_000_000, "-2.00 M"),
        ("money", 0, "0"),
        ("coefficient", -0.0123, "-0.012"),
        ("number", 15.0, "15.00"),
        ("text", "BUILDING", "BUILDING"),
        ("text", True, "true"),
        ("date", date(1998, 8, 1), "1998-08-01"),
    ],
)
def test_value_for_a_reader(formats, kind, value, text):
    assert formats.shown(kind, value).replace(formats.GAP, " ") == text


@pytest.mark.parametrize(
    ("values", "kind"),
    [([1, None], "count"), ([0.5], "number"), (["x"], "text"), ([True], "text"), ([None], "text")],
)
def test_column_without_a_format_is_shown_by_its_values(formats, values, kind):
    assert formats.format_of(None, values) == kind
    assert formats.format_of("money", values) == "money"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("count", "1500", 1500),
        ("money", "2.5", 2.5),
        ("money", "", None),
        ("key", "007", "007"),
        ("text", "1.5", "1.5"),
        ("date", "1998-08-01", "1998-08-01"),
        (None, "1.5", "1.5"),
    ],
)
def test_value_from_a_csv_file(formats, kind, text, value):
    found = formats.from_csv(kind, text)
    assert (found, type(found)) == (value, type(value))


def test_numbers_are_aligned_on_the_right_and_words_on_the_left(formats):
    assert [formats.is_right(kind) for kind in ("count", "key", "text")] == [True, True, False]


# ---------------------------------------------------------------- tables
def about(scripts, **formats: str):
    return scripts.questions.Question("q", "Who [buys]?", "words " * 30, "", formats)


def widths(tables, width) -> list[int]:
    """The widths of tables, with two blanks between columns."""
    return [sum(map(width, columns)) + 2 * (len(columns) - 1) for columns in tables]


def test_narrow_result_is_shown_whole(scripts, answers):
    names = ["market_segment", "customers"]
    columns = answers.columns_of(about(scripts), names, [["BUILDING", 1], ["X", 2]])
    assert answers.parts(columns, 80) == [columns]
    assert columns[1] == ("customers", "count", ["1", "2"])


def test_wide_result_comes_in_parts_that_repeat_the_first_columns(scripts, answers):
    names = ["scheme", "market_segment", *(f"measurement_{i}" for i in range(20))]
    rows = [["brand", f"SEGMENT {i}", *range(20)] for i in range(9)]
    columns = answers.columns_of(about(scripts), names, rows)
    tables = answers.parts(columns, 80)
    assert len(tables) > 1
    assert max(widths(tables, answers.width)) <= 80
    assert all(table[:2] == columns[:2] for table in tables)
    assert [column for table in tables for column in table[2:]] == columns[2:]


def test_long_result_is_shortened_with_a_note(answers):
    rows = [[i] for i in range(200)]
    shown, note = answers.shorten(rows, "answers/q.csv")
    assert (len(shown), shown[0], note) == (10, [0], "... 190 more rows in answers/q.csv")


def test_long_time_series_shows_its_end(answers):
    rows = [[date(1992 + i // 12, i % 12 + 1, 1)] for i in range(80)]
    shown, note = answers.shorten(rows, "answers/q.csv")
    assert (shown[-1], note) == (rows[-1], "... 70 earlier rows in answers/q.csv")


def printed(scripts, names, rows, **kinds: str) -> list[str]:
    """The lines that an answer takes in a terminal of 80 columns."""
    stream = io.StringIO()
    console = Console(file=stream, width=80)
    scripts.answers.print_answer(console, about(scripts, **kinds), names, rows)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_printed_answer_is_no_wider_than_the_terminal(scripts, formats):
    names = ["market_segment", *(f"revenue_of_kind_{i}" for i in range(11))]
    rows = [(f"SEGMENT [{i}]", *(10.0**j for j in range(11))) for i in range(30)]
    lines = printed(scripts, names, rows, **dict.fromkeys(names[1:], "money"))
    assert max(map(len, lines)) <= 80
    assert "Who [buys]?" in lines
    assert any(line.startswith("SEGMENT [9]") for line in lines)
    assert any(f"1.00{formats.GAP}M" in line for line in lines)
    assert "... 20 more rows in answers/q.csv" in lines


def test_no_value_is_cut_or_wrapped(scripts):
    names = ["a_column_with_a_long_name", "another_column_with_a_long_name"]
    long = "a value of more than thirty letters"
    assert any(f"{long}  {long}" in line for line in printed(scripts, names, [(long, long)]))


def test_answer_without_rows_says_so(scripts):
    assert "(no rows)" in printed(scripts, ["a"], [])


# ---------------------------------------------------------------- the list of questions
def test_every_column_of_an_answer_has_a_format(scripts, formats):
    """In the order of the query, so the list reads as the file does."""
    found = scripts.questions.questions(SCRIPTS.parent)
    folder = SCRIPTS.parent / "analysis"
    assert set(found) == {path.stem for path in folder.glob("*.sql")}
    for name, question in found.items():
        # the names of the last select list, one a line
        select = (folder / f"{name}.sql").read_text("utf-8").split("\nfrom ")[-2]
        columns = re.findall(r"(\w+),?$", select.rpartition("select\n")[2], re.MULTILINE)
        assert list(question.formats) == columns, name
        assert set(question.formats.values()) <= set(formats.FORMATS), name
        assert question.section and question.definition and question.text.endswith("?"), name

"""How `make answers` writes values into CSV files and shows them on the screen."""

from __future__ import annotations

import io
import math
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "template" / "scripts"


@pytest.fixture(scope="module")
def answers():
    """The module scripts/answers.py of the template; it imports dbt only when it runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        import answers

        yield answers
        del sys.modules["answers"], sys.modules["settings"]


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
def test_value_in_a_csv_file(answers, value, text):
    assert answers.csv_row([value]) == [text]


def test_csv_file_has_a_header_line_feeds_and_utf_8(answers, tmp_path):
    file = tmp_path / "q.csv"
    assert answers.write_csv(file, ["name", "revenue"], [("Ü, x", Decimal("1.50")), (None, 2)]) == 2
    assert file.read_bytes() == 'name,revenue\n"Ü, x",1.5\n,2\n'.encode()


@pytest.mark.parametrize(
    ("name", "values", "texts"),
    [
        ("customers", [1500, 20], ["1,500", "20"]),
        ("customers", [1500, None], ["1,500", "-"]),
        ("customer_key", [1500], ["1500"]),
        ("first_year", [1992], ["1992"]),
        ("customers_end_first_year", [1992], ["1,992"]),
        ("growth_rank", [1], ["1"]),
        ("share_of_customers", [Decimal("0.249123")], ["24.9 %"]),
        ("growth_rate", [None, 0.0123], ["-", "1.23 %"]),
        ("top_revenue_share", [0.36], ["36.0 %"]),
        ("revenue", [Decimal("12345678.9012"), Decimal(2345678)], ["12.35 M", "2.35 M"]),
        ("revenue", [2.1e9, 1.2e7], ["2.1 bn", "12.0 M"]),
        ("revenue", [0, 500], ["0.00", "500.00"]),
        ("spend", [123456.78], ["123.5 k"]),
        ("ltv_min", [-2000000, 0], ["-2.00 M", "0.00 M"]),
        ("pearson_orders_aov", [-0.0123], ["-0.012"]),
        ("mean_hhi", [0.2121], ["0.212"]),
        ("hhi_rank", [3], ["3"]),
        ("orders_median", [15.0], ["15.00"]),
        ("market_segment", ["BUILDING"], ["BUILDING"]),
        ("month_start", [date(1998, 8, 1)], ["1998-08-01"]),
        ("is_buyer", [True, False], ["true", "false"]),
    ],
)
def test_value_on_the_screen(answers, name, values, texts):
    assert answers.shown(name, values)[0] == texts


def test_numbers_are_aligned_on_the_right_and_words_on_the_left(answers):
    assert answers.shown("customers", [1])[1]
    assert not answers.shown("market_segment", ["BUILDING"])[1]


def test_header_is_wrapped_to_the_width_of_its_column(answers):
    (column,) = answers.columns_of(["revenue_weighted_top_share"], [[0.1]])
    assert column.header == "revenue\nweighted\ntop\nshare"


def widths(blocks) -> list[int]:
    """The widths of tables, with two blanks between columns."""
    return [sum(c.width for c in b.columns) + 2 * (len(b.columns) - 1) for b in blocks]


def test_narrow_result_is_shown_whole(answers):
    columns = answers.columns_of(["market_segment", "customers"], [["BUILDING", 1], ["X", 2]])
    assert answers.layout(columns, 80) == [answers.Block("", columns)]


def test_few_rows_with_many_columns_are_shown_on_their_side(answers):
    names = ["market_segment", *(f"measure_number_{i}" for i in range(12))]
    rows = [[segment, *range(12)] for segment in ("AUTOMOBILE", "BUILDING", "FURNITURE")]
    (block,) = answers.layout(answers.columns_of(names, rows), 80)
    assert [column.cells[0] for column in block.columns] == ["measure number 0", "0", "0", "0"]
    assert len(block.columns[0].cells) == 12


def test_wide_result_is_split_by_its_first_column(answers):
    names = ["scheme", "market_segment", *(f"measurement_{i}" for i in range(5))]
    rows = [[scheme, f"SEGMENT {i}", *range(5)] for scheme in ("brand", "mfgr") for i in range(9)]
    blocks = answers.layout(answers.columns_of(names, rows), 76)
    assert [block.title for block in blocks] == ["scheme: brand", "scheme: mfgr"]
    assert max(widths(blocks)) <= 76


def test_whatever_does_not_fit_comes_in_parts_that_repeat_the_first_column(answers):
    names = ["customer_key", *(f"measurement_{i}" for i in range(20))]
    rows = [[i, *range(20)] for i in range(25)]
    blocks = answers.layout(answers.columns_of(names, rows), 80)
    assert len(blocks) > 1
    assert max(widths(blocks)) <= 80
    assert all(block.columns[0].words == ["customer", "key"] for block in blocks)


def test_long_result_is_shortened_with_a_note(answers):
    rows = [[i] for i in range(200)]
    shown, note = answers.shorten(["rank"], rows, "answers/q.csv")
    assert (len(shown), shown[0], note) == (10, [0], "... 190 more rows in answers/q.csv")


def test_long_time_series_shows_its_end(answers):
    rows = [[date(1992 + i // 12, i % 12 + 1, 1)] for i in range(80)]
    shown, note = answers.shorten(["month_start"], rows, "answers/q.csv")
    assert (shown[-1], note) == (rows[-1], "... 70 earlier rows in answers/q.csv")


def test_printed_answer_is_no_wider_than_the_terminal(answers):
    from rich.console import Console

    stream = io.StringIO()
    names = ["market_segment", *(f"revenue_of_kind_{i}" for i in range(11))]
    rows = [(f"SEGMENT [{i}]", *(10.0**j for j in range(11))) for i in range(30)]
    answers.print_answer(
        Console(file=stream, width=80), "Who [buys]?", "q: " + "words " * 30, names, rows, "a/q.csv"
    )
    lines = stream.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert "Who [buys]?" in lines
    assert any(line.startswith("SEGMENT [9]") for line in lines)
    assert "... 20 more rows in a/q.csv" in lines


def test_answer_without_rows_says_so(answers):
    from rich.console import Console

    stream = io.StringIO()
    answers.print_answer(Console(file=stream, width=80), "Who?", "q: none", ["a"], [], "a/q.csv")
    assert "(no rows)" in stream.getvalue()

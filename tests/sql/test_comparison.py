"""The comparison sees every kind of difference, and the reader every kind of bad format."""

import datetime
from decimal import Decimal

import pytest
from independent_sql.comparison import compare, read_csv

COLUMNS = ["name", "customers", "revenue", "day", "is_buyer", "gap"]
ROWS = [
    ("EUROPE", 3, Decimal("2000000.5000"), datetime.date(1995, 1, 31), True, None),
    ("ASIA", 0, Decimal("0.1250"), None, False, 0.5),
]


def changed(row: int, column: str, value: object) -> list[tuple]:
    """ROWS with one value replaced."""
    rows = [list(values) for values in ROWS]
    rows[row][COLUMNS.index(column)] = value
    return [tuple(values) for values in rows]


def test_equal_results_have_no_difference():
    assert compare(COLUMNS, ROWS, COLUMNS, [list(row) for row in ROWS]) == []


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        pytest.param(1, "revenue", Decimal("0.125001"), id="one in the sixth place"),
        pytest.param(1, "revenue", 0.124999, id="one in the sixth place, as a float"),
        pytest.param(0, "revenue", 2000002, id="a millionth of a large value, as a whole number"),
        pytest.param(1, "gap", Decimal("0.50"), id="other trailing zeros"),
    ],
)
def test_a_difference_within_the_tolerance_passes(row, column, value):
    assert compare(COLUMNS, ROWS, COLUMNS, changed(row, column, value)) == []


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        pytest.param(0, "name", "ASIA", "'ASIA' instead of 'EUROPE'", id="text"),
        pytest.param(0, "name", "Europe", "'Europe' instead of 'EUROPE'", id="case of a text"),
        pytest.param(0, "customers", 4, "4 instead of 3", id="count"),
        pytest.param(
            0,
            "customers",
            Decimal("3.0"),
            "(int is expected, not Decimal)",
            id="count with a point",
        ),
        pytest.param(0, "customers", "3", "(int is expected, not str)", id="count as text"),
        pytest.param(0, "customers", True, "(int is expected, not bool)", id="boolean for a count"),
        pytest.param(1, "customers", None, "null instead of 0", id="null for 0"),
        pytest.param(0, "gap", Decimal(0), "0 instead of null", id="0 for null"),
        pytest.param(0, "gap", "", "'' instead of null", id="empty text for null"),
        pytest.param(
            1, "revenue", Decimal("0.125002"), "off by 0.000002", id="two in the sixth place"
        ),
        pytest.param(0, "revenue", Decimal("2000002.6"), "off by 2.1", id="more than a millionth"),
        pytest.param(1, "gap", float("nan"), "not a finite number", id="not a number"),
        pytest.param(1, "gap", "0.5", "a number is expected", id="number as text"),
        pytest.param(
            0, "day", datetime.date(1995, 2, 1), "1995-02-01 instead of 1995-01-31", id="date"
        ),
        pytest.param(
            0, "day", datetime.datetime(1995, 1, 31), "(date is expected, not datetime)", id="time"
        ),
        pytest.param(0, "is_buyer", False, "false instead of true", id="boolean"),
        pytest.param(0, "is_buyer", 1, "(bool is expected, not int)", id="1 for true"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(row, column, value, message):
    (difference,) = compare(COLUMNS, ROWS, COLUMNS, changed(row, column, value))
    assert difference.startswith(f"row {row + 1} (name '{ROWS[row][0]}'), {column}: ")
    assert message in difference


def test_the_order_of_rows_counts():
    assert len(compare(COLUMNS, ROWS, COLUMNS, ROWS[::-1])) > 1


def test_missing_and_extra_rows_are_told():
    assert compare(COLUMNS, ROWS, COLUMNS, ROWS[:1]) == ["1 rows instead of 2"]
    assert compare(COLUMNS, ROWS, COLUMNS, [*ROWS, ROWS[1]]) == ["3 rows instead of 2"]
    assert compare(COLUMNS, ROWS, COLUMNS, []) == ["0 rows instead of 2"]


def test_a_row_of_another_length_is_told():
    assert compare(COLUMNS, ROWS, COLUMNS, [ROWS[0][:-1], ROWS[1]]) == [
        "row 1 has 5 values instead of 6"
    ]


def test_columns_are_told_by_name():
    swapped = ["customers", "name", *COLUMNS[2:]]
    assert compare(COLUMNS, ROWS, swapped, ROWS)[0].startswith(
        "columns in another order: customers, name, "
    )
    assert compare(COLUMNS, ROWS, [*COLUMNS[:-1], "gaps"], ROWS) == [
        "columns differ; missing: gap; not expected: gaps"
    ]


def test_only_the_first_differences_are_told():
    one, two = [(number,) for number in range(25)], [(number + 1,) for number in range(25)]
    differences = compare(["n"], one, ["n"], two)
    assert len(differences) == 11
    assert differences[-1] == "and 15 more differences"


def test_a_well_formed_file_is_read_with_its_types(tmp_path):
    file = tmp_path / "answer.csv"
    file.write_text(
        'name,customers,revenue,day,is_buyer,gap\n"A, B",3,-2.50,1995-01-31,true,\nC,0,1,,false,0\n'
    )
    columns, rows = read_csv(file)
    assert columns == COLUMNS
    assert rows == [
        ("A, B", 3, Decimal("-2.50"), datetime.date(1995, 1, 31), True, None),
        ("C", 0, 1, None, False, 0),
    ]
    assert [type(value).__name__ for value in rows[0]] == [
        "str",
        "int",
        "Decimal",
        "date",
        "bool",
        "NoneType",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header"),
        ("a,a\n1,2\n", "column a twice"),
        ("a,A B\n1,2\n", "'A B' is no column name"),
        ("1,2\n3,4\n", "'1' is no column name"),
        ("a,b\n1\n", "line 2: 1 values instead of 2"),
        ("a,b\n1,2,3\n", "line 2: 3 values instead of 2"),
        ("a,b\n1,1995-01-31 00:00:00\n", "line 2, b: '1995-01-31 00:00:00' is a date with a time"),
        ("a,b\n1,1995-02-31\n", "no date of the calendar"),
        ("a,b\n1,31/01/1995\n", "a date that is not ISO"),
        ("a,b\n1,1e-05\n", "a number with an exponent"),
        ('a,b\n1,"1,234.50"\n', "a number with separators"),
        ("a,b\n1,.5\n", "a number not written plainly"),
        ("a,b\n1,+5\n", "a number not written plainly"),
        ("a,b\n1,007\n", "a number not written plainly"),
        ("a,b\n1,NaN\n", "not a number"),
        ("a,b\n1,-inf\n", "not a number"),
        ("a,b\n1,True\n", "a boolean not in lower case"),
        ("a,b\n1,NULL\n", "a null that is not empty"),
        ("a,b\n1,None\n", "a null that is not empty"),
        ("a,b\n1,x \n", "space at an end"),
    ],
)
def test_a_badly_formed_file_is_refused(tmp_path, text, message):
    file = tmp_path / "answer.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="answer.csv") as error:
        read_csv(file)
    assert message in str(error.value)

"""The reference against answers worked out by hand on six customers, two of them without orders."""

import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import hand_made_data
import pytest
from independent_sql import handwritten_build
from independent_sql.comparison import compare, read_csv
from independent_sql.queries import NAMES, answer, connect


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with the eight Parquet files and the two seeds."""
    return hand_made_data.write(tmp_path_factory.mktemp("hand_made_data"))


@pytest.fixture(scope="module")
def con(folder) -> duckdb.DuckDBPyConnection:
    return connect(folder, folder)


def rows(con: duckdb.DuckDBPyConnection, name: str, *wanted: str) -> list[tuple]:
    """Rows of a result, only the columns `wanted` where given, decimals as floats."""
    columns, found = answer(con, name)
    places = [columns.index(column) for column in wanted or columns]
    return [
        tuple(float(row[at]) if isinstance(row[at], Decimal) else row[at] for at in places)
        for row in found
    ]


def test_places_without_customers_keep_their_rows(con):
    assert rows(con, "q01_customers_by_nation") == [
        ("ASIA", "CHINA", 3, 0.5, 2, 700),
        ("AFRICA", "KENYA", 3, 0.5, 2, 600),
        ("EUROPE", "FRANCE", 0, 0, 0, 0),
    ]
    assert rows(con, "q03_customers_by_region") == [
        ("AFRICA", 3, 0.5, 2, 1, 600),
        ("ASIA", 3, 0.5, 2, 1, 700),
        ("EUROPE", 0, 0, 0, 0, 0),
    ]


def test_segments_are_counted_with_customers_who_never_bought(con):
    assert rows(con, "q02_customers_by_segment") == [
        ("MACHINERY", 3, 0.5, 2, 1),
        ("BUILDING", 2, 0.333333, 2, 2),
        ("FURNITURE", 1, 0.166667, 0, 3),
    ]
    assert rows(con, "q08_revenue_share_by_segment") == [
        ("MACHINERY", 700, 0.538462, 3),
        ("BUILDING", 600, 0.461538, 4),
        ("FURNITURE", 0, 0, 0),
    ]


def test_months_have_no_gaps_and_activity_looks_back_twelve_of_them(con):
    months = {row[0].isoformat()[:7]: row[1:] for row in rows(con, "q04_growth_by_month")}
    assert len(months) == 25
    assert (min(months), max(months)) == ("1995-01", "1997-01")
    assert months["1995-01"] == (1, 1, None, 1, 1, 2, 200, 0, 0)
    assert months["1995-02"] == (0, 1, 0, 0, 1, 0, 0, 0, 0)
    assert months["1995-03"] == (1, 2, 1, 1, 2, 1, 200, 0, 0)
    assert months["1995-12"] == (1, 3, 0.5, 1, 3, 1, 100, 0, 0)
    assert months["1996-01"] == (0, 3, 0, 0, 2, 0, 0, 0, 0)
    assert months["1996-03"] == (1, 4, 0.333333, 2, 3, 2, 700, 0, 0)
    assert months["1996-07"] == (0, 4, 0, 0, 3, 0, 0, 0, 0)
    assert months["1997-01"] == (0, 4, 0, 1, 3, 1, 100, 0, 0)


@pytest.mark.parametrize(
    ("as_of", "last_full_year", "asia", "africa"),
    [
        pytest.param(None, 1996, (1, 2, 1, 1.0, 1, 2), (2, 2, 0, 0.0, 2, 2), id="the data's end"),
        pytest.param(
            "1998-12-31", 1998, (1, 2, 1, 0.259921, 1, 2), (2, 2, 0, 0.0, 2, 2), id="three years on"
        ),
        pytest.param(
            "1996-12-31", 1996, (1, 2, 1, 1.0, 1, 2), (2, 2, 0, 0.0, 2, 2), id="a year's last day"
        ),
        pytest.param(
            "1996-12-30",
            None,
            (1, None, None, None, None, 2),
            (2, None, None, None, None, 2),
            id="a day before",
        ),
    ],
)
def test_growth_by_region_takes_complete_years(folder, as_of, last_full_year, asia, africa):
    con = connect(folder, folder, as_of and day(as_of))
    found = {row[0]: row[1:] for row in rows(con, "q05_growth_by_region")}
    assert found == {
        "ASIA": (1995, last_full_year, *asia),
        "AFRICA": (1995, last_full_year, *africa),
        "EUROPE": (
            1995,
            last_full_year,
            0,
            *([None] * 2 if last_full_year is None else [0, 0]),
            None,
            None,
            0,
        ),
    }


def test_brand_spend_is_shared_by_new_customers_and_nobody_new_has_no_cost(con):
    assert rows(con, "q06_cac_by_segment") == [
        ("BUILDING", 2, 300, 150, 183.3333),
        ("FURNITURE", 0, 7, None, None),
        ("MACHINERY", 1, 10, 10, 43.3333),
    ]


def test_the_top_fifth_is_rounded_up(con):
    assert rows(con, "q07_top20_customers") == [(1, 4, "MACHINERY", "CHINA", "ASIA", 1, 500)]
    assert rows(con, "q07_top20_summary") == [
        ("buyers", 4, 1, 500, 1300, 0.384615, 500),
        ("all_customers", 6, 2, 900, 1300, 0.692308, 400),
    ]


def test_lifetime_values_of_buyers_and_of_all_customers(con):
    building = (2, 200, 220, 250, 300, 350, 380, 400, 300, 141.4214)
    assert rows(con, "q09_ltv_distribution_by_segment") == [
        ("buyers", "BUILDING", *building),
        ("buyers", "FURNITURE", 0, *[None] * 9),
        ("buyers", "MACHINERY", 2, 200, 230, 275, 350, 425, 470, 500, 350, 212.132),
        ("all_customers", "BUILDING", *building),
        ("all_customers", "FURNITURE", 1, *[0] * 8, None),
        ("all_customers", "MACHINERY", 3, 0, 40, 100, 200, 350, 440, 500, 233.3333, 251.6611),
    ]


def test_gaps_between_orders_are_pooled_and_same_day_is_a_gap_of_0(con):
    assert rows(con, "q10_purchase_frequency_by_segment") == [
        ("BUILDING", 2, 4, 2, 2, 1.0418, 1.0418, 213, 213, 213, 1, 0),
        ("FURNITURE", 0, 0, *[None] * 7, 0, 0),
        ("MACHINERY", 2, 3, 1.5, 1.5, 1.6074, 1.6074, 367, 367, 367, 1, 0),
    ]


def test_ties_take_the_average_rank_and_two_points_are_a_line(con):
    assert rows(con, "q11_order_size_vs_frequency") == [
        ("ALL", 4, -0.635642, -0.737865, -0.157509, 233.3333),
        ("BUILDING", 2, -1, -1, 1, 166.6667),
        ("FURNITURE", 0, None, None, None, None),
        ("MACHINERY", 2, -1, -1, -1, 300),
    ]


def test_loyalty_is_ranked_within_each_scheme(con):
    nobody = (0, None, None, None, None, None, None, None)
    loyal = (2, 1, 0, 1, 1, 1, 1, 1)
    split = (2, 0.675, 0.175, 0.733333, 0.6225, 2, 2, 2)
    assert rows(con, "q12_category_loyalty_by_segment") == [
        ("type_material", "BUILDING", *split),
        ("type_material", "FURNITURE", *nobody),
        ("type_material", "MACHINERY", *loyal),
        ("type_class", "BUILDING", 2, 0.825, 0.175, 0.766667, 0.7725, 1.5, 2, 2),
        ("type_class", "FURNITURE", *nobody),
        ("type_class", "MACHINERY", *loyal),
        ("mfgr", "BUILDING", *split),
        ("mfgr", "FURNITURE", *nobody),
        ("mfgr", "MACHINERY", *loyal),
        ("brand", "BUILDING", 2, 0.5, 0, 0.5, 0.4475, 2.5, 2, 2),
        ("brand", "FURNITURE", *nobody),
        ("brand", "MACHINERY", *loyal),
    ]


def test_customer_360_row_by_row(con):
    columns, _ = answer(con, "customer_360")
    one, two, three, four, five, six = (
        dict(zip(columns, row)) for row in rows(con, "customer_360")
    )
    assert one == {
        "customer_key": 1,
        "market_segment": "BUILDING",
        "nation_name": "KENYA",
        "region_name": "AFRICA",
        "account_balance": -5.25,
        "is_buyer": True,
        "first_order_date": day("1995-01-10"),
        "last_order_date": day("1996-03-11"),
        "orders": 3,
        "revenue": 400,
        "revenue_with_tax": 412,
        "returned_revenue": 60,
        "lines": 4,
        "quantity": 10,
        "avg_order_value": 133.3333,
        "recency_days": 296,
        "tenure_days": 722,
        "orders_365d": 1,
        "revenue_365d": 200,
        "r_score": 2,
        "f_score": 4,
        "m_score": 3,
        "value_rank": 2,
        "is_top_20_percent": False,
        "lifecycle_state": "lapsing",
        "top_category": "TIN",
        "top_category_share": 0.85,
        "category_hhi": 0.745,
        "rfm_segment": "stale",
        "return_rate": 0.25,
        "acquisition_cohort": day("1995-01-01"),
        "net_revenue": 340,
    }
    assert (two["top_category"], two["top_category_share"]) == ("BRASS", 0.5), "ties: the first"
    assert (two["orders_365d"], two["revenue_365d"]) == (0, 0)
    assert [c["value_rank"] for c in (four, one, two, three)] == [1, 2, 3, 4], "ties: lower key"
    assert [c["is_top_20_percent"] for c in (four, one, two, three)] == [True, False, False, False]
    # equal measures share the smallest position: positions 1, 2, 2, 4 of four give 1, 2, 2, 4
    assert [c["r_score"] for c in (two, four, one, three)] == [1, 2, 2, 4]
    assert [c["f_score"] for c in (four, two, three, one)] == [1, 1, 3, 4]
    assert [c["m_score"] for c in (three, two, one, four)] == [1, 1, 3, 4]
    assert [c["rfm_segment"] for c in (two, four, one, three)] == ["stale"] * 3 + ["fresh"]
    assert [c["lifecycle_state"] for c in (two, three, four)] == ["churned", "active", "lapsing"]
    for customer in (five, six):
        zero = {name for name, value in customer.items() if value == 0 and value is not False}
        assert zero == {
            *("orders", "revenue", "revenue_with_tax", "returned_revenue", "lines", "quantity"),
            *("orders_365d", "revenue_365d", "net_revenue"),
        }
        assert (customer["is_buyer"], customer["is_top_20_percent"]) == (False, False)
        assert customer["lifecycle_state"] == "prospect"
        assert [name for name, value in customer.items() if value is None] == [
            *("first_order_date", "last_order_date", "avg_order_value", "recency_days"),
            *("tenure_days", "r_score", "f_score", "m_score", "value_rank", "top_category"),
            *("top_category_share", "category_hhi", "rfm_segment", "return_rate"),
            "acquisition_cohort",
        ]


@pytest.mark.parametrize(
    ("as_of", "state"),
    [
        ("1997-04-01", "active"),
        ("1997-04-02", "lapsing"),
        ("1998-01-01", "lapsing"),
        ("1998-01-02", "churned"),
    ],
)
def test_lifecycle_changes_the_day_after_90_and_365_days(folder, as_of, state):
    con = connect(folder, folder, day(as_of))
    states = dict(rows(con, "customer_360", "customer_key", "lifecycle_state"))
    assert states[3] == state


def test_the_last_365_days_end_with_the_as_of_date(folder):
    for as_of, expected in (("1997-03-10", (1, 200)), ("1997-03-11", (0, 0))):
        con = connect(folder, folder, day(as_of))
        assert rows(con, "customer_360", "orders_365d", "revenue_365d")[0] == expected


def test_cohorts_keep_quarters_without_an_order(con):
    expected = []
    for quarter, size, retained in (
        ("1995-01-01", 2, [2, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("1995-10-01", 1, [1, 0, 0, 0, 0, 1]),
        ("1996-01-01", 1, [1, 0, 0, 0, 0]),
    ):
        expected += [(day(quarter), size, n, k, k / size) for n, k in enumerate(retained)]
    assert rows(con, "customer_cohort_retention") == expected


def test_orders_after_the_as_of_date_do_not_exist(folder):
    con = connect(folder, folder, day("1995-12-30"))
    totals = rows(con, "q07_top20_summary", "population", "customers", "total_revenue")
    assert totals == [("buyers", 2, 400), ("all_customers", 6, 400)]
    (first, *_) = rows(con, "customer_360", "orders", "lines", "recency_days", "top_category_share")
    assert first == (2, 3, 354, 0.7)
    assert con.sql("select count(*) from counted_lines").fetchall() == [(5,)]


@pytest.fixture(scope="module")
def messy_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("messy")
    return hand_made_data.write(folder, hand_made_data.MESSY, hand_made_data.MESSY_SPEND)


@pytest.fixture(scope="module")
def messy(messy_folder) -> duckdb.DuckDBPyConnection:
    return connect(messy_folder, messy_folder, variables=hand_made_data.MESSY_VARIABLES)


@pytest.fixture(scope="module")
def messy_net(messy_folder) -> duckdb.DuckDBPyConnection:
    net = {**hand_made_data.MESSY_VARIABLES, "revenue_basis": "net"}
    return connect(messy_folder, messy_folder, variables=net)


def by_key(con: duckdb.DuckDBPyConnection, *wanted: str) -> dict[int, tuple]:
    return {row[0]: row[1:] for row in rows(con, "customer_360", "customer_key", *wanted)}


def test_refunds_guests_and_cancelled_orders_in_customer_360(messy):
    """Order 1 of customer 1: 100 less 12.5 % is 87.5, with 8.1 % tax 94.5875; 40 go back later."""
    money = ("orders", "revenue", "revenue_with_tax", "returned_revenue", "net_revenue")
    assert by_key(messy, "is_buyer", *money) == {
        -1: (True, 1, 10, 10, 15, -5),
        1: (True, 1, 87.5, 94.5875, 40, 47.5),
        2: (True, 1, 87.5, 87.5, 0, 87.5),  # order 11 has no line, and is none
        3: (True, 1, 10.0001, 10.00009, 0, 10.0001),  # order 4 is cancelled
        4: (False, 0, 0, 0, 0, 0),
        5: (False, 0, 0, 0, 30, -30),  # refunds alone make no buyer
    }
    # the as-of date is that of a guest's refund, 2024-04-02; order 10 is later, but cancelled
    assert by_key(messy, "recency_days", "lines", "quantity", "return_rate", "lifecycle_state") == {
        -1: (47, 1, 1, 0, "active"),
        1: (83, 1, 2, 0, "active"),  # return flags mean nothing where returns are lines
        2: (83, 2, 2, 0, "active"),
        3: (47, 1, 1, 0, "active"),
        4: (None, 0, 0, None, "prospect"),
        5: (None, 0, 0, None, "prospect"),
    }


def test_equal_measures_score_alike(messy, messy_net):
    scores = ("r_score", "f_score", "m_score", "value_rank", "is_top_20_percent")
    # dates: positions 1, 1, 3, 3 of four; orders: all 1; revenue: 10, 10.00009, 87.5, 87.5
    assert by_key(messy, *scores) == {
        -1: (3, 1, 1, 4, False),
        1: (1, 1, 3, 1, True),
        2: (1, 1, 3, 2, False),
        3: (3, 1, 2, 3, False),
        4: (None, None, None, None, False),
        5: (None, None, None, None, False),
    }
    # net revenue: -5, 10.00009, 47.5, 87.5
    assert by_key(messy_net, "m_score", "value_rank", "avg_order_value", "revenue") == {
        -1: (1, 4, -5, 10),
        1: (3, 2, 47.5, 87.5),
        2: (4, 1, 87.5, 87.5),
        3: (2, 3, 10.0001, 10.0001),
        4: (None, None, None, 0),
        5: (None, None, None, 0),
    }
    assert by_key(messy_net, "revenue_365d")[5] == (-30,)


def test_two_nations_of_one_name_and_unknown_ones(messy):
    assert rows(messy, "q01_customers_by_nation") == [
        ("AFRICA", "KENYA", 2, 0.333333, 1, 87.5),
        ("unknown", "unknown", 2, 0.333333, 1, 10),
        ("ASIA", "GEORGIA", 1, 0.166667, 1, 87.5),
        ("AFRICA", "GEORGIA", 1, 0.166667, 1, 10.0001),
    ]
    assert rows(messy, "q02_customers_by_segment") == [
        ("unknown", 3, 0.5, 2, 1),
        ("BUILDING", 2, 0.333333, 2, 2),
        ("MACHINERY", 1, 0.166667, 0, 3),
    ]
    assert rows(messy, "q03_customers_by_region") == [
        ("AFRICA", 3, 0.5, 2, 2, 97.5001),
        ("unknown", 2, 0.333333, 1, 1, 10),
        ("ASIA", 1, 0.166667, 1, 1, 87.5),
    ]


def test_guests_and_refunds_in_the_months(messy, messy_net):
    months = [day(f"2024-0{month}-01") for month in (1, 2, 3, 4)]
    counts = [(2, 2, None, 2, 2, 2), (2, 4, 1, 2, 4, 3), (0, 4, 0, 0, 4, 0), (0, 4, 0, 0, 4, 0)]
    gross = [(175, 0, 0), (70.0001, 1, 50), (0, 0, 0), (0, 0, 0)]
    net = [(175, 0, 0), (55.0001, 1, 50), (-70, 0, 0), (-5, 0, -5)]
    for con, money in ((messy, gross), (messy_net, net)):
        assert rows(con, "q04_growth_by_month") == [
            (month, *count, *sums) for month, count, sums in zip(months, counts, money)
        ]


def test_a_shop_younger_than_a_year_has_no_growth_yet(messy):
    assert rows(messy, "q05_growth_by_region") == [
        ("AFRICA", 2024, None, 2, None, None, None, None, 2),
        ("ASIA", 2024, None, 1, None, None, None, None, 1),
        ("unknown", 2024, None, 1, None, None, None, None, 1),
    ]
    nothing = (None,) * 5
    assert rows(messy, "q10_purchase_frequency_by_segment") == [
        ("BUILDING", 2, 2, 1, 1, *nothing, 2, 2),
        ("MACHINERY", 0, 0, None, None, *nothing, 0, 0),
        ("unknown", 2, 2, 1, 1, *nothing, 2, 2),
    ]


def test_the_minimum_tenure_is_a_setting(messy_folder):
    variables = {**hand_made_data.MESSY_VARIABLES, "minimum_tenure_days": 83}
    con = connect(messy_folder, messy_folder, variables=variables)
    found = rows(
        con,
        "q10_purchase_frequency_by_segment",
        *("orders_per_year_median", "orders_per_year_mean", "buyers_without_rate"),
    )
    assert found == [(4.3482, 4.3482, 0), (None, None, 0), (None, None, 2)]  # 365.25 / 84


def test_spend_of_a_month_and_new_customers_of_unknown_segments(messy):
    assert rows(messy, "q06_cac_by_segment") == [
        ("BUILDING", 2, 30, 15, 17),
        ("MACHINERY", 0, 0, None, None),
        ("unknown", 2, 0, 0, 2),
    ]


def test_shares_are_of_positive_parts(messy, messy_net):
    assert rows(messy, "q07_top20_summary") == [
        ("buyers", 4, 1, 87.5, 195.0001, 0.448718, 87.5),
        ("all_customers", 6, 2, 175, 195.0001, 0.897435, 87.5),
    ]
    # 87.5 + 47.5 + 10.00009 is positive, -5 and -30 are not
    assert rows(messy_net, "q07_top20_summary") == [
        ("buyers", 4, 1, 87.5, 140.0001, 0.603448, 87.5),
        ("all_customers", 6, 2, 135, 110.0001, 0.931034, 47.5),
    ]
    assert rows(messy, "q08_revenue_share_by_segment") == [
        ("BUILDING", 175, 0.897435, 2),
        ("unknown", 20.0001, 0.102565, 2),
        ("MACHINERY", 0, 0, 0),
    ]
    assert rows(messy_net, "q08_revenue_share_by_segment") == [
        ("BUILDING", 135, 0.964285, 2),
        ("unknown", 5.0001, 0.035715, 2),
        ("MACHINERY", -30, 0, 0),
    ]


def test_a_category_that_went_back_is_no_part_of_loyalty(messy, messy_net):
    category = ("top_category", "top_category_share", "category_hhi")
    expected = {
        -1: ("TIN", 1, 1),
        1: ("TIN", 1, 1),
        2: ("BRASS", 0.571429, 0.510204),  # 50 of 87.5
        3: ("unknown", 1, 1),  # the part is not delivered
        4: (None, None, None),
        5: (None, None, None),
    }
    assert by_key(messy, *category) == expected
    # net: the unknown customer's TIN is -5; the BRASS that customer 1 gave back was never bought
    assert by_key(messy_net, *category) == {**expected, -1: (None, None, None)}
    assert rows(messy_net, "q12_category_loyalty_by_segment")[:3] == [
        ("type_material", "BUILDING", 2, 0.785714, 0.214286, 0.785714, 0.755102, 1.5, 2, 2),
        ("type_material", "MACHINERY", 0, None, None, None, None, None, None, None),
        ("type_material", "unknown", 2, 1, None, 1, 1, 1, 1, 1),
    ]


def test_lifetime_values_below_zero(messy_net):
    found = rows(
        messy_net,
        "q09_ltv_distribution_by_segment",
        *("population", "market_segment", "customers", "ltv_min", "ltv_max", "ltv_mean"),
    )
    assert found == [
        ("buyers", "BUILDING", 2, 47.5, 87.5, 67.5),
        ("buyers", "MACHINERY", 0, None, None, None),
        ("buyers", "unknown", 2, -5, 10.0001, 2.5),
        ("all_customers", "BUILDING", 2, 47.5, 87.5, 67.5),
        ("all_customers", "MACHINERY", 1, -30, -30, -30),
        ("all_customers", "unknown", 3, -5, 10.0001, 1.6667),
    ]


def test_line_revenue_is_exact_and_tax_rounded_once(messy):
    """10.0001 x 0.999999 has ten places; a sum of ten rounded to four would be 100.001."""
    exact = messy.sql("select revenue from counted_lines where order_key = 5").fetchall()
    assert exact == [(Decimal("10.0000899999"),)]
    (with_tax,) = messy.sql(
        """select round(12.3457::decimal(30, 4) * (1 - 0.123457::decimal(8, 6))
            * (1 + 0.081235::decimal(8, 6)), 12)"""
    ).fetchall()
    product = Decimal("12.3457") * (1 - Decimal("0.123457")) * (1 + Decimal("0.081235"))
    assert with_tax == (product.quantize(Decimal("1e-12"), "ROUND_HALF_UP"),)


def test_a_quotient_is_rounded_half_away_from_zero(con):
    (found,) = con.sql("select ratio(1, 32, 4), ratio(10001, 20000, 4), ratio(1, 0, 4)").fetchall()
    assert found == (Decimal("0.0313"), Decimal("0.5001"), None)
    (found,) = con.sql("select ratio(-1, 32, 4), ratio(-5.5, 1, 0), ratio(0, 3, 6)").fetchall()
    assert found == (Decimal("-0.0313"), -6, 0)


def test_the_floor_gives_the_same_answers(con, folder, tmp_path):
    handwritten_build.build(folder, folder, tmp_path / "floor.duckdb", tmp_path / "answers")
    differences = {
        name: compare(*answer(con, name), *read_csv(tmp_path / "answers" / f"{name}.csv"))
        for name in NAMES
    }
    assert {name: found for name, found in differences.items() if found} == {}

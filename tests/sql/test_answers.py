"""The answers that `make answers` writes equal those of independent SQL over the raw tables."""

import csv
import datetime
import os
import shutil
from pathlib import Path

import hand_made_data
import pytest
import variants
from independent_sql.comparison import compare, differences, read_csv
from independent_sql.queries import NAMES, answer, connect
from projects import Project, give_answers

in_test_all = pytest.mark.skipif("TEST_ALL" not in os.environ, reason="a build of another kind")


@pytest.fixture(scope="module")
def answers(built, tmp_path_factory) -> Path:
    return give_answers(built.copy(tmp_path_factory.mktemp("answers") / "project"))


@pytest.fixture(scope="module")
def reference(tpch_data, built):
    return connect(tpch_data, built.folder / "seeds")


@pytest.mark.parametrize("name", NAMES)
def test_answer_equals_the_reference(name, answers, reference):
    columns, rows = answer(reference, name)
    assert rows
    assert compare(columns, rows, *read_csv(answers / f"{name}.csv")) == []


def test_answers_without_orders_after_the_as_of_date(built, tpch_data, tmp_path):
    """With the var as_of_date, later orders do not exist, on a last day of a year and of no month."""
    project = built.copy(tmp_path / "project")
    for date in (datetime.date(1996, 12, 31), datetime.date(1998, 2, 14)):
        project.dbt("run", "--select", "dim_dates", "marts", variables={"as_of_date": str(date)})
        reference = connect(tpch_data, project.folder / "seeds", as_of=date)
        assert differences(give_answers(project), reference) == {}, date


@pytest.mark.parametrize(
    "as_of", [None, pytest.param(datetime.date(1996, 3, 11), marks=in_test_all)], ids=str
)
def test_answers_on_six_customers(as_of, built, tmp_path):
    """Ties, a region and a segment without buyers, orders on one day: what TPC-H does not have."""
    data = hand_made_data.write(tmp_path)
    small = built.fresh(tmp_path / "project", data)
    for seed in ("marketing_spend.csv", "rfm_segments.csv"):
        shutil.copy2(data / seed, small.folder / "seeds" / seed)
    small.build(
        *("--exclude-resource-type", "test"),  # the data breaks rules of TPC-H, say on priorities
        variables={"as_of_date": as_of and str(as_of), "source_loaded_at": None},
    )
    reference = connect(data, data, as_of=as_of)
    assert differences(give_answers(small), reference) == {}


@pytest.mark.parametrize("basis", [pytest.param("gross", marks=in_test_all), "net"])
def test_answers_on_a_shop_with_refunds_and_guests(basis, built, tmp_path):
    """Cancelled orders, a customer who isn't delivered, two nations of one name, six-place rates."""
    data = hand_made_data.write(tmp_path, hand_made_data.MESSY, hand_made_data.MESSY_SPEND)
    small = built.fresh(tmp_path / "project", data)
    for seed in ("marketing_spend.csv", "rfm_segments.csv"):
        shutil.copy2(data / seed, small.folder / "seeds" / seed)
    variables = {**hand_made_data.MESSY_VARIABLES, "revenue_basis": basis}
    small.build(
        *("--exclude-resource-type", "test", "unit_test"),
        variables={**variables, "source_loaded_at": None},
    )
    assert differences(give_answers(small), connect(data, data, variables=variables)) == {}


def test_another_category_scheme_changes_customer_360(built, tpch_data, tmp_path):
    project = built.copy(tmp_path / "project")
    project.dbt("run", "--select", "marts.customer_360", variables={"category_scheme": "brand"})
    assert project.query("select distinct left(top_category, 6) from marts.customer_360") != []
    brands = project.query(
        "select count(*) from marts.customer_360 where top_category like 'Brand#__' or not is_buyer"
    )
    assert brands == project.query("select count(*) from marts.customer_360")


def test_other_spend_changes_the_acquisition_cost_and_nothing_else(built, answers, tmp_path):
    project = built.copy(tmp_path / "project")
    seed = project.folder / "seeds" / "marketing_spend.csv"
    seed.write_text("spend_month,market_segment,channel,spend_amount\n1995-01-01,BUILDING,x,10\n")
    project.build("--select", "marketing_spend+")
    after = give_answers(project)
    changed = {
        name
        for name in NAMES
        if (after / f"{name}.csv").read_bytes() != (answers / f"{name}.csv").read_bytes()
    }
    assert changed == {"q06_cac_by_segment"}


def test_spend_that_is_shipped_covers_every_order_month(built):
    assert (
        built.query(
            """select distinct date_trunc('month', order_date)::date from core.fct_orders
        except select spend_month from seeds.marketing_spend"""
        )
        == []
    )


def test_a_wrong_rounding_is_seen(built, reference, tmp_path):
    """The comparison would notice shares and averages with three places fewer."""
    project = built.copy(tmp_path / "project")
    macro = project.folder / "macros" / "numbers.sql"
    text = macro.read_text()
    macro.write_text(text.replace("number }}, {{ places }})", "number }}, {{ places - 3 }})"))
    assert macro.read_text() != text
    assert {"q01_customers_by_nation", "q08_revenue_share_by_segment"} <= set(
        differences(give_answers(project), reference)
    )


def test_a_project_with_every_default_changed_gives_the_same_answers(project, tpch_data, tmp_path):
    changed = variants.every_default_changed()
    rendered = Project(project(**changed), tpch_data, tmp_path / "never built")
    other = rendered.fresh(tmp_path / "project")
    other.build()
    assert other.query(f"select count(*) from {changed['schema_marts']}.customer_360") == [(1500,)]
    assert differences(give_answers(other), connect(tpch_data, other.folder / "seeds")) == {}


def test_csv_files_have_one_header_and_unix_lines(answers):
    for path in answers.glob("*.csv"):
        content = path.read_bytes()
        assert content.endswith(b"\n") and b"\r" not in content
        assert len(next(csv.reader(content.decode().splitlines()))) > 1

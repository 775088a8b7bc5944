"""Each kind of check of a generated project is seen to fail on a planted fault."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from projects import Project


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that occurs in a file."""
    text = path.read_text()
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1))


def failed(project: Project) -> set[str]:
    """Names of the data and unit tests that failed in dbt's last run."""
    results = json.loads((project.folder / "target" / "run_results.json").read_text())["results"]
    names = set()
    for result in results:
        if result["status"] in ("fail", "error"):
            kind, _project, *name = result["unique_id"].split(".")
            names.add(name[-1] if kind == "unit_test" else name[0])  # of model.name, of name.hash
    return names


@pytest.fixture(scope="module")
def broken(built, tmp_path_factory) -> Iterator[set[str]]:
    """Names of the tests that fail in a project with a fault for each; each fault is one edit."""
    project = built.copy(tmp_path_factory.mktemp("broken") / "project")
    models, seeds = project.folder / "models", project.folder / "seeds"
    # a broken join: customers without orders are dropped
    replace(
        models / "marts" / "nation_summary.sql",
        "    left join nation_totals",
        "    inner join nation_totals",
    )
    replace(models / "marts" / "customer_360.sql", "    left join scored", "    inner join scored")
    # a wrong rule
    acquisition_cost = models / "marts" / "acquisition_cost.sql"
    replace(acquisition_cost, "first_order_date < spend_period", "first_order_date <= spend_period")
    # a gap in a seed
    replace(seeds / "rfm_segments.csv", "Lost,1,1,1,2,1,5\n", "Lost,1,1,1,2,1,4\n")
    project.dbt("build", "--full-refresh", "--exclude-resource-type", "test", "unit_test")
    with duckdb.connect(str(project.database)) as connection:
        connection.sql(
            "insert into core.dim_suppliers from core.dim_suppliers where supplier_key = 1"
        )
        connection.sql(
            "update core.dim_customers_history set is_current = false where customer_key = 1"
        )
        connection.sql(
            "update marts.customer_360 set lifecycle_state = 'asleep' where customer_key = 1"
        )
        connection.sql("update marts.customer_360 set return_rate = 1.5 where customer_key = 1")
    project.dbt("test", fails=True)
    yield failed(project)


def test_nothing_fails_without_a_fault(built):
    assert failed(built) == set()


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("customers without orders are dropped", "assert_customers_reconcile"),
        ("customers without orders are dropped", "customer_without_orders"),
        ("a day after the last spend month counts", "acquisition_cost_without_new_customers"),
        ("a combination of scores has no name", "assert_rfm_segments_cover_every_score"),
        ("a row twice", "primary_key_dim_suppliers_supplier_key"),
        ("a customer without a current version", "assert_history_is_continuous"),
        ("a state that does not exist", "accepted_values_customer_360_lifecycle_state"),
        ("a rate above 1", "in_range_customer_360_return_rate"),
    ],
)
def test_a_fault_fails_its_test(fault, test, broken):
    assert any(name.startswith(test) for name in broken), f"{fault}: {sorted(broken)}"


SALE_LINES = "sum(case when line_kind = 'sale' then 1 else 0 end) as lines,"
PRICED = "cast(extended_price * cast(1 - discount as {{ factor_type() }}) as"


@pytest.mark.parametrize(
    ("model", "old", "new"),
    [
        pytest.param("fct_orders", SALE_LINES, "1 as lines,", id="lines are not counted"),
        pytest.param(
            "fct_order_lines",
            PRICED,
            PRICED.replace("(extended_price", "(round(extended_price").replace(
                "}}) as", "}}), 1) as"
            ),
            id="revenue of a line is rounded",
        ),
        pytest.param(
            "fct_order_lines",
            "from lines\n",
            "from lines\n    where line_number < 7\n",
            id="lost lines",
        ),
    ],
)
def test_a_fault_in_a_fact_stops_the_run_before_the_marts(model, old, new, built, tmp_path):
    project = built.copy(tmp_path / "project")
    replace(project.folder / "models" / "core" / f"{model}.sql", old, new)
    output = project.dbt("run", "--full-refresh", "--select", "+segment_summary", fails=True)
    assert "The facts differ from the source." in output
    assert "Rebuild it: make build" in output
    assert project.query("select sum(orders) from marts.segment_summary") == [(15000,)]


def test_a_dropped_column_breaks_the_contract(built, tmp_path):
    project = built.copy(tmp_path / "project")
    path = project.folder / "models" / "marts" / "segment_summary.sql"
    replace(path, "        cast(sum(orders) as {{ dbt.type_bigint() }}) as orders,\n", "")
    output = project.dbt("run", "--select", "segment_summary", fails=True)
    assert "contract" in output and "orders" in output
    assert project.query("select sum(orders) from marts.segment_summary") == [(15000,)]


def test_a_guard_that_is_disabled_stops_the_run_before_the_marts(built, tmp_path):
    project = built.copy(tmp_path / "project")
    guard = project.folder / "tests" / "assert_revenue_reconciles.sql"
    guard.write_text("{{ config(enabled=false) }}\n" + guard.read_text())
    output = project.dbt("run", "--select", "reconciliation", "segment_summary", fails=True)
    assert "missing or disabled: assert_revenue_reconciles." in output
    assert "SKIP relation marts.segment_summary" in output


def test_changed_settings_and_another_time_zone_are_refused(built, tmp_path):
    project = built.copy(tmp_path / "project")
    select = ("--select", "int_input_checks", "dim_products")
    output = project.dbt("run", *select, fails=True, variables={"cancelled_statuses": ["P"]})
    assert "cancelled_statuses is ['P'], was []" in output and "--full-refresh" in output
    profiles = project.folder / "profiles" / "profiles.yml"
    replace(profiles, "settings: {TimeZone: UTC}", "settings: {TimeZone: America/New_York}")
    output = project.dbt("run", *select, fails=True)
    assert "time zone is America/New_York" in output
    assert "SKIP relation core.dim_products" in output

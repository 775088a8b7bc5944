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
    # an order's own price would count once a line
    replace(models / "core" / "fct_orders.sql", "count(*) as lines,", "1 as lines,")
    # a wrong rounding of every line
    replace(
        models / "core" / "fct_order_lines.sql",
        "cast(extended_price * cast(1 - discount as numeric(5, 2)) as",
        "cast(round(extended_price * cast(1 - discount as numeric(5, 2)), 1) as",
    )
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
        connection.sql("delete from core.dim_products where product_key = 1")
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
        ("lines are not counted", "order_counts_once_whatever_its_lines"),
        ("revenue of a line is rounded", "assert_revenue_reconciles"),
        ("a day after the last spend month counts", "acquisition_cost_without_new_customers"),
        ("a combination of scores has no name", "assert_rfm_segments_cover_every_score"),
        ("a row twice", "primary_key_dim_suppliers_supplier_key"),
        ("a product that is missing", "relationships_fct_order_lines_product_key"),
        ("a customer without a current version", "assert_history_is_continuous"),
        ("a state that does not exist", "accepted_values_customer_360_lifecycle_state"),
        ("a rate above 1", "in_range_customer_360_return_rate"),
    ],
)
def test_a_fault_fails_its_test(fault, test, broken):
    assert any(name.startswith(test) for name in broken), f"{fault}: {sorted(broken)}"


def test_a_dropped_column_breaks_the_contract(built, tmp_path):
    project = built.copy(tmp_path / "project")
    path = project.folder / "models" / "marts" / "segment_summary.sql"
    replace(path, "        cast(sum(orders) as {{ dbt.type_bigint() }}) as orders,\n", "")
    output = project.dbt("run", "--select", "segment_summary", fails=True)
    assert "contract" in output and "orders" in output
    assert project.query("select sum(orders) from marts.segment_summary") == [(15000,)]

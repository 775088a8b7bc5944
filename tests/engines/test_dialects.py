"""The project's SQL in the dialect of engines that do not run here: compiled, parsed, and looked at.

`python tests/engines/test_dialects.py` writes tests/engines/compiled anew: the SQL of the models that the engines get
differently. Do that after changing one of them or a macro, and read the diff.
"""

import re
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from engines.allowed_functions import FUNCTIONS, calls, foreign
from engines.compile_sql import compiled
from sqlglot import exp

REVIEWED = Path(__file__).parent / "compiled"
# which run on nothing here, so that a person has to read them
UNPROVED = ("bigquery", "redshift", "databricks")
# incremental, dates, text, percentiles, correlation: one model for each thing that is dispatched
DIFFERENT = (
    "fct_order_lines",
    "fct_orders",
    "fct_part_supply",
    "dim_customers",
    "dim_dates",
    "dim_products",
    "customer_360",
    "customer_category_profile",
    "customer_category_revenue",
    "lifetime_value_distribution",
    "order_size_frequency",
    "purchase_frequency",
)
pytestmark = pytest.mark.slow


@cache
def sql(warehouse: str) -> dict[str, str]:
    """All SQL of the project for a warehouse, at the target dev, by name; of a later run."""
    with tempfile.TemporaryDirectory() as work:
        return compiled(answers(warehouse), "dev", Path(work), exists=True)


def answers(warehouse: str) -> dict:
    return {"warehouse": warehouse, "elementary": False}


def problems(text: str, warehouse: str) -> list[str]:
    """What is wrong with some SQL in the dialect of a warehouse."""
    try:
        trees = sqlglot.parse(text, read=warehouse, error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        return [f"is not {warehouse}'s SQL: {error}"]
    found = [f"calls {name}()" for name in sorted(foreign(text, warehouse))]
    for tree in trees:
        if isinstance(tree, exp.Command):
            found.append("was not understood")
        if warehouse == "bigquery" and any(map(_without_equality, tree.find_all(exp.Join))):
            found.append("has an outer join without an equality")
        if warehouse == "bigquery" and _partitions_by_floats(tree):
            found.append("makes partitions of floating-point numbers")
        if warehouse == "redshift" and any(map(_sorts_twice, tree.find_all(exp.Select))):
            found.append("has two orders within groups in one query")
    return found


def _without_equality(join: exp.Join) -> bool:
    """BigQuery refuses an outer join on nothing but inequalities."""
    condition = join.args.get("on")
    if not join.side or condition is None:
        return False
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return not any(isinstance(part, exp.EQ) for part in parts)


def _partitions_by_floats(tree: exp.Expression) -> bool:
    """BigQuery refuses `partition by` a floating-point number: here, the name of a quotient or cast."""
    named = tree.find_all(exp.Alias)
    floats = {
        one.alias for one in named if isinstance(one.this, exp.Div) or one.this.is_type("double")
    }
    windows = tree.find_all(exp.Window)
    return any(key.name in floats for one in windows for key in one.args.get("partition_by") or [])


def _sorts_twice(select: exp.Select) -> bool:
    """Redshift refuses `within group` by different columns in one query."""
    groups = select.find_all(exp.WithinGroup)
    ours = [group for group in groups if group.find_ancestor(exp.Select) is select]
    return len({group.expression.sql() for group in ours}) > 1


@pytest.mark.parametrize("warehouse", FUNCTIONS)
def test_all_sql_is_the_dialects_own(warehouse):
    found = {name: problems(text, warehouse) for name, text in sql(warehouse).items()}
    assert {name: what for name, what in found.items() if what} == {}
    kinds = {"stg_tpch__orders", "customers_snapshot", "q11_order_size_vs_frequency"}
    assert kinds | {"customer_360", "assert_revenue_reconciles"} <= found.keys()
    assert len(found) > 110, "tests are missing"


@pytest.mark.parametrize("warehouse", FUNCTIONS)
def test_the_list_of_functions_holds_no_more_than_is_used(warehouse):
    used = set().union(*(calls(text, warehouse) for text in sql(warehouse).values()))
    assert set(FUNCTIONS[warehouse]) - used == set()


@pytest.mark.parametrize("warehouse", UNPROVED)
def test_the_first_run_of_incremental_models_is_the_dialects_own(warehouse, tmp_path):
    select = "config.materialized:incremental"
    first = compiled(answers(warehouse), "dev", tmp_path, exists=False, select=select)
    incremental = {"fct_orders", "fct_order_lines", "fct_part_supply", "customer_category_revenue"}
    assert first.keys() >= incremental
    same = {name for name in incremental if first[name] == sql(warehouse)[name]}
    # without a load time, and having no date: always read whole
    assert same == ({"fct_part_supply"} if warehouse == "databricks" else set())
    assert {name: problems(first[name], warehouse) for name in incremental} == {
        name: [] for name in incremental
    }


@pytest.mark.parametrize(
    ("warehouse", "text", "problem"),
    [
        ("bigquery", "select strftime(order_date, '%Y') from orders", "calls strftime()"),
        ("redshift", "select corr(quantity, revenue) from orders", "calls corr()"),
        ("databricks", "select list_aggregate(a, 'sum') from orders", "calls list_aggregate()"),
        ("snowflake", "select epoch_ms(order_date) from orders", "calls epoch_ms()"),
        ("postgres", "select datediff(a, b) from orders", "calls datediff()"),
        (
            "bigquery",
            "select * from a left join b on a.x between b.y and b.z",
            "has an outer join without an equality",
        ),
        (
            "bigquery",
            """with a as (select cast(x as float64) / nullif(y, 0) as z from b)
            select count(*) over (partition by z) from a""",
            "makes partitions of floating-point numbers",
        ),
        (
            "redshift",
            """select percentile_cont(0.5) within group (order by a),
            percentile_cont(0.5) within group (order by b) from c""",
            "has two orders within groups in one query",
        ),
    ],
)
def test_a_planted_fault_is_told(warehouse, text, problem):
    assert problems(text, warehouse) == [problem]


@pytest.mark.parametrize("warehouse", UNPROVED)
def test_a_foreign_function_in_a_model_is_told(warehouse):
    text = sql(warehouse)["dim_dates"].replace("select * from final", "select epoch(1) from final")
    assert problems(text, warehouse) == ["calls epoch()"]


def test_what_does_not_parse_is_told():
    for warehouse in FUNCTIONS:
        assert problems("select from where (", warehouse)


@pytest.mark.parametrize("warehouse", UNPROVED)
def test_sqlfluff_parses_the_models_too(warehouse):
    """In its own grammar, which is another than sqlglot's; the tests of dbt are much alike."""
    from sqlfluff.core import Linter

    linter = Linter(dialect=warehouse)
    texts = {
        name: text
        for name, text in sql(warehouse).items()
        if not re.match(r"(primary_key|not_null|relationships|accepted_values|in_range)_", name)
    }
    assert len(texts) > 40
    found = {name: linter.parse_string(text).violations for name, text in texts.items()}
    assert {name: what for name, what in found.items() if what} == {}
    assert linter.parse_string("select from where (").violations


def reviewed(warehouse: str) -> dict[Path, str]:
    """What tests/engines/compiled has to hold for a warehouse: files and their contents."""
    return {
        REVIEWED / warehouse / f"{name}.sql": re.sub(
            r"\n(\s*\n)+", "\n\n", sql(warehouse)[name].strip() + "\n"
        )
        for name in DIFFERENT
    }


@pytest.mark.parametrize("warehouse", UNPROVED)
def test_the_sql_is_as_it_was_reviewed(warehouse):
    different = [
        str(path.relative_to(REVIEWED))
        for path, text in reviewed(warehouse).items()
        if not path.exists() or path.read_text() != text
    ]
    assert different == [], "read the diff after: python tests/engines/test_dialects.py"


if __name__ == "__main__":
    for engine in UNPROVED:
        for path, text in reviewed(engine).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    sys.exit(0)

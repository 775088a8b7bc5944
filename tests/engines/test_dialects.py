"""The project's SQL in the dialect of engines that do not run here: compiled, parsed, and looked at.

What such an engine gets differently is kept in golden/<warehouse>.sql for a review (scripts/golden_sql.py).
"""

import re
from collections.abc import Iterable

import pytest
import rendering
import sqlglot
from engines.allowed_functions import FUNCTIONS, calls, foreign
from engines.compile_sql import Compiled
from golden_sql import GOLDEN, UNPROVED, answers, both_runs, compiled_with, golden, incremental
from sqlglot import exp

pytestmark = pytest.mark.slow


def sql(warehouse: str) -> dict[str, str]:
    """All SQL of the project for a warehouse, by name; of a later run."""
    return both_runs(warehouse).later


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
def test_the_first_run_of_incremental_models_is_the_dialects_own(warehouse):
    names = set(incremental(both_runs(warehouse)))
    assert names >= {"fct_orders", "fct_order_lines", "customer_category_revenue"}
    first = both_runs(warehouse).first
    same = {name for name in names if first[name] == sql(warehouse)[name]}
    assert same == set()
    assert {name: problems(first[name], warehouse) for name in names} == {
        name: [] for name in names
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


# ---------------------------------------------------------------- what a person reviewed
# macros for hooks: a check of PostgreSQL's and DuckDB's settings, and statements that are dbt's own
NOT_IN_QUERIES = {"refuse_local_time", "alter_relation_add_remove_columns", "alter_column_type"}


@pytest.mark.parametrize("warehouse", UNPROVED)
def test_the_sql_is_as_it_was_reviewed(warehouse):
    reviewed = (GOLDEN / f"{warehouse}.sql").read_text("utf-8")
    assert golden(warehouse, both_runs(warehouse)).splitlines() == reviewed.splitlines(), (
        "run `make golden` and read the diff"
    )


def dispatched(nodes: Iterable[str], project: Compiled) -> set[str]:
    """The names of which an engine can have its own variant, and which some nodes come to call.

    Through other macros of the project too, but not through those of dbt.
    """
    texts = [project.nodes[name].raw_code for name in nodes]
    waiting = [macro for name in nodes for macro in project.nodes[name].depends_on.macros]
    seen = set()
    while waiting:
        macro = waiting.pop()
        if macro not in seen:
            seen.add(macro)
            texts.append(project.manifest.macros[macro].macro_sql)
            ours = not macro.startswith("macro.dbt")
            waiting += project.manifest.macros[macro].depends_on.macros if ours else []
    return {name for text in texts for name in re.findall(r"adapter\.dispatch\(\s*'(\w+)'", text)}


@pytest.mark.parametrize("warehouse", UNPROVED)
def test_every_macro_that_differs_between_engines_is_called_for_review(warehouse):
    """Also the macros of dbt that models, snapshots and analyses use.

    A macro that only puts such macros together, or gives one text everywhere, needs no call.
    """
    project = both_runs(warehouse)
    kinds = ("model", "snapshot", "analysis")
    nodes = {name for name, node in project.nodes.items() if node.resource_type in kinds}
    used = dispatched(nodes - {"macro_calls"}, project)
    assert used - dispatched(["macro_calls"], project) <= NOT_IN_QUERIES
    assert {"percentile", "datediff", "row_fingerprint", "by_code_point", "copy_columns"} <= used


def test_a_change_of_what_was_reviewed_is_seen():
    """In a dispatched macro, in the condition of an incremental run, in an option of a table."""
    tree = rendering.render(answers("redshift"))
    faults = {
        "macros/statistics.sql": ("stddev_pop", "stddev_samp"),
        "macros/incremental.sql": ("max({{ column }})", "min({{ column }})"),
        "dbt_project.yml": ("+dist: order_key", "+dist: customer_key"),
    }
    planted = {}
    for path, (right, wrong) in faults.items():
        text = tree[path].content.decode()
        assert right in text
        planted[path] = text.replace(right, wrong)
    before = golden("redshift", both_runs("redshift")).splitlines()
    after = golden("redshift", compiled_with("redshift", planted)).splitlines()
    new = "\n".join(line for line in after if line not in before)
    assert "stddev_samp" in new
    assert "min(loaded_at)" in new
    assert "-- fct_orders: dist = customer_key" in new

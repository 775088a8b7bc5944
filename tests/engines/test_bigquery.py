"""BigQuery's SQL before Google's own analyzer: every compiled statement, and the types of contracts."""

import re

import pytest
from engines.bigquery_statements import analyzed, catalog, in_order, statements
from golden_sql import both_runs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compiled():
    return both_runs("bigquery")


@pytest.fixture(scope="module")
def answers(compiled, tpch_data):
    """What the analyzer makes of every statement, by the statement's name."""
    asked = statements(compiled)
    given = analyzed(asked, catalog(compiled, tpch_data))
    return {question["name"]: answer for question, answer in zip(asked, given, strict=True)}


def test_the_analyzer_accepts_every_statement(answers):
    refused = {name: answer["error"] for name, answer in answers.items() if answer["error"]}
    assert refused == {}
    kinds = {"stg_tpch__orders", "customers_snapshot", "q07_top20_customers", "customer_360"}
    kinds |= {"fct_orders", "fct_orders, later run", "assert_revenue_reconciles"}
    assert kinds <= answers.keys()
    assert len(answers) > 130, "statements are missing"


def test_contracts_promise_the_types_that_the_analyzer_finds(compiled, answers):
    different = []
    for node in in_order(compiled):
        if node.resource_type != "model" or not node.contract.enforced:
            continue
        found = dict(answers[node.name]["columns"])
        promised = {name: plain(column.data_type) for name, column in node.columns.items()}
        different += [
            f"{node.name}.{name} is {found.get(name)}, not {promised.get(name)}"
            for name in promised.keys() | found.keys()
            if promised.get(name) != found.get(name)
        ]
    assert different == []


def plain(data_type: str) -> str:
    """A contract's type by BigQuery's name, without its size."""
    size = re.search(r"\(\d+, *(\d+)\)", data_type)
    if size:
        return "NUMERIC" if int(size[1]) <= 9 else "BIGNUMERIC"
    kind = data_type.upper()
    return {"BIGINT": "INT64", "INTEGER": "INT64", "BOOLEAN": "BOOL"}.get(kind, kind)


TABLES = {"`p`.`d`.`orders`": [["order_key", "INT64"], ["price", "NUMERIC"], ["day", "DATE"]]}
RIGHT = "select order_key as key, price, day from `p`.`d`.`orders`"
FAULTS = {
    "an unknown function": "select medianx(order_key) from `p`.`d`.`orders`",
    "an unknown column": "select no_such_column from `p`.`d`.`orders`",
    "a size in a cast": "select cast(price as numeric(15, 2)) from `p`.`d`.`orders`",
    "types that don't compare": "select order_key from `p`.`d`.`orders` where day > 5",
    "a column outside the group": "select order_key, sum(price) from `p`.`d`.`orders`",
    "another dialect's function": "select dateadd(day, 1, day) from `p`.`d`.`orders`",
    # `group by` takes an alias of the select list for the table of that name
    "an alias named like its table": """
        with orders as (select * from `p`.`d`.`orders`)
        select orders.order_key, count(*) as orders from orders group by orders.order_key""",
    # and a bare name is the row of the table of that name, not the column
    "a column named like its table": """
        with prices as (select price as prices from `p`.`d`.`orders`)
        select cast(prices as string) from prices""",
}


@pytest.fixture(scope="module")
def planted():
    asked = [{"name": name, "sql": sql} for name, sql in [*FAULTS.items(), ("right", RIGHT)]]
    given = analyzed(asked, TABLES)
    return {question["name"]: answer for question, answer in zip(asked, given, strict=True)}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_refused(fault, planted):
    assert planted[fault]["error"]


def test_the_next_statement_is_read_after_a_refused_one(planted):
    columns = [["key", "INT64"], ["price", "NUMERIC"], ["day", "DATE"]]
    assert planted["right"] == {"error": None, "columns": columns}

"""Columns with personal data: marked wherever they are, and masked on warehouses that can.

That the statements are run, after which tables and on which target, is seen in test_snowflake.py;
the rights to run them are in bootstrap.sql, where PostgreSQL checks what it can (test_bootstrap_and_load.py).
"""

from unittest import mock

import pytest
import yaml
from engines.compile_sql import compiled
from personal_data import columns
from rendering import render

# what the hook runs for a table, of all tables: one statement a line
PROBE = """
{% for node in graph.nodes.values() if node.config.materialized in ('table', 'incremental', 'snapshot') %}
{% set table = api.Relation.create(node.database, node.schema, node.alias) %}
{% for column in node.columns.values() if 'pii' in column.tags %}
{{ adapter.dispatch('mask_column')(table, column.name, var('personal_data_policy')['prod']) }}
{% endfor %}
{% endfor %}
"""
BIGQUERY_PROBE = """
{% for node in graph.nodes.values() if node.name == 'dim_customers' %}
{% set table = api.Relation.create(node.database, node.schema, node.alias) %}
{% do adapter.dispatch('mask_columns')(table, {'phone': node.columns['phone']}, 'a/tag') %}
{% endfor %}
select 1
"""
POLICIES = {
    "snowflake": "ANALYTICS.GOVERNANCE.PERSONAL_DATA",
    "databricks": "`analytics`.`governance`.`personal_data`",
    "redshift": "governance.mask_personal_data",
}


def is_view(model: str) -> bool:
    """Views in the private schema of staging, which the reporter can't read, have no masks."""
    return model.startswith(("stg_", "int_"))


def test_a_personal_column_is_marked_wherever_it_is():
    """Also in marts, where a client may add one: a name is personal if it is in staging."""
    marked = columns()
    personal = {name for (model, name), mark in marked.items() if mark and model.startswith("stg_")}
    assert personal == {"customer_name", "supplier_name", "address", "phone", "comment", "clerk"}
    # the comments on products and on their supply are a manufacturer's
    elsewhere = {"stg_tpch__parts", "stg_tpch__part_supply", "stg_tpch__nations"}
    elsewhere |= {"stg_tpch__regions", "int_products", "int_part_supply"}
    elsewhere |= {"dim_products", "fct_part_supply"}
    for (model, name), mark in marked.items():
        if model not in elsewhere:
            assert mark == (name in personal), f"{model}.{name}"
    tables = {model for (model, _), mark in marked.items() if mark and not is_view(model)}
    assert tables == {
        "customers_snapshot",
        "dim_customers",
        "dim_suppliers",
        "fct_order_lines",
        "fct_orders",
    }


def statements(warehouse: str, work) -> list[str]:
    probe = {"analysis/probe.sql": PROBE}
    answers = {"warehouse": warehouse, "elementary": False}
    found = compiled(answers, "prod", work, exists=True, select="probe", more=probe)
    return [line for line in found["probe"].splitlines() if line]


@pytest.mark.slow
@pytest.mark.parametrize("warehouse", POLICIES)
def test_every_marked_column_of_a_table_gets_a_mask_in_the_dialect(warehouse, tmp_path):
    from sqlfluff.core import Linter

    found = statements(warehouse, tmp_path)
    marked = [
        (model, name)
        for (model, name), mark in columns(warehouse=warehouse, elementary=False).items()
        if mark and not is_view(model)
    ]
    assert len(found) == len(marked) > 10
    for model, name in marked:
        assert [one for one in found if model in one and name in one], f"{model}.{name}"
    assert all(POLICIES[warehouse] in one for one in found)
    linter = Linter(dialect=warehouse)
    for one in found:
        assert linter.parse_string(one).violations == [], one
        broken = one.replace(" set ", " put ").replace("call ", "calls ")
        assert linter.parse_string(broken).violations, "sqlfluff sees no fault"


@pytest.mark.slow
def test_bigquery_gets_its_policy_tag_through_the_adapter(tmp_path):
    from dbt.adapters.bigquery import BigQueryAdapter

    probe = {"analysis/probe.sql": BIGQUERY_PROBE}
    answers = {"warehouse": "bigquery", "elementary": False}
    with mock.patch.object(BigQueryAdapter, "update_columns", autospec=True) as update:
        update._is_available_ = True
        compiled(answers, "prod", tmp_path, exists=True, select="probe", more=probe)
    [call] = update.call_args_list
    _, relation, tagged = call.args
    assert relation.identifier == "dim_customers"
    field = {"name": "phone", "type": "STRING"}
    written = BigQueryAdapter._update_column_dict(BigQueryAdapter, dict(field), tagged)
    assert written["policyTags"] == {"names": ["a/tag"]}
    assert "phone" in written["description"].lower()


@pytest.mark.parametrize(
    ("warehouse", "right"),
    [
        ("snowflake", "grant apply on masking policy {policy} to role transformer;"),
        ("databricks", "grant use schema, execute on schema analytics.governance to transformer;"),
        (
            "redshift",
            "grant execute on procedure {policy}(varchar, varchar, varchar) to role transformer;",
        ),
    ],
)
def test_bootstrap_makes_the_policy_and_lets_the_transformer_use_it(warehouse, right):
    text = render({"warehouse": warehouse})["warehouse/bootstrap.sql"].content.decode()
    text = text.replace("`", "").lower()
    policy = POLICIES[warehouse].replace("`", "").lower()
    assert f"{policy}(" in text or f"if not exists {policy} " in text
    assert right.format(policy=policy) in text


@pytest.mark.parametrize("warehouse", ["duckdb", "postgres", *POLICIES, "bigquery"])
def test_the_hook_stands_where_the_engine_masks(warehouse):
    """On prod alone, and for each folder of models and the snapshots."""
    project = yaml.safe_load(render({"warehouse": warehouse})["dbt_project.yml"].content)
    masks = warehouse not in ("duckdb", "postgres")
    for kind in ("models", "snapshots"):
        hook = project[kind][project["name"]].get("+post-hook")
        assert hook == ("{{ mask_personal_data() }}" if masks else None)
    policy = {"prod": POLICIES.get(warehouse)} if masks else None
    assert project["vars"].get("personal_data_policy") == policy

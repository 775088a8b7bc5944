"""The report on what an update means for the data: a change of every kind, each in a small project.

One project has a model per kind, so that two compilations show them all. A model that no change
reaches stays out of the report.
"""

import sys
from pathlib import Path

import pytest
from customer_360_tools.data_changes import Compiled, bare, compile_models, data_changes
from releases import change_files, replace

INCREMENTAL = "{{ config(materialized='incremental', unique_key='a') }}\n"


def model(hidden: str, source: str = "select 1 as a") -> str:
    """An incremental model with code that only later runs execute."""
    newer = "{% if is_incremental() %} where a > {{ HIDDEN }} {% endif %}\n"
    return f"{INCREMENTAL}{source}\n{newer.replace('HIDDEN', hidden)}"


PROJECT = {
    "dbt_project.yml": """name: small
version: "1.0.0"
profile: small
vars: {hidden_var: 1, macro_var: 1, seen_var: 1}
""",
    "profiles/profiles.yml": """small:
  target: local
  outputs:
    local: {type: duckdb, path: "{{ env_var('LOCAL_DUCKDB') }}"}
""",
    "macros/all.sql": """
{% macro newest() %}(select max(a) from {{ this }}){% endmacro %}
{% macro outer_one() %}{{ inner_one() }}{% endmacro %}
{% macro inner_one() %}(select max(a) from {{ this }}){% endmacro %}
{% macro dispatched() %}{{ return(adapter.dispatch('dispatched')()) }}{% endmacro %}
{% macro default__dispatched() %}1{% endmacro %}
{% macro snowflake__dispatched() %}1{% endmacro %}
{% macro of_var() %}{{ var('macro_var') }}{% endmacro %}
{% macro earlier() %}{% if not flags.FULL_REFRESH %} + 1{% endif %}{% endmacro %}
{% macro commented() %}1 {# a #}{% endmacro %}
""",
    "seeds/rates.csv": "a\n1\n",
    "models/in_macro.sql": model("newest()"),
    "models/in_nested_macro.sql": model("outer_one()"),
    "models/in_dispatched_macro.sql": model("dispatched()"),
    "models/in_table.sql": "{{ config(materialized='table') }}select {{ dispatched() }} as a\n",
    "models/in_hidden_var.sql": model("var('hidden_var')"),
    "models/in_macro_var.sql": model("of_var()"),
    "models/in_hidden_code.sql": model("0"),
    "models/in_view.sql": "select 1 {{ earlier() }} as a\n",
    "models/below_view.sql": INCREMENTAL + "select a from {{ ref('in_view') }}\n",
    "models/in_seen_var.sql": "select {{ var('seen_var') }} as a\n",
    "models/from_seed.sql": INCREMENTAL + "select a from {{ ref('rates') }}\n",
    "models/in_contract.sql": INCREMENTAL.replace(
        "config(", "config(contract={'enforced': true}, on_schema_change='append_new_columns', "
    )
    + "select cast(1 as integer) as a\n",
    "models/in_key.sql": INCREMENTAL + "select 1 as a, 2 as b\n",
    "models/in_hook.sql": "{{ config(post_hook='select 1') }}\nselect 1 as a\n",
    "models/in_clock.sql": "select '{{ run_started_at.strftime('%Y-%m-%d %H:%M:%S') }}' as a\n",
    "models/in_comment.sql": model("commented()"),
    "models/_models.yml": """models:
  - name: in_contract
    columns:
      - {name: a, data_type: integer}
""",
}
CHANGES = {
    "dbt_project.yml": replace(
        "{hidden_var: 1, macro_var: 1, seen_var: 1}", "{hidden_var: 2, macro_var: 2, seen_var: 2}"
    ),
    "macros/all.sql": lambda text: (
        text.replace("max(a)", "min(a)")
        .replace("default__dispatched() %}1", "default__dispatched() %}2")
        .replace(" + 1", " + 2")
        .replace("{# a #}", "{# b #}")
    ),
    "seeds/rates.csv": "a\n2\n",
    "models/in_hidden_code.sql": replace("a > {{ 0 }}", "a >= {{ 0 }}"),
    "models/in_key.sql": replace("unique_key='a'", "unique_key='b'"),
    "models/in_hook.sql": replace("select 1'", "select 2'"),
    "models/in_comment.sql": lambda text: f"-- a comment\n{text}",
    "models/_models.yml": replace("integer", "bigint"),
}
UNTOUCHED = {"in_clock", "in_comment"}
DBT = Path(sys.executable).with_name("dbt")


def compiled(folder: Path) -> Compiled:
    assert compile_models(folder, folder / "target", DBT) == ""
    return Compiled(folder, folder / "target")


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Compiled:
    folder = tmp_path_factory.mktemp("before")
    change_files(folder, PROJECT)
    return compiled(folder)


@pytest.fixture(scope="module")
def lines(before, tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("after")
    change_files(folder, PROJECT)
    change_files(folder, CHANGES)
    return data_changes(before, compiled(folder), "duckdb")


def named_in(line: str) -> set[str]:
    return set(line.partition(": ")[2].rstrip(".").replace("`", "").split(", "))


def test_a_change_of_every_kind_is_reported(lines):
    found = {line.partition(": ")[0]: line for line in lines}
    models = {Path(path).stem for path in PROJECT if path.endswith(".sql")} - {"all"}
    from_elsewhere = {"from_seed", "below_view", "in_contract"}
    assert named_in(found["Models whose SQL changed"]) == models - UNTOUCHED - from_elsewhere
    assert named_in(found["Seeds whose rows changed"]) == {"rates"}
    assert named_in(found["Models whose contract changed"]) == {"in_contract"}


def test_incremental_models_that_need_a_full_refresh_are_named(lines):
    command = lines[-1].partition('SELECT="')[2].partition('"')[0]
    assert set(command.split()) == {
        f"{name}+"
        for name in (
            *("in_macro", "in_nested_macro", "in_dispatched_macro", "in_hidden_var"),
            *("in_macro_var", "in_hidden_code", "below_view", "from_seed", "in_contract", "in_key"),
        )
    }


def test_what_did_not_change_is_not_reported(before):
    assert data_changes(before, before, "duckdb") == []


def test_code_of_another_warehouse_counts_where_it_runs(before):
    after = Compiled(before.project, before.folder)
    after.macros = before.macros | {"snowflake__dispatched": "changed"}
    assert data_changes(before, after, "postgres") == []
    found = data_changes(before, after, "snowflake")
    assert found[0] == "Models whose SQL changed: `in_dispatched_macro`, `in_table`."


def test_a_macro_that_dbt_calls_for_every_model_is_reported(before):
    after = Compiled(before.project, before.folder)
    after.macros = before.macros | {"get_incremental_append_sql": "changed"}
    lines = data_changes(before, after, "duckdb")
    assert "Macros that dbt calls for every model" in lines[0]
    assert "in_comment+" in lines[-1], "every incremental model may hold other rows"


def test_comments_are_told_from_strings():
    sql = "select 'a -- b' -- c\n, /* d */ \"e -- f\" {# it's #} from g"
    assert bare(sql) == "select 'a -- b' , \"e -- f\" from g"

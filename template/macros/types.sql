{#
    The types of keys and money, in one place. Contracts give the same sizes, from the same vars,
    because YAML can't call a macro.
    amount_places, rate_places: decimal places of prices, and of discounts and taxes, in the source.
#}
{% macro key_type() -%}
    {{ dbt.type_string() if var('key_type', 'bigint') == 'string' else dbt.type_bigint() }}
{%- endmacro %}

{% macro amount_type() -%}
    {%- set places = var('amount_places', 2) -%}
    {{ decimal_type(13 + places, places) }}
{%- endmacro %}

{% macro rate_type() -%}
    {%- set places = var('rate_places', 2) -%}
    {{ decimal_type(13 + places, places) }}
{%- endmacro %}

{# 1 - discount and 1 + tax: few digits, so that an engine can multiply in 64 bits. #}
{% macro factor_type() -%}
    {%- set places = var('rate_places', 2) -%}
    {{ decimal_type(3 + places, places) }}
{%- endmacro %}

{# price x (1 - discount), exact. #}
{% macro revenue_type() -%}
    {%- set places = var('amount_places', 2) + var('rate_places', 2) -%}
    {{ decimal_type(14 + places, places) }}
{%- endmacro %}

{% macro revenue_with_tax_places() -%}
    {{ [var('amount_places', 2) + 2 * var('rate_places', 2), 12] | min }}
{%- endmacro %}

{% macro revenue_with_tax_type() -%}
    {%- set places = revenue_with_tax_places() | int -%}
    {{ decimal_type(14 + places, places) }}
{%- endmacro %}


{#
    An exact decimal type with so many digits, of which so many are places after the point.
    BigQuery refuses sizes in a cast: its NUMERIC has 9 places and 29 digits before the point, and
    BIGNUMERIC 38 of each. So a cast there doesn't round: round first where places are lost.
#}
{% macro decimal_type(digits, places) -%}
    {{ return(adapter.dispatch('decimal_type')(digits, places)) }}
{%- endmacro %}

{% macro default__decimal_type(digits, places) -%}
    numeric({{ digits }}, {{ places }})
{%- endmacro %}

{% macro bigquery__decimal_type(digits, places) -%}
    {{ 'numeric' if places <= 9 else 'bignumeric' }}
{%- endmacro %}


{# The type that a contract promises, as the engine's tables have it. #}
{% macro contract_type(data_type) -%}
    {{ return(adapter.dispatch('contract_type')(data_type)) }}
{%- endmacro %}

{% macro default__contract_type(data_type) -%}
    {{ data_type }}
{%- endmacro %}

{% macro bigquery__contract_type(data_type) -%}
    {%- set size = modules.re.match('(?i)(?:numeric|decimal)\((\d+), *(\d+)\)$', data_type) -%}
    {{ decimal_type(size[1] | int, size[2] | int) if size else data_type }}
{%- endmacro %}


{# dbt's own macros for contracts, which would write sizes into casts. BigQuery only. #}
{% macro bigquery__get_empty_schema_sql(columns) %}
    select
    {% for column in columns.values() %}
        cast(null as {{ contract_type(column.data_type) }}) as {{ column.name }}
        {{- ',' if not loop.last }}
    {% endfor %}
{% endmacro %}

{% macro bigquery__get_table_columns_and_constraints() %}
    {% for column in model.columns.values() %}
        {% do column.update({'data_type': contract_type(column.data_type)}) %}
    {% endfor %}
    {{ return(dbt.default__get_table_columns_and_constraints()) }}
{% endmacro %}

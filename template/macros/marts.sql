{#
    The column that marts sum, rank and share as revenue: gross or after returns (var revenue_basis).
    Facts, customer_totals and customer_360 have both columns.
#}
{% macro basis_revenue() -%}
    {%- set basis = var('revenue_basis', 'gross') -%}
    {%- if basis not in ('gross', 'net') -%}
        {{ exceptions.raise_compiler_error(
            'The var revenue_basis is "' ~ basis ~ '". Set it to gross or net in dbt_project.yml.'
        ) }}
    {%- endif -%}
    {{ return('net_revenue' if basis == 'net' else 'revenue') }}
{%- endmacro %}


{# Sums of revenue over many orders, exact: 24 digits before the point. #}
{% macro revenue_total_type() -%}
    {%- set places = var('amount_places', 2) + var('rate_places', 2) -%}
    numeric({{ 24 + places }}, {{ places }})
{%- endmacro %}

{# The same with tax, which has at most 12 places. #}
{% macro revenue_with_tax_total_type() -%}
    {%- set places = [var('amount_places', 2) + 2 * var('rate_places', 2), 12] | min -%}
    numeric({{ 22 + places }}, {{ places }})
{%- endmacro %}


{#
    Text as it is sorted: by code point, so that names and ties come in one order on every engine.
    PostgreSQL would sort by the language of its database.
#}
{% macro by_code_point(column) -%}
    {{ return(adapter.dispatch('by_code_point')(column)) }}
{%- endmacro %}

{% macro default__by_code_point(column) -%}
    {{ column }}
{%- endmacro %}

{% macro postgres__by_code_point(column) -%}
    {{ column }} collate "C"
{%- endmacro %}

{# Sorts by byte already; without this macro dbt would take PostgreSQL's. #}
{% macro redshift__by_code_point(column) -%}
    {{ column }}
{%- endmacro %}

{# A key as it is sorted: a text key (var key_type) by code point. #}
{% macro by_key(column) -%}
    {{ by_code_point(column) if var('key_type', 'bigint') == 'string' else column }}
{%- endmacro %}


{# The category schemes, each with the column of dim_products that holds its categories. #}
{% macro category_schemes() %}
    {% do return({
        'type_material': 'type_material', 'type_class': 'type_class',
        'mfgr': 'manufacturer', 'brand': 'brand',
    }) %}
{% endmacro %}

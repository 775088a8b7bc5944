{#
    The column that marts sum, rank and share as revenue: gross or after returns (var
    revenue_basis). Facts, customer_totals and customer_360 have both columns.
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
    {{ decimal_type(24 + places, places) }}
{%- endmacro %}

{# The same with tax, which has at most 12 places. #}
{% macro revenue_with_tax_total_type() -%}
    {%- set places = [var('amount_places', 2) + 2 * var('rate_places', 2), 12] | min -%}
    {{ decimal_type(22 + places, places) }}
{%- endmacro %}


{# Sums of quantities. #}
{% macro quantity_total_type() -%}
    {%- set places = var('amount_places', 2) -%}
    {{ decimal_type(26 + places, places) }}
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


{#
    Says that no row of the seed marketing_spend names a segment: q06 can still be computed, but its
    direct cost is 0 everywhere. A post-hook of marketing_spend_checks.
#}
{% macro warn_of_brand_spend_only() %}
    {% if execute %}
        {% set counts = run_query(
            'select count(*), count(market_segment) from ' ~ ref('marketing_spend')
        ) %}
        {% set in_all = counts.columns[0].values()[0] %}
        {% set with_segment = counts.columns[1].values()[0] %}
        {% if in_all and not with_segment %}
            {% do exceptions.warn(
                'seeds/marketing_spend.csv holds brand spend only: '
                ~ 'cac_direct of q06 is 0 for every segment. '
                ~ 'Name the segment where you know it, or read cac_loaded.'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}

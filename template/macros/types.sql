{#
    The types of keys and money, in one place. The same sizes stand in the contracts (YAML can call
    no macro, so they are written there with the same vars).
    amount_places, rate_places: decimal places of prices, and of discounts and taxes, in the source.
#}
{% macro key_type() -%}
    {{ dbt.type_string() if var('key_type', 'bigint') == 'string' else dbt.type_bigint() }}
{%- endmacro %}

{% macro amount_type() -%}
    {%- set places = var('amount_places', 2) -%}
    numeric({{ 13 + places }}, {{ places }})
{%- endmacro %}

{% macro rate_type() -%}
    {%- set places = var('rate_places', 2) -%}
    numeric({{ 13 + places }}, {{ places }})
{%- endmacro %}

{# 1 - discount and 1 + tax: few digits, so that an engine can multiply in 64 bits. #}
{% macro factor_type() -%}
    {%- set places = var('rate_places', 2) -%}
    numeric({{ 3 + places }}, {{ places }})
{%- endmacro %}

{# price x (1 - discount), exact. #}
{% macro revenue_type() -%}
    {%- set places = var('amount_places', 2) + var('rate_places', 2) -%}
    numeric({{ 14 + places }}, {{ places }})
{%- endmacro %}

{% macro revenue_with_tax_places() -%}
    {{ [var('amount_places', 2) + 2 * var('rate_places', 2), 12] | min }}
{%- endmacro %}

{% macro revenue_with_tax_type() -%}
    {%- set places = revenue_with_tax_places() | int -%}
    numeric({{ 14 + places }}, {{ places }})
{%- endmacro %}

{# The engine's 64-bit floating-point type. dbt's own type_float is 32 bits wide on DuckDB. #}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double')()) }}
{%- endmacro %}

{% macro default__type_double() %}double precision{% endmacro %}

{% macro bigquery__type_double() %}float64{% endmacro %}

{% macro databricks__type_double() %}double{% endmacro %}

{% macro spark__type_double() %}double{% endmacro %}


{#
    numerator / denominator in 64-bit floating point, null when the denominator is 0.
    Engines disagree on the division of integers and decimals (truncation, scale); not on this one.
#}
{% macro divide(numerator, denominator) -%}
    cast({{ numerator }} as {{ type_double() }}) / nullif({{ denominator }}, 0)
{%- endmacro %}


{#
    A number as an exact decimal with so many places, rounded half away from zero.
    By way of a decimal, because PostgreSQL rounds no floating-point number to places.
#}
{% macro round_to(number, places) -%}
    cast(round(cast({{ number }} as numeric(38, 9)), {{ places }}) as numeric(28, {{ places }}))
{%- endmacro %}

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
    {{ round_exact('cast(' ~ number ~ ' as ' ~ decimal_type(38, 9) ~ ')', places) }}
{%- endmacro %}


{#
    An exact decimal rounded half away from zero. Apart from round_to, which cuts a number to 9
    places first and so could round twice.
#}
{% macro round_exact(number, places) -%}
    cast(round({{ number }}, {{ places }}) as {{ decimal_type(28, places) }})
{%- endmacro %}


{#
    A floating-point number up to 1 as a decimal with 18 places, so that a sum does not depend on
    the order of the rows.
#}
{% macro as_decimal(number) %}cast({{ number }} as {{ decimal_type(38, 18) }}){% endmacro %}

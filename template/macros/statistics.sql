{# Continuous percentile of a number over a group: fraction from 0 to 1, nulls ignored. #}
{% macro percentile(number, fraction) -%}
    {{ return(adapter.dispatch('percentile')(number, fraction)) }}
{%- endmacro %}

{% macro default__percentile(number, fraction) -%}
    percentile_cont({{ fraction }})
    within group (order by cast({{ number }} as {{ type_double() }}))
{%- endmacro %}

{# BigQuery has percentile_cont as a window function only: interpolate in the sorted array. #}
{% macro bigquery__percentile(number, fraction) -%}
    {%- set float = 'cast(' ~ number ~ ' as float64)' -%}
    {%- set sorted = 'array_agg(' ~ float ~ ' ignore nulls order by ' ~ number ~ ')' -%}
    {%- set position = fraction ~ ' * (count(' ~ number ~ ') - 1)' -%}
    {%- set below = sorted ~ '[safe_offset(cast(floor(' ~ position ~ ') as int64))]' -%}
    {%- set above = sorted ~ '[safe_offset(cast(ceil(' ~ position ~ ') as int64))]' -%}
    {{ below }} + ({{ above }} - {{ below }}) * ({{ position }} - floor({{ position }}))
{%- endmacro %}


{#
    Pearson's correlation of two numbers over a group; null when one of them does not vary (where
    DuckDB says NaN).
#}
{% macro correlation(x, y) -%}
    case
        when min({{ x }}) < max({{ x }}) and min({{ y }}) < max({{ y }})
            then {{ adapter.dispatch('corr')(x, y) }}
    end
{%- endmacro %}

{% macro default__corr(x, y) -%}
    corr(cast({{ x }} as {{ type_double() }}), cast({{ y }} as {{ type_double() }}))
{%- endmacro %}

{# Redshift has no corr(). #}
{% macro redshift__corr(x, y) -%}
    {%- set x = 'cast(' ~ x ~ ' as double precision)' -%}
    {%- set y = 'cast(' ~ y ~ ' as double precision)' -%}
    (avg({{ x }} * {{ y }}) - avg({{ x }}) * avg({{ y }}))
    / (stddev_pop({{ x }}) * stddev_pop({{ y }}))
{%- endmacro %}

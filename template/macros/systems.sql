{#
    A key for rows that have none: a hash of their own columns, and a number for rows with the same
    hash. Such rows are interchangeable, so a late one never takes over the key of another. Counts
    over all rows of the source: staging has no incremental filter, and a filter downstream doesn't
    renumber.
#}
{% macro stable_key(columns, loaded_at_column=none) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '')") -%}
    {%- endfor -%}
    {%- set hash = dbt.hash(texts | join(" || '|' || ")) -%}
    {{ hash }} || '-' || cast(
        row_number() over (
            partition by {{ hash }}
            order by {{ loaded_at_column or loaded_at() }}
        ) as {{ dbt.type_string() }}
    )
{%- endmacro %}


{#
    The number of a line in its order, by its own columns. A late line may renumber the others.
    That does no harm, because facts replace an order as a whole.
#}
{% macro line_number(order_key, columns) -%}
    row_number() over (partition by {{ order_key }} order by {{ columns | join(', ') }})
{%- endmacro %}


{# A moment that a system writes in its time zone, in the client's (var time_zone). #}
{% macro local_time(moment, time_zone) -%}
    {{ return(adapter.dispatch('local_time')(moment, time_zone, var('time_zone', 'UTC'))) }}
{%- endmacro %}

{% macro default__local_time(moment, from, to) -%}
    convert_timezone('{{ from }}', '{{ to }}', cast({{ moment }} as {{ dbt.type_timestamp() }}))
{%- endmacro %}

{% macro duckdb__local_time(moment, from, to) -%}
    timezone('{{ to }}', timezone('{{ from }}', cast({{ moment }} as timestamp)))
{%- endmacro %}

{% macro postgres__local_time(moment, from, to) -%}
    {{ return(duckdb__local_time(moment, from, to)) }}
{%- endmacro %}

{% macro redshift__local_time(moment, from, to) -%}
    {{ return(default__local_time(moment, from, to)) }}
{%- endmacro %}

{% macro bigquery__local_time(moment, from, to) -%}
    datetime(timestamp(cast({{ moment }} as datetime), '{{ from }}'), '{{ to }}')
{%- endmacro %}

{#
    The name of the source's load-time column on this target, or none where it has no such column.
    The var source_loaded_at is a column name for every target, or a mapping from target to name.
#}
{% macro source_loaded_at() %}
    {% set column = var('source_loaded_at', none) %}
    {% do return(column.get(target.name) if column is mapping else column) %}
{% endmacro %}


{# The load time of a source row, as a SQL expression; a fixed one where the source has none. #}
{% macro loaded_at(alias=none) -%}
    {%- set column = source_loaded_at() -%}
    {%- set qualified = alias ~ '.' ~ column if alias and column else column -%}
    cast({{ qualified or "'1970-01-01 00:00:00'" }} as {{ dbt.type_timestamp() }})
{%- endmacro %}

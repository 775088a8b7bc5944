{#
    What an incremental fact has seen already, as SQL expressions over the existing table
    ({{ this }}). An empty table has seen nothing.
#}
{% macro newest_seen(column) -%}
    (
        select
            coalesce(max({{ column }}), cast('1900-01-01 00:00:00' as {{ dbt.type_timestamp() }}))
        from {{ this }}
    )
{%- endmacro %}


{#
    The newest order date seen, from 1900 on. `column` is the date of the existing table.
#}
{% macro newest_date_seen(column) -%}
    (select coalesce(max({{ column }}), cast('1900-01-31' as date)) from {{ this }})
{%- endmacro %}


{# The first order date that is read again where the source has no load time (var lookback_days). #}
{% macro lookback_start(column='order_date') -%}
    cast({{ dbt.dateadd('day', -var('lookback_days'), newest_date_seen(column)) }} as date)
{%- endmacro %}

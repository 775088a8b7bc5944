{#
    What a fact has seen already, as SQL expressions over the table of the runs before. An empty
    table has seen nothing, and a load time in the future counts as unseen, so that one row of 2099
    does not hide all later ones. system: of its rows only.
#}
{% macro newest_seen(column, relation=this, system=none) -%}
    (
        select
            coalesce(max({{ column }}), cast('1900-01-01 00:00:00' as {{ dbt.type_timestamp() }}))
        from {{ relation }}
        where {{ column }} <= {{ present_limit() }}
            {%- if system %} and source_system = '{{ system }}'{% endif %}
    )
{%- endmacro %}


{# The newest order date seen, from 1900 on. `column` is the date of the table. #}
{% macro newest_date_seen(column, relation=this) -%}
    (
        select coalesce(max({{ column }}), cast('1900-01-31' as date))
        from {{ relation }}
        where {{ column }} <= {{ present_limit_date() }}
    )
{%- endmacro %}


{# The first order date that is read again where the source has no load time (var lookback_days). #}
{% macro lookback_start(column='order_date', relation=this) -%}
    {%- set newest = newest_date_seen(column, relation) -%}
    cast({{ dbt.dateadd('day', -var('lookback_days', 35), newest) }} as date)
{%- endmacro %}

{#
    The date that answers refer to, as a SQL expression: the var as_of_date, else the newest date
    of an order that isn't cancelled, guests' orders and refunds included; null without orders.
    Never the clock: the same data gives the same answer on every day.
#}
{% macro as_of_date() -%}
    {%- if var('as_of_date', none) -%}
        cast('{{ var("as_of_date") }}' as date)
    {%- else -%}
        (select max(order_date) from {{ ref('fct_orders') }} where not is_cancelled)
    {%- endif -%}
{%- endmacro %}

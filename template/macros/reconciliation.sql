{# The month of a date as a number: 202411. #}
{% macro month_number(date) -%}
    extract(year from {{ date }}) * 100 + extract(month from {{ date }})
{%- endmacro %}


{#
    CTEs of reconciliation for a system, as the source delivered it: <system>_orders with a row per
    order, and <system>_lines with a row per line of those, its revenue and quantity in floating
    point.
#}
{% macro delivered_months(system) -%}
    {%- set double = type_double() -%}
    {%- set orders = mappings()[system].orders -%}
    {%- set lines = mappings()[system].order_lines -%}
    {%- set by_line = not lines.renamed -%}
    {%- set order_date = 'cast(order_date as date)' if not orders.time_zone
        else 'cast(' ~ local_time('order_date', orders.time_zone) ~ ' as date)' -%}
    {%- set price = 'cast(extended_price as ' ~ double ~ ')' if 'extended_price' in lines.sql
        else 'cast(quantity as ' ~ double ~ ') * cast(unit_price as ' ~ double ~ ')' -%}
    {%- set columns = [] -%}
    {%- for column in ['order_key', 'extended_price', 'unit_price', 'quantity', 'discount']
        if column in lines.sql -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {%- set revenue = price if 'discount' not in lines.sql
        else price ~ ' * (1 - cast(discount as ' ~ double ~ '))' -%}
    {%- set quantity = 'cast(quantity as ' ~ double ~ ')' if 'quantity' in lines.sql
        else 'case when ' ~ price ~ ' < 0 then -1 else 1 end' -%}
    {%- set order_load_time = {'loaded_at': delivered_load_time(orders)} if sets_aside() else {} -%}
    {%- set line_load_time = {'loaded_at': delivered_load_time(lines)} if sets_aside() else {} %}
    {{ system }}_delivered_orders as (

        {{ delivered_rows(
            system, 'orders', (['order_key'] if by_line else []) + ['order_date'],
            order_load_time if by_line else dict(order_load_time, amount=orders.sql.amount)
        ) | indent(4) }}

    ),

    {{ system }}_orders as (

        select
            {{ 'order_key' if by_line else 'amount as extended_price' }},
            {{ month_number(order_date) }} as order_month

        from {{ system }}_delivered_orders
        {% if sets_aside() %}
        where
            {{ order_date }} >= {{ earliest_order_date() }}
            and {{ order_date }} <= {{ present_limit_date() }}
            and loaded_at <= {{ present_limit() }}
        {% endif %}

    ),

    {% if by_line %}
    {{ system }}_delivered_lines as (

        {{ delivered_rows(system, 'order_lines', columns, line_load_time) | indent(4) }}

    ),

    {{ system }}_lines as (

        select
            orders.order_month,
            {{ revenue }} as revenue,
            {{ quantity }} as quantity

        from {{ system }}_delivered_lines as lines
        inner join {{ system }}_orders as orders
            on lines.order_key = orders.order_key
        {% if sets_aside() %}
        where loaded_at <= {{ present_limit() }}
        {% endif %}

    ),

    {% else %}
    -- each order is one line
    {{ system }}_lines as (

        select
            order_month,
            {{ revenue }} as revenue,
            {{ quantity }} as quantity

        from {{ system }}_orders

    ),

    {% endif %}
{%- endmacro %}

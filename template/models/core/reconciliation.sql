{#-
    The facts against the source, by order month and in both directions: a row for each month in
    which they differ; empty where all agrees. The source is read as it was delivered, in floating
    point, so no cast of the models can hide its own mistake. The post-hook ends the run where
    there is a row, and every mart depends on this model.
-#}
{{
    config(
        pre_hook="{{ refuse_missing_tests() }}",
        post_hook={
            'sql': "{{ refuse_if_any('The facts differ from the source.') }}",
            'transaction': false
        }
    )
}}
{%- do after('int_settings') -%}
{%- set double = type_double() -%}
{%- set month_of = 'extract(year from {0}) * 100 + extract(month from {0})' -%}

with

{% for system, entities in mappings().items() %}
{%- set orders = entities.orders -%}
{%- set lines = entities.order_lines -%}
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
        {{ month_of.format(order_date) }} as order_month

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
{% endfor %}
source_months as (

    select
        order_month,
        count(*) as orders

    from (
        {% for system in mappings() %}
        select order_month from {{ system }}_orders {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as orders
    group by order_month

),

source_lines as (

    select
        order_month,
        count(*) as lines,
        sum(revenue) as revenue,
        sum(quantity) as quantity

    from (
        {% for system in mappings() %}
        select * from {{ system }}_lines {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as lines
    group by order_month

),

fact_lines as (

    select
        {{ month_of.format('order_date') }} as order_month,
        count(*) as lines,
        sum(revenue) as revenue,
        sum(quantity) as quantity,
        sum(case when line_kind = 'sale' then revenue else 0 end) as sales,
        sum(case when line_kind = 'sale' then 1 else 0 end) as sale_lines

    from {{ ref('fct_order_lines') }}
    where order_date is not null
    group by {{ month_of.format('order_date') }}

),

fact_orders as (

    select
        {{ month_of.format('order_date') }} as order_month,
        count(*) as orders,
        sum(revenue) as sales,
        sum(lines) as sale_lines

    from {{ ref('fct_orders') }}
    group by {{ month_of.format('order_date') }}

),

all_months as (

    select order_month from source_months
    union all
    select order_month from fact_orders
    union all
    select order_month from fact_lines

),

months as (

    select distinct order_month from all_months

),

compared as (

    select
        months.order_month,
        coalesce(source_months.orders, 0) as source_orders,
        coalesce(fact_orders.orders, 0) as fact_orders,
        coalesce(source_lines.lines, 0) as source_lines,
        coalesce(fact_lines.lines, 0) as fact_lines,
        coalesce(source_lines.revenue, 0) as source_revenue,
        coalesce(cast(fact_lines.revenue as {{ double }}), 0) as fact_revenue,
        coalesce(source_lines.quantity, 0) as source_quantity,
        coalesce(cast(fact_lines.quantity as {{ double }}), 0) as fact_quantity,
        coalesce(fact_orders.sales, 0) = coalesce(fact_lines.sales, 0)
        and coalesce(fact_orders.sale_lines, 0) = coalesce(fact_lines.sale_lines, 0)
            as facts_agree

    from months
    left join source_months
        on months.order_month = source_months.order_month
    left join source_lines
        on months.order_month = source_lines.order_month
    left join fact_orders
        on months.order_month = fact_orders.order_month
    left join fact_lines
        on months.order_month = fact_lines.order_month

),

differing as (

    select
        *,
        cast(cast(floor(order_month / 100) as {{ dbt.type_int() }}) as {{ dbt.type_string() }})
        || case when mod(order_month, 100) < 10 then '-0' else '-' end
        || cast(cast(mod(order_month, 100) as {{ dbt.type_int() }}) as {{ dbt.type_string() }})
            as month_name

    from compared
    where
        source_orders <> fact_orders
        or source_lines <> fact_lines
        -- more than floating point explains
        or abs(source_revenue - fact_revenue) > 0.005 + 1e-9 * abs(source_revenue)
        or abs(source_quantity - fact_quantity) > 0.005 + 1e-9 * abs(source_quantity)
        or not facts_agree

),

final as (

    select
        cast(month_name as {{ dbt.type_string() }}) as order_month,
        cast(source_orders as {{ dbt.type_bigint() }}) as source_orders,
        cast(fact_orders as {{ dbt.type_bigint() }}) as fact_orders,
        cast(source_lines as {{ dbt.type_bigint() }}) as source_lines,
        cast(fact_lines as {{ dbt.type_bigint() }}) as fact_lines,
        {{ round_to('source_revenue', 4) }} as source_revenue,
        {{ round_to('fact_revenue', 4) }} as fact_revenue,
        cast(
            month_name || ': ' || cast(source_orders as {{ dbt.type_string() }}) || ' orders with '
            || cast(source_lines as {{ dbt.type_string() }}) || ' lines and revenue '
            || cast({{ round_to('source_revenue', 2) }} as {{ dbt.type_string() }})
            || ' in the source, ' || cast(fact_orders as {{ dbt.type_string() }}) || ' with '
            || cast(fact_lines as {{ dbt.type_string() }}) || ' and '
            || cast({{ round_to('fact_revenue', 2) }} as {{ dbt.type_string() }})
            || ' in the facts. Rebuild it: make build VARS="{repair_months: [' || month_name
            || ']}"'
            as {{ dbt.type_string() }}
        ) as sentence

    from differing

)

select * from final

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

with

{% for system in mappings() %}
{{ delivered_months(system) }}

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
        {{ month_number('order_date') }} as order_month,
        count(*) as lines,
        sum(revenue) as revenue,
        sum(quantity) as quantity,
        sum(case when line_kind = 'sale' then revenue else 0 end) as sales,
        sum(case when line_kind = 'sale' then 1 else 0 end) as sale_lines

    from {{ ref('fct_order_lines') }}
    where order_date is not null
    group by {{ month_number('order_date') }}

),

fact_orders as (

    select
        {{ month_number('order_date') }} as order_month,
        count(*) as orders,
        sum(revenue) as sales,
        sum(lines) as sale_lines

    from {{ ref('fct_orders') }}
    group by {{ month_number('order_date') }}

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

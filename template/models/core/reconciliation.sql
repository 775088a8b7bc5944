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

source_orders as (

    select
        o_orderkey,
        {{ month_of.format('o_orderdate') }} as order_month

    from {{ source('tpch', 'orders') }}
    {% if sets_aside() %}
    where
        cast(o_orderdate as date) >= {{ earliest_order_date() }}
        and cast(o_orderdate as date) <= {{ present_limit_date() }}
        and {{ loaded_at() }} <= {{ present_limit() }}
    {% endif %}

),

source_lines as (

    select
        source_orders.order_month,
        count(*) as lines,
        sum(
            cast(lines.l_extendedprice as {{ double }})
            * (1 - cast(lines.l_discount as {{ double }}))
        ) as revenue,
        sum(cast(lines.l_quantity as {{ double }})) as quantity

    from {{ source('tpch', 'lineitem') }} as lines
    inner join source_orders
        on lines.l_orderkey = source_orders.o_orderkey
    {% if sets_aside() %}
    where {{ loaded_at('lines') }} <= {{ present_limit() }}
    {% endif %}
    group by source_orders.order_month

),

source_months as (

    select
        order_month,
        count(*) as orders

    from source_orders
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

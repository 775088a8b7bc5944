-- The revenue of every mart = the revenue of the order lines = an independent sum over the source.
with

source_total as (

    select
        sum(
            cast(order_lines.l_extendedprice as numeric(15, 2))
            * (1 - cast(order_lines.l_discount as numeric(15, 2)))
        ) as revenue

    from {{ source('tpch', 'lineitem') }} as order_lines
    inner join {{ source('tpch', 'orders') }} as orders
        on order_lines.l_orderkey = orders.o_orderkey
    where orders.o_orderdate <= {{ as_of_date() }}

),

totals as (

    select
        'fct_order_lines' as place,
        sum(revenue) as revenue
    from {{ ref('fct_order_lines') }}
    where order_date <= {{ as_of_date() }}

    union all

    select
        'fct_orders' as place,
        sum(revenue) as revenue
    from {{ ref('fct_orders') }}
    where order_date <= {{ as_of_date() }}

    {% for mart in [
        'customer_360', 'customer_monthly_activity', 'monthly_growth', 'nation_summary',
        'segment_summary'
    ] %}

    union all

    select
        '{{ mart }}' as place,
        sum(revenue) as revenue
    from {{ ref(mart) }}

    {% endfor %}

    union all

    -- each category scheme splits the whole revenue
    select
        scheme as place,
        sum(revenue) as revenue
    from {{ ref('customer_category_revenue') }}
    group by scheme

)

select
    totals.place,
    totals.revenue,
    source_total.revenue as source_revenue

from totals
cross join source_total
where totals.revenue <> source_total.revenue or totals.revenue is null

{#- What the dashboard sums up when a reader picks a segment, a region or months. -#}

with

customers as (

    select
        customer_key,
        market_segment,
        region_name

    from {{ ref('customer_totals') }}

),

order_rows as (

    select
        customer_key,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as order_month,
        case when is_sale then 1 else 0 end as orders,
        {{ basis_revenue() }} as revenue

    from {{ ref('fct_orders') }}
    where not is_cancelled and order_date <= {{ as_of_date() }}

),

order_totals as (

    select
        order_rows.order_month,
        customers.market_segment,
        customers.region_name,
        sum(order_rows.orders) as orders,
        sum(order_rows.revenue) as revenue

    from order_rows
    inner join customers
        on order_rows.customer_key = customers.customer_key
    group by order_rows.order_month, customers.market_segment, customers.region_name

),

activity as (

    select
        activity.activity_month,
        customers.market_segment,
        customers.region_name,
        count(*) as active_customers,
        sum(case when activity.is_first_month then 1 else 0 end) as new_customers

    from {{ ref('customer_monthly_activity') }} as activity
    inner join customers
        on activity.customer_key = customers.customer_key
    group by activity.activity_month, customers.market_segment, customers.region_name

)

select
    order_totals.order_month as month_start,
    order_totals.market_segment,
    order_totals.region_name,
    coalesce(activity.new_customers, 0) as new_customers,
    coalesce(activity.active_customers, 0) as active_customers,
    order_totals.orders,
    {{ round_exact('order_totals.revenue', 4) }} as revenue

from order_totals
left join activity
    on
    order_totals.order_month = activity.activity_month
    and order_totals.market_segment = activity.market_segment
    and order_totals.region_name = activity.region_name
order by order_totals.order_month, order_totals.market_segment, order_totals.region_name

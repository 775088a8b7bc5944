with

activity as (

    select * from {{ ref('customer_monthly_activity') }}

),

-- guests' orders and refunds too
orders as (

    select * from {{ ref('fct_orders') }}
    where not is_cancelled and order_date <= {{ as_of_date() }}

),

order_totals as (

    select
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as order_month,
        sum(case when is_sale then 1 else 0 end) as orders,
        sum({{ basis_revenue() }}) as revenue,
        sum(case when is_sale and is_guest then 1 else 0 end) as guest_orders,
        sum(case when is_guest then {{ basis_revenue() }} else 0 end) as guest_revenue

    from orders
    group by cast({{ dbt.date_trunc('month', 'order_date') }} as date)

),

bounds as (

    select
        min(order_month) as first_month,
        max(order_month) as last_month

    from order_totals

),

months as (

    select distinct dates.month_start
    from {{ ref('dim_dates') }} as dates
    inner join bounds
        on dates.month_start between bounds.first_month and bounds.last_month

),

customer_counts as (

    select
        activity_month,
        count(*) as active_customers,
        sum(case when is_first_month then 1 else 0 end) as new_customers

    from activity
    group by activity_month

),

-- A customer counts as active for the 12 months from an order's month on, or until the next order
-- renews that. So each month of activity is one arrival now and one departure later, and a running
-- sum of both counts every customer once, at a fraction of the cost of a distinct count over 12
-- months.
spans as (

    select
        activity_month,
        cast({{ dbt.dateadd('month', 12, 'activity_month') }} as date) as expires_month,
        lead(activity_month) over (
            partition by customer_key order by activity_month
        ) as renewed_month

    from activity

),

movements as (

    select
        activity_month as month_start,
        1 as movement

    from spans

    union all

    select
        case when renewed_month < expires_month then renewed_month else expires_month end
            as month_start,
        -1 as movement

    from spans

),

net_movements as (

    select
        month_start,
        sum(movement) as net_movement

    from movements
    group by month_start

),

joined as (

    select
        months.month_start,
        coalesce(customer_counts.new_customers, 0) as new_customers,
        coalesce(customer_counts.active_customers, 0) as active_customers,
        coalesce(order_totals.orders, 0) as orders,
        coalesce(order_totals.revenue, 0) as revenue,
        coalesce(order_totals.guest_orders, 0) as guest_orders,
        coalesce(order_totals.guest_revenue, 0) as guest_revenue,
        coalesce(net_movements.net_movement, 0) as net_movement

    from months
    left join order_totals
        on months.month_start = order_totals.order_month
    left join customer_counts
        on months.month_start = customer_counts.activity_month
    left join net_movements
        on months.month_start = net_movements.month_start

),

cumulated as (

    select
        *,
        sum(new_customers) over (order by month_start rows unbounded preceding)
            as cumulative_customers,
        sum(net_movement) over (order by month_start rows unbounded preceding) as active_12m

    from joined

),

final as (

    select
        -- dates
        month_start,

        -- numerics
        cast(new_customers as {{ dbt.type_bigint() }}) as new_customers,
        cast(cumulative_customers as {{ dbt.type_bigint() }}) as cumulative_customers,
        {{ round_to(
            divide('new_customers', 'lag(cumulative_customers) over (order by month_start)'), 6
        ) }} as growth_rate,
        cast(active_customers as {{ dbt.type_bigint() }}) as active_customers,
        cast(active_12m as {{ dbt.type_bigint() }}) as active_12m,
        cast(orders as {{ dbt.type_bigint() }}) as orders,
        cast(revenue as {{ revenue_total_type() }}) as revenue,
        cast(guest_orders as {{ dbt.type_bigint() }}) as guest_orders,
        cast(guest_revenue as {{ revenue_total_type() }}) as guest_revenue

    from cumulated

)

select * from final

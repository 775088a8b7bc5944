-- Customers active in the 12 months that end with a month are counted by comings and goings: a customer who ordered
-- in month m is counted from m until the customer's next month with an order (where the count is taken over) or until
-- m + 12 months, whichever is first. The running sum of comings minus goings is the number of distinct customers.
with months as (
    select unnest(generate_series(month_of(min(order_date)), max(order_date), interval 1 month))::date as month_start
    from order_totals
),

acquired as (
    select month_of(first_order) as month_start, count(*) as new_customers
    from customer_totals
    where orders > 0
    group by all
),

ordered as (
    select
        month_of(order_date) as month_start,
        count(distinct customer_key) filter (is_sale) as active_customers,
        count(*) filter (is_sale) as orders,
        sum(revenue) as revenue,
        count(*) filter (is_sale and is_guest) as guest_orders,
        sum(revenue) filter (is_guest) as guest_revenue
    from order_totals
    group by all
),

spells as (
    select
        month_start as comes,
        least(
            (month_start + interval 12 month)::date,
            lead(month_start) over (partition by customer_key order by month_start)
        ) as goes
    from (select distinct customer_key, month_of(order_date) as month_start from sales)
),

changes as (
    select month_start, sum(change) as change
    from (
        select comes as month_start, 1 as change from spells
        union all
        select goes, -1 from spells
    )
    group by all
),

by_month as (
    select
        month_start,
        coalesce(new_customers, 0) as new_customers,
        sum(coalesce(new_customers, 0)) over (order by month_start) as cumulative_customers,
        coalesce(active_customers, 0) as active_customers,
        sum(coalesce(change, 0)) over (order by month_start) as active_12m,
        coalesce(orders, 0) as orders,
        coalesce(revenue, 0) as revenue,
        coalesce(guest_orders, 0) as guest_orders,
        coalesce(guest_revenue, 0) as guest_revenue
    from months
    left join acquired using (month_start)
    left join ordered using (month_start)
    left join changes using (month_start)
)

select
    month_start,
    new_customers,
    cumulative_customers,
    ratio(new_customers, lag(cumulative_customers) over (order by month_start), 6) as growth_rate,
    active_customers,
    active_12m,
    orders,
    round(revenue, 4) as revenue,
    guest_orders,
    round(guest_revenue, 4) as guest_revenue
from by_month
order by month_start

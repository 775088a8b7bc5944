select
    month_start,
    new_customers,
    cumulative_customers,
    growth_rate,
    active_customers,
    active_12m,
    orders,
    {{ round_exact('revenue', 4) }} as revenue,
    guest_orders,
    {{ round_exact('guest_revenue', 4) }} as guest_revenue

from {{ ref('monthly_growth') }}
order by month_start

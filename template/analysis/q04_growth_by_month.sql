select
    month_start,
    new_customers,
    cumulative_customers,
    growth_rate,
    active_customers,
    active_12m,
    orders,
    revenue

from {{ ref('monthly_growth') }}
order by month_start

select
    value_rank,
    customer_key,
    market_segment,
    nation_name,
    region_name,
    orders,
    {{ basis_revenue() }} as revenue

from {{ ref('customer_360') }}
where is_top_20_percent
order by value_rank

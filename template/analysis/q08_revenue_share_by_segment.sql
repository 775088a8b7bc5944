select
    market_segment,
    revenue,
    {{ round_to(divide('revenue', 'sum(revenue) over ()'), 6) }} as revenue_share,
    orders

from {{ ref('segment_summary') }}
order by revenue desc, market_segment asc

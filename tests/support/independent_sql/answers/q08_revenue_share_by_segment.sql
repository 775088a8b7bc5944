with by_segment as (
    select market_segment, sum(revenue) as revenue, sum(orders) as orders
    from customer_totals
    group by market_segment
)

select
    market_segment,
    round(revenue, 4) as revenue,
    ratio(positive(revenue), sum(positive(revenue)) over (), 6) as revenue_share,
    orders
from by_segment
order by by_segment.revenue desc, market_segment

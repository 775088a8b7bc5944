select
    market_segment,
    sum(revenue) as revenue,
    ratio(sum(revenue), sum(sum(revenue)) over (), 6) as revenue_share,
    sum(orders) as orders
from customer_totals
group by market_segment
order by revenue desc, market_segment

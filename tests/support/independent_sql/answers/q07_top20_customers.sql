select
    row_number() over (order by revenue desc, customer_key) as value_rank,
    customer_key,
    market_segment,
    nation_name,
    region_name,
    orders,
    round(revenue, 4) as revenue
from customer_totals
where orders > 0
qualify value_rank <= ceil(count(*) over () / 5)
order by value_rank

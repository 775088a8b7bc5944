select
    market_segment,
    count(*) as customers,
    ratio(count(*), sum(count(*)) over (), 6) as share_of_customers,
    count(*) filter (orders > 0) as buyers,
    row_number() over (order by count(*) desc, market_segment) as customer_rank
from customer_totals
group by market_segment
order by customer_rank

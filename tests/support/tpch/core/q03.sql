select
    orders.order_key as l_orderkey,
    sum(lines.revenue) as revenue,
    orders.order_date as o_orderdate,
    orders.ship_priority as o_shippriority
from core.fct_order_lines as lines
join core.fct_orders as orders using (order_key)
join core.dim_customers as customers on customers.customer_key = orders.customer_key
where
    customers.market_segment = 'BUILDING'
    and orders.order_date < date '1995-03-15'
    and lines.ship_date > date '1995-03-15'
group by orders.order_key, orders.order_date, orders.ship_priority
order by revenue desc, o_orderdate, l_orderkey
limit 10

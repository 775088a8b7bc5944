-- $quantity is 300
select
    customers.customer_name as c_name,
    customers.customer_key as c_custkey,
    orders.order_key as o_orderkey,
    orders.order_date as o_orderdate,
    orders.total_price as o_totalprice,
    orders.quantity as sum_qty
from core.fct_orders as orders
join core.dim_customers as customers on customers.customer_key = orders.customer_key
where orders.quantity > $quantity
order by o_totalprice desc, o_orderdate, o_orderkey
limit 100

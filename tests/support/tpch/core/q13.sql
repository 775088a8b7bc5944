with counted as (
    select customer_key, count(*) as orders
    from core.fct_orders
    where comment not like '%special%requests%'
    group by customer_key
)

select coalesce(counted.orders, 0) as c_count, count(*) as custdist
from core.dim_customers as customers
left join counted on counted.customer_key = customers.customer_key
group by coalesce(counted.orders, 0)
order by custdist desc, c_count desc

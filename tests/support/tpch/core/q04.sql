select orders.order_priority as o_orderpriority, count(*) as order_count
from core.fct_orders as orders
join core.dim_dates as dates on dates.date_day = orders.order_date
where
    dates.quarter_start = date '1993-07-01'
    and orders.order_key in (
        select order_key from core.fct_order_lines where commit_date < receipt_date
    )
group by orders.order_priority
order by o_orderpriority

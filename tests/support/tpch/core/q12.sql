select
    lines.ship_mode as l_shipmode,
    count(*) filter (where orders.order_priority in ('1-URGENT', '2-HIGH')) as high_line_count,
    count(*) filter (where orders.order_priority not in ('1-URGENT', '2-HIGH')) as low_line_count
from core.fct_order_lines as lines
join core.fct_orders as orders on orders.order_key = lines.order_key
join core.dim_dates as dates on dates.date_day = lines.receipt_date
where
    lines.ship_mode in ('MAIL', 'SHIP')
    and lines.ship_date < lines.commit_date
    and lines.commit_date < lines.receipt_date
    and dates.year_number = 1994
group by lines.ship_mode
order by l_shipmode

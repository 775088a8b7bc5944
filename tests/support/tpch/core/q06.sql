select sum(lines.extended_price * lines.discount) as revenue
from core.fct_order_lines as lines
join core.dim_dates as dates on dates.date_day = lines.ship_date
where
    dates.year_start = date '1994-01-01'
    and lines.discount between 0.06 - 0.01 and 0.06 + 0.01
    and lines.quantity < 24

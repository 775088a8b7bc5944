select
    100.00
    * coalesce(sum(lines.revenue) filter (where products.type_class = 'PROMO'), 0)
    / sum(lines.revenue) as promo_revenue
from core.fct_order_lines as lines
join core.dim_products as products on products.product_key = lines.product_key
join core.dim_dates as dates on dates.date_day = lines.ship_date
where dates.month_start = date '1995-09-01'

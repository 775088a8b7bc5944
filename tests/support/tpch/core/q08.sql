-- $nation is BRAZIL
select
    dates.year_number as o_year,
    coalesce(sum(lines.revenue) filter (where suppliers.nation_name = $nation), 0)
    / sum(lines.revenue) as mkt_share
from core.fct_order_lines as lines
join core.dim_products as products on products.product_key = lines.product_key
join core.dim_customers as customers on customers.customer_key = lines.customer_key
join core.dim_suppliers as suppliers on suppliers.supplier_key = lines.supplier_key
join core.dim_dates as dates on dates.date_day = lines.order_date
where
    customers.region_name = 'AMERICA'
    and products.product_type = 'ECONOMY ANODIZED STEEL'
    and dates.year_number in (1995, 1996)
group by dates.year_number
order by o_year

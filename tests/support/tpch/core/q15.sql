with revenue as (
    select lines.supplier_key, sum(lines.revenue) as total_revenue
    from core.fct_order_lines as lines
    join core.dim_dates as dates on dates.date_day = lines.ship_date
    where dates.year_number = 1996 and dates.quarter_number = 1
    group by lines.supplier_key
)

select
    suppliers.supplier_key as s_suppkey,
    suppliers.supplier_name as s_name,
    suppliers.address as s_address,
    suppliers.phone as s_phone,
    revenue.total_revenue
from revenue
join core.dim_suppliers as suppliers on suppliers.supplier_key = revenue.supplier_key
where revenue.total_revenue = (select max(total_revenue) from revenue)
order by s_suppkey

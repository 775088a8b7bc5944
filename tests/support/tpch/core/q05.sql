select suppliers.nation_name as n_name, sum(lines.revenue) as revenue
from core.fct_order_lines as lines
join core.dim_customers as customers on customers.customer_key = lines.customer_key
join core.dim_suppliers as suppliers on suppliers.supplier_key = lines.supplier_key
join core.dim_dates as dates on dates.date_day = lines.order_date
where
    customers.nation_key = suppliers.nation_key
    and suppliers.region_name = 'ASIA'
    and dates.year_number = 1994
group by suppliers.nation_name
order by revenue desc, n_name

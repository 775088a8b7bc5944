select
    suppliers.nation_name as supp_nation,
    customers.nation_name as cust_nation,
    dates.year_number as l_year,
    sum(lines.revenue) as revenue
from core.fct_order_lines as lines
join core.dim_customers as customers on customers.customer_key = lines.customer_key
join core.dim_suppliers as suppliers on suppliers.supplier_key = lines.supplier_key
join core.dim_dates as dates on dates.date_day = lines.ship_date
where
    suppliers.nation_name in ('FRANCE', 'GERMANY')
    and customers.nation_name in ('FRANCE', 'GERMANY')
    and suppliers.nation_name <> customers.nation_name
    and dates.year_number in (1995, 1996)
group by suppliers.nation_name, customers.nation_name, dates.year_number
order by supp_nation, cust_nation, l_year

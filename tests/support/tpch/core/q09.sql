select
    suppliers.nation_name as nation,
    dates.year_number as o_year,
    sum(lines.revenue - supply.supply_cost * lines.quantity) as sum_profit
from core.fct_order_lines as lines
join core.fct_part_supply as supply
    on supply.product_key = lines.product_key and supply.supplier_key = lines.supplier_key
join core.dim_products as products on products.product_key = lines.product_key
join core.dim_suppliers as suppliers on suppliers.supplier_key = lines.supplier_key
join core.dim_dates as dates on dates.date_day = lines.order_date
where products.product_name like '%green%'
group by suppliers.nation_name, dates.year_number
order by nation, o_year desc

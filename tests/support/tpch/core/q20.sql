with shipped as (
    select lines.product_key, lines.supplier_key, sum(lines.quantity) as quantity
    from core.fct_order_lines as lines
    join core.dim_dates as dates on dates.date_day = lines.ship_date
    where dates.year_number = 1994
    group by lines.product_key, lines.supplier_key
)

select distinct suppliers.supplier_name as s_name, suppliers.address as s_address
from core.fct_part_supply as supply
join shipped
    on shipped.product_key = supply.product_key and shipped.supplier_key = supply.supplier_key
join core.dim_products as products on products.product_key = supply.product_key
join core.dim_suppliers as suppliers on suppliers.supplier_key = supply.supplier_key
where
    products.product_name like 'forest%'
    and supply.available_quantity > 0.5 * shipped.quantity
    and suppliers.nation_name = 'CANADA'
order by s_name

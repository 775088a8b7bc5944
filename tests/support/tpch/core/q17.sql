-- $brand is Brand#23
with lines as (
    select
        lines.extended_price,
        lines.quantity,
        avg(lines.quantity) over (partition by lines.product_key) as average_quantity
    from core.fct_order_lines as lines
    join core.dim_products as products on products.product_key = lines.product_key
    where products.brand = $brand and products.container = 'MED BOX'
)

select sum(extended_price) / 7.0 as avg_yearly
from lines
where quantity < 0.2 * average_quantity

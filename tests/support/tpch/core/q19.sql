select sum(lines.revenue) as revenue
from core.fct_order_lines as lines
join core.dim_products as products on products.product_key = lines.product_key
where
    lines.ship_mode in ('AIR', 'AIR REG')
    and lines.ship_instructions = 'DELIVER IN PERSON'
    and products.size >= 1
    and case products.brand
        when 'Brand#12' then
            products.container in ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
            and lines.quantity between 1 and 11
            and products.size <= 5
        when 'Brand#23' then
            products.container in ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK')
            and lines.quantity between 10 and 20
            and products.size <= 10
        when 'Brand#34' then
            products.container in ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG')
            and lines.quantity between 20 and 30
            and products.size <= 15
        else false
    end

select
    products.brand as p_brand,
    products.product_type as p_type,
    products.size as p_size,
    count(distinct supply.supplier_key) as supplier_cnt
from core.fct_part_supply as supply
join core.dim_products as products on products.product_key = supply.product_key
join core.dim_suppliers as suppliers on suppliers.supplier_key = supply.supplier_key
where
    products.brand <> 'Brand#45'
    and not (products.type_class = 'MEDIUM' and products.type_finish = 'POLISHED')
    and products.size in (49, 14, 23, 45, 19, 3, 36, 9)
    and suppliers.comment not like '%Customer%Complaints%'
group by products.brand, products.product_type, products.size
order by supplier_cnt desc, p_brand, p_type, p_size

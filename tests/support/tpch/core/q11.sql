-- $fraction is 0.0001 / scale factor
with german as (
    select supply.product_key, supply.supply_cost * supply.available_quantity as value
    from core.fct_part_supply as supply
    join core.dim_suppliers as suppliers on suppliers.supplier_key = supply.supplier_key
    join core.dim_geography as geography on geography.nation_key = suppliers.nation_key
    where geography.nation_name = 'GERMANY'
)

select product_key as ps_partkey, sum(value) as value
from german
group by product_key
having sum(german.value) > (select sum(value) * $fraction from german)
order by value desc, ps_partkey

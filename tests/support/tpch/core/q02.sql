with european as (
    select
        supply.product_key,
        supply.supply_cost,
        suppliers.*,
        min(supply.supply_cost) over (partition by supply.product_key) as lowest_cost
    from core.fct_part_supply as supply
    join core.dim_suppliers as suppliers using (supplier_key)
    where suppliers.region_name = 'EUROPE'
)

select
    european.account_balance as s_acctbal,
    european.supplier_name as s_name,
    european.nation_name as n_name,
    products.product_key as p_partkey,
    products.manufacturer as p_mfgr,
    european.address as s_address,
    european.phone as s_phone,
    european.comment as s_comment
from european
join core.dim_products as products using (product_key)
where
    products.size = 15
    and products.type_material = 'BRASS'
    and european.supply_cost = european.lowest_cost
order by s_acctbal desc, n_name, s_name, p_partkey
limit 100

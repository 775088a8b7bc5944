with

part_supply as (

    select * from `analytics`.`dev_yourname_staging`.`stg_tpch__part_supply`

),

final as (

    select
        -- ids
        product_key,
        supplier_key,

        -- strings
        comment,

        -- numerics
        available_quantity,
        supply_cost,

        -- timestamps
        loaded_at

    from part_supply

)

select * from final

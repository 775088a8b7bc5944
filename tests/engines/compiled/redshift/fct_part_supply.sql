with

part_supply as (

    select * from "analytics"."dev_yourname_staging"."stg_tpch__part_supply"

    where loaded_at > (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_core"."fct_part_supply"
    )

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

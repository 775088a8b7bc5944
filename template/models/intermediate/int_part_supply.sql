with

part_supply as (

    select * from ({{ united('part_supply') | indent(4) }}) as part_supply
    {% if sets_aside() %}where {{ set_aside_reason() }} is null{% endif %}

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

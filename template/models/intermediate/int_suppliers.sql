with

suppliers as (

    select * from ({{ united('suppliers') | indent(4) }}) as suppliers
    {% if sets_aside() %}where {{ set_aside_reason() }} is null{% endif %}

),

final as (

    select
        -- ids
        supplier_key,
        nation_key,

        -- strings
        supplier_name,
        address,
        phone,
        comment,

        -- numerics
        account_balance,

        -- timestamps
        loaded_at

    from suppliers

)

select * from final

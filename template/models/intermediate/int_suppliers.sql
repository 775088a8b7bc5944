with

suppliers as (

    select * from {{ ref('stg_tpch__suppliers') }}
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

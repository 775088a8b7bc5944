with

snapshots as (

    select * from {{ ref('customers_snapshot') }}

),

final as (

    select
        -- ids
        customer_key,
        nation_key,

        -- strings
        market_segment,

        -- numerics
        account_balance,

        -- booleans
        dbt_valid_to is null as is_current,

        -- timestamps
        cast(dbt_valid_from as {{ dbt.type_timestamp() }}) as valid_from,
        cast(dbt_valid_to as {{ dbt.type_timestamp() }}) as valid_to

    from snapshots

)

select * from final

with

source as (

    select * from {{ source('tpch', 'customer') }}

),

renamed as (

    select
        -- ids
        cast(c_custkey as {{ key_type() }}) as customer_key,
        cast(c_nationkey as {{ key_type() }}) as nation_key,

        -- strings
        cast(c_name as {{ dbt.type_string() }}) as customer_name,
        cast(c_mktsegment as {{ dbt.type_string() }}) as market_segment,
        cast(c_address as {{ dbt.type_string() }}) as address,
        cast(c_phone as {{ dbt.type_string() }}) as phone,
        cast(c_comment as {{ dbt.type_string() }}) as comment,

        -- numerics
        cast(c_acctbal as {{ amount_type() }}) as account_balance,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

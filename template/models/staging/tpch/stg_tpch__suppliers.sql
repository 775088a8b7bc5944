with

source as (

    select * from {{ source('tpch', 'supplier') }}

),

renamed as (

    select
        -- ids
        cast(s_suppkey as {{ key_type() }}) as supplier_key,
        cast(s_nationkey as {{ key_type() }}) as nation_key,

        -- strings
        cast(s_name as {{ dbt.type_string() }}) as supplier_name,
        cast(s_address as {{ dbt.type_string() }}) as address,
        cast(s_phone as {{ dbt.type_string() }}) as phone,
        cast(s_comment as {{ dbt.type_string() }}) as comment,

        -- numerics
        cast(s_acctbal as {{ amount_type() }}) as account_balance,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

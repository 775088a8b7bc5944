with

source as (

    select * from {{ source('tpch', 'orders') }}

),

renamed as (

    select
        -- ids
        cast(o_orderkey as {{ key_type() }}) as order_key,
        cast(o_custkey as {{ key_type() }}) as customer_key,

        -- strings
        cast(o_orderstatus as {{ dbt.type_string() }}) as order_status,
        cast(o_orderpriority as {{ dbt.type_string() }}) as order_priority,
        cast(o_clerk as {{ dbt.type_string() }}) as clerk,
        cast(o_comment as {{ dbt.type_string() }}) as comment,

        -- numerics
        cast(o_shippriority as {{ dbt.type_int() }}) as ship_priority,
        cast(o_totalprice as {{ amount_type() }}) as total_price,

        -- dates
        cast(o_orderdate as date) as order_date,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

with

source as (

    select * from {{ source('tpch', 'lineitem') }}

),

renamed as (

    select
        -- ids
        cast(l_orderkey as {{ key_type() }}) as order_key,
        cast(l_linenumber as {{ dbt.type_int() }}) as line_number,
        cast(l_partkey as {{ key_type() }}) as product_key,
        cast(l_suppkey as {{ key_type() }}) as supplier_key,

        -- strings
        cast(l_returnflag as {{ dbt.type_string() }}) as return_flag,
        cast(l_linestatus as {{ dbt.type_string() }}) as line_status,
        cast(l_shipmode as {{ dbt.type_string() }}) as ship_mode,
        cast(l_shipinstruct as {{ dbt.type_string() }}) as ship_instructions,
        cast(l_comment as {{ dbt.type_string() }}) as comment,

        -- numerics
        cast(l_quantity as {{ amount_type() }}) as quantity,
        cast(l_extendedprice as {{ amount_type() }}) as extended_price,
        cast(l_discount as {{ rate_type() }}) as discount,
        cast(l_tax as {{ rate_type() }}) as tax,

        -- dates
        cast(l_shipdate as date) as ship_date,
        cast(l_commitdate as date) as commit_date,
        cast(l_receiptdate as date) as receipt_date,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

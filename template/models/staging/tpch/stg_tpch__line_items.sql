with

source as (

    select * from {{ source('tpch', 'lineitem') }}

),

renamed as (

    select
        -- ids
        cast(l_orderkey as {{ dbt.type_bigint() }}) as order_key,
        cast(l_linenumber as {{ dbt.type_int() }}) as line_number,
        cast(l_partkey as {{ dbt.type_bigint() }}) as product_key,
        cast(l_suppkey as {{ dbt.type_bigint() }}) as supplier_key,

        -- strings
        cast(l_returnflag as {{ dbt.type_string() }}) as return_flag,
        cast(l_linestatus as {{ dbt.type_string() }}) as line_status,
        cast(l_shipmode as {{ dbt.type_string() }}) as ship_mode,
        cast(l_shipinstruct as {{ dbt.type_string() }}) as ship_instructions,
        cast(l_comment as {{ dbt.type_string() }}) as comment,

        -- numerics
        cast(l_quantity as numeric(15, 2)) as quantity,
        cast(l_extendedprice as numeric(15, 2)) as extended_price,
        cast(l_discount as numeric(15, 2)) as discount,
        cast(l_tax as numeric(15, 2)) as tax,

        -- dates
        cast(l_shipdate as date) as ship_date,
        cast(l_commitdate as date) as commit_date,
        cast(l_receiptdate as date) as receipt_date,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

with

source as (

    select * from {{ source('tpch', 'partsupp') }}

),

renamed as (

    select
        -- ids
        cast(ps_partkey as {{ key_type() }}) as product_key,
        cast(ps_suppkey as {{ key_type() }}) as supplier_key,

        -- strings
        cast(ps_comment as {{ dbt.type_string() }}) as comment,

        -- numerics
        cast(ps_availqty as {{ dbt.type_int() }}) as available_quantity,
        cast(ps_supplycost as {{ amount_type() }}) as supply_cost,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

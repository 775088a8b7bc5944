with

source as (

    select * from {{ source('tpch', 'part') }}

),

renamed as (

    select
        -- ids
        cast(p_partkey as {{ key_type() }}) as product_key,

        -- strings
        cast(p_name as {{ dbt.type_string() }}) as product_name,
        cast(p_mfgr as {{ dbt.type_string() }}) as manufacturer,
        cast(p_brand as {{ dbt.type_string() }}) as brand,
        cast(p_type as {{ dbt.type_string() }}) as product_type,
        cast(p_container as {{ dbt.type_string() }}) as container,
        cast(p_comment as {{ dbt.type_string() }}) as comment,

        -- numerics
        cast(p_size as {{ dbt.type_int() }}) as size,
        cast(p_retailprice as {{ amount_type() }}) as retail_price,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

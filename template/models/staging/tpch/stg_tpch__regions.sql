with

source as (

    select * from {{ source('tpch', 'region') }}

),

renamed as (

    select
        -- ids
        cast(r_regionkey as {{ key_type() }}) as region_key,

        -- strings
        cast(r_name as {{ dbt.type_string() }}) as region_name,
        cast(r_comment as {{ dbt.type_string() }}) as comment,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

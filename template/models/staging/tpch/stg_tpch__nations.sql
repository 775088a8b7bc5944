with

source as (

    select * from {{ source('tpch', 'nation') }}

),

renamed as (

    select
        -- ids
        cast(n_nationkey as {{ key_type() }}) as nation_key,
        cast(n_regionkey as {{ key_type() }}) as region_key,

        -- strings
        cast(n_name as {{ dbt.type_string() }}) as nation_name,
        cast(n_comment as {{ dbt.type_string() }}) as comment,

        -- timestamps
        {{ loaded_at() }} as loaded_at

    from source

)

select * from renamed

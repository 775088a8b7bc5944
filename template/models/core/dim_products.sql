with

parts as (

    select * from {{ ref('stg_tpch__parts') }}

),

final as (

    select
        -- ids
        product_key,

        -- strings
        product_name,
        manufacturer,
        brand,
        product_type,
        {{ dbt.split_part('product_type', "' '", 1) }} as type_class,
        {{ dbt.split_part('product_type', "' '", 2) }} as type_finish,
        {{ dbt.split_part('product_type', "' '", -1) }} as type_material,
        container,
        comment,

        -- numerics
        size,
        retail_price,

        -- timestamps
        loaded_at

    from parts

)

select * from final

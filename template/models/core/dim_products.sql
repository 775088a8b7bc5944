{%- do after('int_input_checks') -%}

{%- do after('int_changed_products') -%}

with

products as (

    select * from {{ ref('int_products') }}

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
        type_class,
        type_finish,
        type_material,
        container,
        comment,

        -- numerics
        size,
        retail_price,

        -- timestamps
        loaded_at,

        -- where the row comes from
        source_system

    from products

)

select * from final

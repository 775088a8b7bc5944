with

parts as (

    select * from ({{ united('products') | indent(4) }}) as products
    {% if sets_aside() %}where {{ set_aside_reason() }} is null{% endif %}

),

final as (

    select
        -- ids
        product_key,

        -- strings
        product_name,
        {{ known('manufacturer') }} as manufacturer,
        {{ known('brand') }} as brand,
        product_type,
        {{ known(dbt.split_part('product_type', "' '", 1)) }} as type_class,
        {{ known(dbt.split_part('product_type', "' '", 2)) }} as type_finish,
        {{ known(dbt.split_part('product_type', "' '", -1)) }} as type_material,
        container,
        comment,
        source_system,

        -- numerics
        size,
        retail_price,

        -- timestamps
        loaded_at

    from parts

)

select * from final

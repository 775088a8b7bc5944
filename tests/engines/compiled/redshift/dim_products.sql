with

parts as (

    select * from "analytics"."dev_yourname_staging"."stg_tpch__parts"

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

    split_part(
        product_type,
        ' ',
        1
        )

 as type_class,

    split_part(
        product_type,
        ' ',
        2
        )

 as type_finish,

    split_part(
        product_type,
        ' ',
          length(product_type)
          - length(
              replace(product_type,  ' ', '')
          ) + 2 + -1
        )

 as type_material,
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

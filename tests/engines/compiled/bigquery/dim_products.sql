with

parts as (

    select * from `analytics`.`dev_yourname_staging`.`stg_tpch__parts`

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

    split(
        product_type,
        ' '
        )[safe_offset(0)]

 as type_class,

    split(
        product_type,
        ' '
        )[safe_offset(1)]

 as type_finish,

    split(
        product_type,
        ' '
        )[safe_offset(
          length(product_type)
          - length(
              replace(product_type,  ' ', '')
          ) + 1 + -1
        )]

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

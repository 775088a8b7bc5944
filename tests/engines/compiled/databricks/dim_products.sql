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

        get(split(
            product_type,

        -- escape if starts with a special character
        case when regexp_extract(' ', '([^A-Za-z0-9])(.*)', 1) != '_'
            then concat('\\', ' ')
            else ' ' end

            ), 0)

         as type_class,

        get(split(
            product_type,

        -- escape if starts with a special character
        case when regexp_extract(' ', '([^A-Za-z0-9])(.*)', 1) != '_'
            then concat('\\', ' ')
            else ' ' end

            ), 1)

         as type_finish,

        get(split(
            product_type,

        -- escape if starts with a special character
        case when regexp_extract(' ', '([^A-Za-z0-9])(.*)', 1) != '_'
            then concat('\\', ' ')
            else ' ' end

            ), 
                length(product_type)
                - length(
                    replace(product_type,  ' ', '')
                ) + 1 + -1
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

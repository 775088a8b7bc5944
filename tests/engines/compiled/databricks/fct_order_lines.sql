with

lines as (

    select * from `analytics`.`dev_yourname_staging`.`stg_tpch__line_items`

    where
        order_key in (
            select order_rows.order_key from `analytics`.`dev_yourname_staging`.`stg_tpch__orders` as order_rows
            where order_rows.order_date >= cast(timestampadd(day, -35, (select coalesce(max(order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname_core`.`fct_order_lines`)) as date)
        )

),

orders as (

    select * from `analytics`.`dev_yourname_staging`.`stg_tpch__orders`

    where order_key in (select lines.order_key from lines)

),

priced as (

    select
        *,
        cast(extended_price * cast(1 - discount as numeric(5, 2)) as numeric(18, 4)) as revenue

    from lines

),

-- a left join: a line whose order has not arrived yet counts, and is completed when it arrives
joined as (

    select
        -- ids
        priced.order_key,
        priced.line_number,
        priced.product_key,
        priced.supplier_key,
        orders.customer_key,

        -- strings
        priced.return_flag,
        priced.line_status,
        priced.ship_mode,
        priced.ship_instructions,
        priced.comment,

        -- numerics
        priced.quantity,
        priced.extended_price,
        priced.discount,
        priced.tax,
        priced.revenue,
        cast(priced.revenue * cast(1 + priced.tax as numeric(5, 2)) as numeric(20, 6))
            as revenue_with_tax,

        -- dates
        orders.order_date,
        priced.ship_date,
        priced.commit_date,
        priced.receipt_date,

        -- timestamps
        priced.loaded_at,
        orders.loaded_at as order_loaded_at

    from priced
    left join orders
        on priced.order_key = orders.order_key

)

select * from joined

with

-- A customer is counted anew when a line, its order or its product is new to this table, when an
-- order lies after all that it holds, or when the number of lines differs: then an order went to
-- another customer, or the as-of date went back.
changed_customers as (

    select customer_key from "analytics"."dev_yourname_core"."fct_order_lines"
    where
        loaded_at > (
        select
            coalesce(max(lines_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_marts"."customer_category_revenue"
    )
        or order_loaded_at > (
        select
            coalesce(max(orders_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_marts"."customer_category_revenue"
    )
        or order_date > (select coalesce(max(last_order_date), cast('1900-01-31' as date)) from "analytics"."dev_yourname_marts"."customer_category_revenue")

    union all

    select customer_key from "analytics"."dev_yourname_core"."fct_order_lines"
    where
        product_key in (
            select products.product_key from "analytics"."dev_yourname_core"."dim_products" as products
            where products.loaded_at > (
        select
            coalesce(max(products_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_marts"."customer_category_revenue"
    )
        )

    union all

    select customer_key
    from (
        select
            customer_key,
            lines
        from "analytics"."dev_yourname_core"."fct_orders"
        where order_date <= (select max(order_date) from "analytics"."dev_yourname_core"."fct_orders")

        union all

        -- each line counts once in each scheme
        select
            customer_key,
            -lines as lines
        from "analytics"."dev_yourname_marts"."customer_category_revenue"
        where scheme = 'mfgr'
    ) as counts
    group by customer_key
    having sum(lines) <> 0

),

lines as (

    select * from "analytics"."dev_yourname_core"."fct_order_lines"

    where customer_key in (select changed_customers.customer_key from changed_customers)

),

products as (

    select * from "analytics"."dev_yourname_core"."dim_products"

),

categorised as (

    select
        lines.customer_key,

        coalesce(products.type_material, 'unknown') as type_material,

        coalesce(products.type_class, 'unknown') as type_class,

        coalesce(products.manufacturer, 'unknown') as manufacturer,

        coalesce(products.brand, 'unknown') as brand,

        lines.revenue,
        lines.order_date,
        lines.loaded_at,
        lines.order_loaded_at,
        products.loaded_at as product_loaded_at

    from lines
    left join products
        on lines.product_key = products.product_key
    where lines.order_date <= (select max(order_date) from "analytics"."dev_yourname_core"."fct_orders")

),

unioned as (

    select
        customer_key,
        'type_material' as scheme,
        type_material as category,
        count(*) as lines,
        sum(revenue) as revenue,
        max(order_date) as last_order_date,
        max(loaded_at) as lines_loaded_at,
        max(order_loaded_at) as orders_loaded_at,
        max(product_loaded_at) as products_loaded_at

    from categorised
    group by customer_key, type_material

    union all

    select
        customer_key,
        'type_class' as scheme,
        type_class as category,
        count(*) as lines,
        sum(revenue) as revenue,
        max(order_date) as last_order_date,
        max(loaded_at) as lines_loaded_at,
        max(order_loaded_at) as orders_loaded_at,
        max(product_loaded_at) as products_loaded_at

    from categorised
    group by customer_key, type_class

    union all

    select
        customer_key,
        'mfgr' as scheme,
        manufacturer as category,
        count(*) as lines,
        sum(revenue) as revenue,
        max(order_date) as last_order_date,
        max(loaded_at) as lines_loaded_at,
        max(order_loaded_at) as orders_loaded_at,
        max(product_loaded_at) as products_loaded_at

    from categorised
    group by customer_key, manufacturer

    union all

    select
        customer_key,
        'brand' as scheme,
        brand as category,
        count(*) as lines,
        sum(revenue) as revenue,
        max(order_date) as last_order_date,
        max(loaded_at) as lines_loaded_at,
        max(order_loaded_at) as orders_loaded_at,
        max(product_loaded_at) as products_loaded_at

    from categorised
    group by customer_key, brand

),

-- A category in which a customer has no line any more: its row becomes empty here, and the
-- post-hook deletes it. No engine's incremental strategy deletes a row that a query does not give.
emptied as (

    select
        earlier.customer_key,
        earlier.scheme,
        earlier.category,
        0 as lines,
        0 as revenue,
        cast(null as date) as last_order_date,
        cast(null as timestamp) as lines_loaded_at,
        cast(null as timestamp) as orders_loaded_at,
        cast(null as timestamp) as products_loaded_at

    from "analytics"."dev_yourname_marts"."customer_category_revenue" as earlier
    left join unioned
        on earlier.customer_key = unioned.customer_key
        and earlier.scheme = unioned.scheme
        and earlier.category = unioned.category
    where
        earlier.customer_key in (select changed_customers.customer_key from changed_customers)
        and unioned.customer_key is null

),

with_emptied as (

    select * from unioned
    union all
    select * from emptied

),

final as (

    select
        -- ids
        customer_key,

        -- strings
        cast(scheme as TEXT) as scheme,
        category,

        -- numerics
        cast(lines as bigint) as lines,
        cast(revenue as numeric(28, 4)) as revenue,

        -- dates
        last_order_date,

        -- timestamps
        lines_loaded_at,
        orders_loaded_at,
        products_loaded_at

    from with_emptied

)

select * from final

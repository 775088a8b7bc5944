with

-- orders that are here already, and of which a line changed
changed_orders as (

    select earlier.order_key from "analytics"."dev_yourname_core"."fct_orders" as earlier
    where
        earlier.order_key in (
            select lines.order_key from "analytics"."dev_yourname_core"."fct_order_lines" as lines
            where lines.loaded_at > (
        select
            coalesce(max(lines_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_core"."fct_orders"
    )
        )

),

-- apart, so that an engine need not read old orders at all where no line changed
orders as (

    select * from "analytics"."dev_yourname_staging"."stg_tpch__orders"
    where
        loaded_at > (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_core"."fct_orders"
    )
        and order_key not in (select changed_orders.order_key from changed_orders)

    union all

    select * from "analytics"."dev_yourname_staging"."stg_tpch__orders"
    where order_key in (select changed_orders.order_key from changed_orders)

),

-- summed before the join, so that nothing of the order is counted once a line
order_totals as (

    select
        order_key,
        count(*) as lines,
        sum(case when return_flag = 'R' then 1 else 0 end) as returned_lines,
        sum(quantity) as quantity,
        sum(revenue) as revenue,
        sum(revenue_with_tax) as revenue_with_tax,
        sum(case when return_flag = 'R' then revenue else 0 end) as returned_revenue,
        max(loaded_at) as lines_loaded_at

    from "analytics"."dev_yourname_core"."fct_order_lines"

    where order_key in (select orders.order_key from orders)

    group by order_key

),

joined as (

    select
        -- ids
        orders.order_key,
        orders.customer_key,

        -- strings
        orders.order_status,
        orders.order_priority,
        orders.clerk,
        orders.comment,

        -- numerics
        orders.ship_priority,
        orders.total_price,
        cast(coalesce(order_totals.lines, 0) as bigint) as lines,
        cast(coalesce(order_totals.returned_lines, 0) as bigint) as returned_lines,
        cast(coalesce(order_totals.quantity, 0) as numeric(18, 2)) as quantity,
        cast(coalesce(order_totals.revenue, 0) as numeric(18, 4)) as revenue,
        cast(coalesce(order_totals.revenue_with_tax, 0) as numeric(20, 6)) as revenue_with_tax,
        cast(coalesce(order_totals.returned_revenue, 0) as numeric(18, 4)) as returned_revenue,

        -- dates
        orders.order_date,

        -- timestamps
        orders.loaded_at,
        order_totals.lines_loaded_at

    from orders
    left join order_totals
        on orders.order_key = order_totals.order_key

)

select * from joined

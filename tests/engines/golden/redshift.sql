-- What redshift gets differently, for a review: make golden
-- Types of columns: bigint, boolean, date, double precision, integer, numeric(15, 2), numeric(18, 2), numeric(18, 4), numeric(20, 6), numeric(28, 2), numeric(28, 4), numeric(28, 6), string, timestamp

-- ======== macro_calls.sql
select
    cast(order_key as bigint) as type_bigint,
    cast(order_key as integer) as type_int,
    cast(order_key as TEXT) as type_string,
    cast(order_date as timestamp) as type_timestamp,
    cast(order_key as double precision) as type_double,
    date_trunc('month', order_date) as date_trunc,
    dateadd(
        day,
        -35,
        order_date
        )
 as dateadd,
    datediff(
        day,
        order_date,
        ship_date
        ) as datediff_in_days,
    datediff(
        month,
        order_date,
        ship_date
        ) as datediff_in_months,
    split_part(
        product_type,
        ' ',
        1
        )
 as split_part,
    cast(revenue as double precision) / nullif(orders, 0) as divide,
    cast(round(cast(revenue as numeric(38, 9)), 4) as numeric(28, 4)) as round_to,
    cast(_loaded_at as timestamp) as loaded_at,
    (select max(order_date) from "analytics"."dev_yourname_core"."fct_orders") as as_of_date,
    (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname"."macro_calls"
    ) as newest_seen,
    (select coalesce(max(order_date), cast('1900-01-31' as date)) from "analytics"."dev_yourname"."macro_calls") as newest_date_seen,
    cast(
    dateadd(
        day,
        -35,
        (select coalesce(max(order_date), cast('1900-01-31' as date)) from "analytics"."dev_yourname"."macro_calls")
        )
 as date) as lookback_start
from orders;
select
    percentile_cont(0.9)
    within group (order by cast(revenue as double precision)) as percentile,
    case
        when min(orders) < max(orders) and min(revenue) < max(revenue)
            then (avg(cast(orders as double precision) * cast(revenue as double precision)) - avg(cast(orders as double precision)) * avg(cast(revenue as double precision)))
    / (stddev_pop(cast(orders as double precision)) * stddev_pop(cast(revenue as double precision)))
    end as correlation
from customers;
    with p as (
        select 0 as generated_number union all select 1
    ), unioned as (
    select
    p0.generated_number * power(2, 0)
     +
    p1.generated_number * power(2, 1)
    + 1
    as generated_number
    from
    p as p0
     cross join
    p as p1
    )
    select *
    from unioned
    where generated_number <= 4
    order by generated_number
;
-- a statement: call the_policy('dev_yourname_core', 'dim_customers', 'phone')

-- ======== customer_category_revenue: what a later run adds
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
    where customer_key in (select changed_customers.customer_key from changed_customers)
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
    from with_emptied

-- ======== fct_order_lines: what a later run adds
-- all lines of an order take its date and customer; of most new orders none are here yet
changed_orders as (
    select earlier.order_key from "analytics"."dev_yourname_core"."fct_order_lines" as earlier
    where
        earlier.order_key in (
            select order_rows.order_key from "analytics"."dev_yourname_staging"."stg_tpch__orders" as order_rows
            where order_rows.loaded_at > (
        select
            coalesce(max(order_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_core"."fct_order_lines"
    )
        )
),
-- apart, so that an engine need not read old lines at all where no order changed
    where
        loaded_at > (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_core"."fct_order_lines"
    )
        and order_key not in (select changed_orders.order_key from changed_orders)
    union all
    select * from "analytics"."dev_yourname_staging"."stg_tpch__line_items"
    where order_key in (select changed_orders.order_key from changed_orders)
    where order_key in (select lines.order_key from lines)

-- ======== fct_orders: what a later run adds
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
    where order_key in (select orders.order_key from orders)

-- ======== fct_part_supply: what a later run adds
    where loaded_at > (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname_core"."fct_part_supply"
    )

-- ======== options of tables
-- customer_360: dist = customer_key; sort = customer_key
-- customer_category_revenue: dist = customer_key; incremental_strategy = delete+insert; sort = customer_key; unique_key = ['customer_key', 'scheme', 'category']
-- customers_snapshot: dist = customer_key; hard_deletes = invalidate; sort = customer_key
-- dim_customers: dist = customer_key; sort = customer_key
-- dim_dates: dist = all; sort = date_day
-- dim_geography: dist = all
-- fct_order_lines: dist = order_key; incremental_strategy = delete+insert; sort = order_date; unique_key = ['order_key', 'line_number']
-- fct_orders: dist = order_key; incremental_strategy = delete+insert; sort = order_date; unique_key = order_key
-- fct_part_supply: dist = product_key; incremental_strategy = delete+insert; sort = product_key; unique_key = ['product_key', 'supplier_key']

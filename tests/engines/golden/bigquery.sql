-- What bigquery gets differently, for a review: make golden
-- Types of columns: bigint, boolean, date, float64, integer, numeric(15, 2), numeric(18, 2), numeric(18, 4), numeric(20, 6), numeric(28, 2), numeric(28, 4), numeric(28, 6), string, timestamp

-- ======== macro_calls.sql
select
    cast(order_key as bigint) as type_bigint,
    cast(order_key as INT64) as type_int,
    cast(order_key as string) as type_string,
    cast(order_date as timestamp) as type_timestamp,
    cast(order_key as float64) as type_double,
    timestamp_trunc(
        cast(order_date as timestamp),
        month
    ) as date_trunc,
        datetime_add(
            cast( order_date as datetime),
        interval -35 day
        )
 as dateadd,
    datetime_diff(
        cast(ship_date as datetime),
        cast(order_date as datetime),
        day
    )
   as datediff_in_days,
    datetime_diff(
        cast(ship_date as datetime),
        cast(order_date as datetime),
        month
    )
   as datediff_in_months,
    split(
        product_type,
        ' '
        )[safe_offset(0)]
 as split_part,
    cast(revenue as float64) / nullif(orders, 0) as divide,
    cast(round(cast(revenue as numeric(38, 9)), 4) as numeric(28, 4)) as round_to,
    cast(_loaded_at as timestamp) as loaded_at,
    (select max(order_date) from `analytics`.`dev_yourname_core`.`fct_orders`) as as_of_date,
    (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname`.`macro_calls`
    ) as newest_seen,
    (select coalesce(max(order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname`.`macro_calls`) as newest_date_seen,
    cast(
        datetime_add(
            cast( (select coalesce(max(order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname`.`macro_calls`) as datetime),
        interval -35 day
        )
 as date) as lookback_start
from orders;
select
    array_agg(cast(revenue as float64) ignore nulls order by revenue)[safe_offset(cast(floor(0.9 * (count(revenue) - 1)) as int64))] + (array_agg(cast(revenue as float64) ignore nulls order by revenue)[safe_offset(cast(ceil(0.9 * (count(revenue) - 1)) as int64))] - array_agg(cast(revenue as float64) ignore nulls order by revenue)[safe_offset(cast(floor(0.9 * (count(revenue) - 1)) as int64))]) * (0.9 * (count(revenue) - 1) - floor(0.9 * (count(revenue) - 1))) as percentile,
    case
        when min(orders) < max(orders) and min(revenue) < max(revenue)
            then corr(cast(orders as float64), cast(revenue as float64))
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

-- ======== customer_category_revenue: what a later run adds
-- A customer is counted anew when a line, its order or its product is new to this table, when an
-- order lies after all that it holds, or when the number of lines differs: then an order went to
-- another customer, or the as-of date went back.
changed_customers as (
    select customer_key from `analytics`.`dev_yourname_core`.`fct_order_lines`
    where
        loaded_at > (
        select
            coalesce(max(lines_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_marts`.`customer_category_revenue`
    )
        or order_loaded_at > (
        select
            coalesce(max(orders_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_marts`.`customer_category_revenue`
    )
        or order_date > (select coalesce(max(last_order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname_marts`.`customer_category_revenue`)
    union all
    select customer_key from `analytics`.`dev_yourname_core`.`fct_order_lines`
    where
        product_key in (
            select products.product_key from `analytics`.`dev_yourname_core`.`dim_products` as products
            where products.loaded_at > (
        select
            coalesce(max(products_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_marts`.`customer_category_revenue`
    )
        )
    union all
    select customer_key
    from (
        select
            customer_key,
            lines
        from `analytics`.`dev_yourname_core`.`fct_orders`
        where order_date <= (select max(order_date) from `analytics`.`dev_yourname_core`.`fct_orders`)
        union all
        -- each line counts once in each scheme
        select
            customer_key,
            -lines as lines
        from `analytics`.`dev_yourname_marts`.`customer_category_revenue`
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
    from `analytics`.`dev_yourname_marts`.`customer_category_revenue` as earlier
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
    select earlier.order_key from `analytics`.`dev_yourname_core`.`fct_order_lines` as earlier
    where
        earlier.order_key in (
            select order_rows.order_key from `analytics`.`dev_yourname_staging`.`stg_tpch__orders` as order_rows
            where order_rows.loaded_at > (
        select
            coalesce(max(order_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_core`.`fct_order_lines`
    )
        )
),
-- apart, so that an engine need not read old lines at all where no order changed
    where
        loaded_at > (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_core`.`fct_order_lines`
    )
        and order_key not in (select changed_orders.order_key from changed_orders)
    union all
    select * from `analytics`.`dev_yourname_staging`.`stg_tpch__line_items`
    where order_key in (select changed_orders.order_key from changed_orders)
    where order_key in (select lines.order_key from lines)

-- ======== fct_orders: what a later run adds
-- orders that are here already, and of which a line changed
changed_orders as (
    select earlier.order_key from `analytics`.`dev_yourname_core`.`fct_orders` as earlier
    where
        earlier.order_key in (
            select lines.order_key from `analytics`.`dev_yourname_core`.`fct_order_lines` as lines
            where lines.loaded_at > (
        select
            coalesce(max(lines_loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_core`.`fct_orders`
    )
        )
),
-- apart, so that an engine need not read old orders at all where no line changed
    where
        loaded_at > (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_core`.`fct_orders`
    )
        and order_key not in (select changed_orders.order_key from changed_orders)
    union all
    select * from `analytics`.`dev_yourname_staging`.`stg_tpch__orders`
    where order_key in (select changed_orders.order_key from changed_orders)
    where order_key in (select orders.order_key from orders)

-- ======== fct_part_supply: what a later run adds
    where loaded_at > (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname_core`.`fct_part_supply`
    )

-- ======== options of tables
-- customer_360: cluster_by = ['market_segment', 'customer_key']
-- customer_category_revenue: cluster_by = ['customer_key', 'scheme']; incremental_strategy = merge; unique_key = ['customer_key', 'scheme', 'category']
-- customers_snapshot: cluster_by = ['customer_key']; hard_deletes = invalidate
-- fct_order_lines: cluster_by = ['order_key', 'product_key']; incremental_strategy = merge; partition_by = {'field': 'order_date', 'data_type': 'date', 'granularity': 'month'}; unique_key = ['order_key', 'line_number']
-- fct_orders: cluster_by = ['order_key', 'customer_key']; incremental_strategy = merge; partition_by = {'field': 'order_date', 'data_type': 'date', 'granularity': 'month'}; unique_key = order_key
-- fct_part_supply: cluster_by = ['product_key', 'supplier_key']; incremental_strategy = merge; unique_key = ['product_key', 'supplier_key']

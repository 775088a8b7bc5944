-- What databricks gets differently, for a review: make golden
-- Types of columns: bigint, boolean, date, double, integer, numeric(15, 2), numeric(18, 2), numeric(18, 4), numeric(20, 6), numeric(28, 2), numeric(28, 4), numeric(28, 6), string, timestamp

-- ======== macro_calls.sql
select
    cast(order_key as bigint) as type_bigint,
    cast(order_key as integer) as type_int,
    cast(order_key as string) as type_string,
    cast(order_date as timestamp) as type_timestamp,
    cast(order_key as double) as type_double,
    date_trunc('month', order_date) as date_trunc,
    timestampadd(day, -35, order_date) as dateadd,
    timestampdiff(day, date_trunc('day', order_date), date_trunc('day', ship_date)) as datediff_in_days,
    timestampdiff(month, date_trunc('month', order_date), date_trunc('month', ship_date)) as datediff_in_months,
        get(split(
            product_type,
        -- escape if starts with a special character
        case when regexp_extract(' ', '([^A-Za-z0-9])(.*)', 1) != '_'
            then concat('\\', ' ')
            else ' ' end
            ), 0)
         as split_part,
    cast(revenue as double) / nullif(orders, 0) as divide,
    cast(round(cast(revenue as numeric(38, 9)), 4) as numeric(28, 4)) as round_to,
    cast('1970-01-01 00:00:00' as timestamp) as loaded_at,
    (select max(order_date) from `analytics`.`dev_yourname_core`.`fct_orders`) as as_of_date,
    (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname`.`macro_calls`
    ) as newest_seen,
    (select coalesce(max(order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname`.`macro_calls`) as newest_date_seen,
    cast(timestampadd(day, -35, (select coalesce(max(order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname`.`macro_calls`)) as date) as lookback_start
from orders;
select
    percentile_cont(0.9)
    within group (order by cast(revenue as double)) as percentile,
    case
        when min(orders) < max(orders) and min(revenue) < max(revenue)
            then corr(cast(orders as double), cast(revenue as double))
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
-- a statement: alter table `analytics`.`dev_yourname_core`.`dim_customers` alter column phone set mask the_policy

-- ======== customer_category_revenue: what a later run adds
-- A customer is counted anew when a line, its order or its product is new to this table, when an
-- order lies after all that it holds, or when the number of lines differs: then an order went to
-- another customer, or the as-of date went back.
changed_customers as (
    select customer_key from `analytics`.`dev_yourname_core`.`fct_order_lines`
    where order_date >= cast(timestampadd(day, -35, (select coalesce(max(last_order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname_marts`.`customer_category_revenue`)) as date)
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
    where
        order_key in (
            select order_rows.order_key from `analytics`.`dev_yourname_staging`.`stg_tpch__orders` as order_rows
            where order_rows.order_date >= cast(timestampadd(day, -35, (select coalesce(max(order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname_core`.`fct_order_lines`)) as date)
        )
    where order_key in (select lines.order_key from lines)

-- ======== fct_orders: what a later run adds
    where order_date >= cast(timestampadd(day, -35, (select coalesce(max(order_date), cast('1900-01-31' as date)) from `analytics`.`dev_yourname_core`.`fct_orders`)) as date)
    where order_key in (select orders.order_key from orders)

-- ======== fct_part_supply: what a later run adds


-- ======== options of tables
-- customer_360: liquid_clustered_by = ['market_segment', 'customer_key']
-- customer_category_revenue: incremental_strategy = merge; liquid_clustered_by = ['customer_key', 'scheme']; unique_key = ['customer_key', 'scheme', 'category']
-- customers_snapshot: hard_deletes = invalidate
-- fct_order_lines: incremental_strategy = merge; liquid_clustered_by = ['order_date', 'order_key']; unique_key = ['order_key', 'line_number']
-- fct_orders: incremental_strategy = merge; liquid_clustered_by = ['order_date', 'order_key']; unique_key = order_key
-- fct_part_supply: incremental_strategy = merge; liquid_clustered_by = ['product_key', 'supplier_key']; unique_key = ['product_key', 'supplier_key']

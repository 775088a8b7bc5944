-- What databricks gets differently, for a review: make golden
-- Types of columns: bigint, boolean, date, double, integer, numeric(15, 2), numeric(18, 2), numeric(18, 4), numeric(20, 6), numeric(28, 2), numeric(28, 4), numeric(28, 6), string, timestamp

-- ======== macro_calls.sql
select
    cast(order_key as bigint) as type_bigint,
    cast(order_key as integer) as type_int,
    cast(order_key as string) as type_string,
    cast(order_date as timestamp) as type_timestamp,
    cast(order_key as double) as type_double,
    cast(revenue as numeric(15, 2)) as decimal_type,
    cast(revenue as numeric(34, 12)) as decimal_type_with_12_places,
    cast(revenue as numeric(15, 2)) as contract_type,
    cast(revenue as numeric(34, 12)) as contract_type_with_12_places,
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
    cast(revenue as numeric(38, 18)) as as_decimal,
    (xxhash64(order_key, order_key is null, comment, comment is null, order_date, order_date is null) & 1099511627775) as row_fingerprint,
    timestampadd(microsecond, 1, loaded_at) as plus_microseconds,
    current_timestamp()
 as snapshot_get_time,
    convert_timezone('America/New_York', 'UTC', cast(loaded_at as timestamp)) as local_time,
    md5(cast(coalesce(cast(comment as string), '') || '|' || coalesce(cast(order_date as string), '') as string)) || '-' || cast(
        row_number() over (
            partition by md5(cast(coalesce(cast(comment as string), '') || '|' || coalesce(cast(order_date as string), '') as string))
            order by cast('1970-01-01 00:00:00' as timestamp)
        ) as string
    ) as stable_key,
    comment as by_code_point,
    cast('1970-01-01 00:00:00' as timestamp) as loaded_at,
    (select max(order_date) from `analytics`.`dev_yourname_core`.`fct_orders` where not is_cancelled) as as_of_date,
    (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from `analytics`.`dev_yourname`.`macro_calls`
        where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
    ) as newest_seen,
    (
        select coalesce(max(order_date), cast('1900-01-31' as date))
        from `analytics`.`dev_yourname`.`macro_calls`
        where order_date <= cast('2026-01-02' as date)
    ) as newest_date_seen,
    cast(timestampadd(day, -35, (
        select coalesce(max(order_date), cast('1900-01-31' as date))
        from `analytics`.`dev_yourname`.`macro_calls`
        where order_date <= cast('2026-01-02' as date)
    )) as date) as lookback_start
from orders
where regexp_like(comment, '^-?[0-9]{1,18}$');
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
select order_key from orders
    except
 select order_key from customers;
-- a statement: alter table `analytics`.`dev_yourname_core`.`dim_customers` alter column phone set mask the_policy
merge into `analytics`.`dev_yourname_snapshots`.`customers_snapshot` as versions
    using `analytics`.`dev_yourname_staging`.`int_customers` as source_rows
    on versions.dbt_valid_to is null and source_rows.customer_key = versions.customer_key
    when matched then update set
        versions.phone = source_rows.phone,
        versions.address = source_rows.address
        ;

-- ======== customer_category_revenue: what a later run adds
    where customer_key not in (select counted.customer_key from `analytics`.`dev_yourname_marts`.`customer_category_revenue` as counted)

-- ======== fct_order_lines: what a later run adds
    where order_key in (select changed.order_key from `analytics`.`dev_yourname_staging`.`int_changed_orders` as changed)
    where order_key in (select changed.order_key from `analytics`.`dev_yourname_staging`.`int_changed_orders` as changed)

-- ======== fct_orders: what a later run adds
    where order_key in (select changed.order_key from `analytics`.`dev_yourname_staging`.`int_changed_orders` as changed)
    where order_key in (select orders.order_key from orders)

-- ======== fct_part_supply: what a later run adds
    except
    select product_key, supplier_key, comment, available_quantity, supply_cost, loaded_at from `analytics`.`dev_yourname_core`.`fct_part_supply`

-- ======== int_changed_orders: what a later run adds
order_changes as (
        -- a load time of which both sides hold the same is not looked at row by row
        select both_sides.changed_key as order_key
        from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (xxhash64(order_key, order_key is null, customer_key, customer_key is null, order_status, order_status is null, order_priority, order_priority is null, clerk, clerk is null, comment, comment is null, ship_priority, ship_priority is null, total_price, total_price is null, order_date, order_date is null, loaded_at, loaded_at is null) & 1099511627775) as fingerprint,
                1 as occurrences
            from `analytics`.`dev_yourname_staging`.`int_orders`
            where order_key in (
            select recent.order_key from `analytics`.`dev_yourname_staging`.`int_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
            union all
            select recent.order_key from `analytics`.`dev_yourname_core`.`fct_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
        )
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(xxhash64(order_key, order_key is null, customer_key, customer_key is null, order_status, order_status is null, order_priority, order_priority is null, clerk, clerk is null, comment, comment is null, ship_priority, ship_priority is null, total_price, total_price is null, order_date, order_date is null, loaded_at, loaded_at is null) & 1099511627775) as fingerprint,
                -1 as occurrences
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_key in (
            select recent.order_key from `analytics`.`dev_yourname_staging`.`int_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
            union all
            select recent.order_key from `analytics`.`dev_yourname_core`.`fct_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
        )
        ) as both_sides
        group by both_sides.changed_key
        having sum(both_sides.fingerprint) <> 0 or sum(both_sides.occurrences) <> 0
),
line_changes as (
        -- a load time of which both sides hold the same is not looked at row by row
        select both_sides.changed_key as order_key
        from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (xxhash64(order_key, order_key is null, line_number, line_number is null, product_key, product_key is null, supplier_key, supplier_key is null, return_flag, return_flag is null, line_status, line_status is null, ship_mode, ship_mode is null, ship_instructions, ship_instructions is null, comment, comment is null, quantity, quantity is null, extended_price, extended_price is null, discount, discount is null, tax, tax is null, ship_date, ship_date is null, commit_date, commit_date is null, receipt_date, receipt_date is null, loaded_at, loaded_at is null) & 1099511627775) as fingerprint,
                1 as occurrences
            from `analytics`.`dev_yourname_staging`.`int_order_lines`
            where order_key in (
            select recent.order_key from `analytics`.`dev_yourname_staging`.`int_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
            union all
            select recent.order_key from `analytics`.`dev_yourname_core`.`fct_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
        )
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(xxhash64(order_key, order_key is null, line_number, line_number is null, product_key, product_key is null, supplier_key, supplier_key is null, return_flag, return_flag is null, line_status, line_status is null, ship_mode, ship_mode is null, ship_instructions, ship_instructions is null, comment, comment is null, quantity, quantity is null, extended_price, extended_price is null, discount, discount is null, tax, tax is null, ship_date, ship_date is null, commit_date, commit_date is null, receipt_date, receipt_date is null, loaded_at, loaded_at is null) & 1099511627775) as fingerprint,
                -1 as occurrences
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where order_key in (
            select recent.order_key from `analytics`.`dev_yourname_staging`.`int_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
            union all
            select recent.order_key from `analytics`.`dev_yourname_core`.`fct_orders` as recent
            where recent.order_date >= cast(timestampadd(day, -35, (
            select coalesce(max(order_date), cast('1900-01-31' as date))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where order_date <= cast('2026-01-02' as date)
        )) as date)
        )
        ) as both_sides
        group by both_sides.changed_key
        having sum(both_sides.fingerprint) <> 0 or sum(both_sides.occurrences) <> 0
),
changed as (
    select order_key from order_changes
    union all
    select order_key from line_changes
),
    select distinct
        cast(changed.order_key as bigint) as order_key,
        -- the customer before the change, who loses what the order moves elsewhere
        cast(built.customer_key as bigint) as customer_key
    from changed
    left join `analytics`.`dev_yourname_core`.`fct_orders` as built
        on changed.order_key = built.order_key

-- ======== int_changed_products: what a later run adds
both_sides as (
    select
        product_key, type_material, type_class, manufacturer, brand, loaded_at,
        1 as occurrences
    from `analytics`.`dev_yourname_staging`.`int_products`
    union all
    select
        product_key, type_material, type_class, manufacturer, brand, loaded_at,
        -1 as occurrences
    from `analytics`.`dev_yourname_core`.`dim_products`
),
differing as (
    select product_key
    from both_sides
    group by product_key, type_material, type_class, manufacturer, brand, loaded_at
    having sum(occurrences) <> 0
),
    select distinct product_key from differing

-- ======== options of tables
-- customer_360: liquid_clustered_by = ['market_segment', 'customer_key']
-- customer_category_revenue: incremental_strategy = merge; liquid_clustered_by = ['customer_key', 'scheme']; unique_key = None
-- customers_snapshot: hard_deletes = invalidate
-- fct_order_lines: incremental_strategy = merge; liquid_clustered_by = ['order_date', 'order_key']; unique_key = None
-- fct_orders: incremental_strategy = merge; liquid_clustered_by = ['order_date', 'order_key']; unique_key = None
-- fct_part_supply: incremental_strategy = merge; liquid_clustered_by = ['product_key', 'supplier_key']; unique_key = ['product_key', 'supplier_key']
-- int_changed_orders: incremental_strategy = append; unique_key = None
-- int_changed_products: incremental_strategy = append; unique_key = None

-- What redshift gets differently, for a review: make golden
-- Types of columns: bigint, boolean, date, double precision, integer, numeric(15, 2), numeric(18, 2), numeric(18, 4), numeric(20, 6), numeric(28, 2), numeric(28, 4), numeric(28, 6), string, timestamp

-- ======== macro_calls.sql
select
    cast(order_key as bigint) as type_bigint,
    cast(order_key as integer) as type_int,
    cast(order_key as TEXT) as type_string,
    cast(order_date as timestamp) as type_timestamp,
    cast(order_key as double precision) as type_double,
    cast(revenue as numeric(15, 2)) as decimal_type,
    cast(revenue as numeric(34, 12)) as decimal_type_with_12_places,
    cast(revenue as numeric(15, 2)) as contract_type,
    cast(revenue as numeric(34, 12)) as contract_type_with_12_places,
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
    cast(revenue as numeric(38, 18)) as as_decimal,
    (farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_date as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as row_fingerprint,
    dateadd(
        microsecond,
        1,
        loaded_at
        )
 as plus_microseconds,
    cast(getdate() as timestamp) as snapshot_get_time,
    convert_timezone('America/New_York', 'UTC', cast(loaded_at as timestamp)) as local_time,
    md5(cast(coalesce(cast(comment as TEXT), '') || '|' || coalesce(cast(order_date as TEXT), '') as TEXT)) || '-' || cast(
        row_number() over (
            partition by md5(cast(coalesce(cast(comment as TEXT), '') || '|' || coalesce(cast(order_date as TEXT), '') as TEXT))
            order by cast(_loaded_at as timestamp)
        ) as TEXT
    ) as stable_key,
    comment as by_code_point,
    cast(_loaded_at as timestamp) as loaded_at,
    (select max(order_date) from "analytics"."dev_yourname_core"."fct_orders" where not is_cancelled) as as_of_date,
    (
        select
            coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
        from "analytics"."dev_yourname"."macro_calls"
        where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
    ) as newest_seen,
    (
        select coalesce(max(order_date), cast('1900-01-31' as date))
        from "analytics"."dev_yourname"."macro_calls"
        where order_date <= cast('2026-01-02' as date)
    ) as newest_date_seen,
    cast(
    dateadd(
        day,
        -35,
        (
        select coalesce(max(order_date), cast('1900-01-31' as date))
        from "analytics"."dev_yourname"."macro_calls"
        where order_date <= cast('2026-01-02' as date)
    )
        )
 as date) as lookback_start
from orders
where comment ~ '^-?[0-9]{1,18}$';
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
select order_key from orders
    except
 select order_key from customers;
-- a statement: call the_policy('dev_yourname_core', 'dim_customers', 'phone')
update "analytics"."dev_yourname_snapshots"."customers_snapshot" as versions
    set
        phone = source_rows.phone,
        address = source_rows.address
    from "analytics"."dev_yourname_staging"."int_customers" as source_rows
    where versions.dbt_valid_to is null and source_rows.customer_key = versions.customer_key;

-- ======== customer_category_revenue: what a later run adds
    where customer_key not in (select counted.customer_key from "analytics"."dev_yourname_marts"."customer_category_revenue" as counted)

-- ======== fct_order_lines: what a later run adds
    where order_key in (select changed.order_key from "analytics"."dev_yourname_staging"."int_changed_orders" as changed)
    where order_key in (select changed.order_key from "analytics"."dev_yourname_staging"."int_changed_orders" as changed)

-- ======== fct_orders: what a later run adds
    where order_key in (select changed.order_key from "analytics"."dev_yourname_staging"."int_changed_orders" as changed)
    where order_key in (select orders.order_key from orders)

-- ======== fct_part_supply: what a later run adds
    except
    select product_key, supplier_key, comment, available_quantity, supply_cost, loaded_at from "analytics"."dev_yourname_core"."fct_part_supply"

-- ======== int_changed_orders: what a later run adds
order_changes as (
        select order_key from "analytics"."dev_yourname_staging"."int_orders" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
        union all
        -- a load time of which both sides hold the same is not looked at row by row
        select both_sides.changed_key as order_key
        from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(customer_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(clerk as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(total_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                1 as occurrences
            from "analytics"."dev_yourname_staging"."int_orders"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_orders" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(customer_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(clerk as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(total_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                -1 as occurrences
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_orders" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
        ) as both_sides
        where
            both_sides.compared_at in (
                select by_load_time.compared_at
                from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(customer_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(clerk as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(total_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                1 as occurrences
            from "analytics"."dev_yourname_staging"."int_orders"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_orders" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(customer_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(clerk as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_priority as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(total_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(order_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                -1 as occurrences
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_orders" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_orders"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
        ) as by_load_time
                group by by_load_time.compared_at
                having sum(by_load_time.fingerprint) <> 0 or sum(by_load_time.occurrences) <> 0
            )
        group by both_sides.changed_key
        having sum(both_sides.fingerprint) <> 0 or sum(both_sides.occurrences) <> 0
),
line_changes as (
        select order_key from "analytics"."dev_yourname_staging"."int_order_lines" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
        union all
        -- a load time of which both sides hold the same is not looked at row by row
        select both_sides.changed_key as order_key
        from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_number as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(product_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(supplier_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(return_flag as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_mode as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_instructions as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(quantity as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(extended_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(discount as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(tax as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(commit_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(receipt_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                1 as occurrences
            from "analytics"."dev_yourname_staging"."int_order_lines"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_order_lines" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_number as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(product_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(supplier_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(return_flag as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_mode as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_instructions as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(quantity as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(extended_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(discount as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(tax as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(commit_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(receipt_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                -1 as occurrences
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_order_lines" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
        ) as both_sides
        where
            both_sides.compared_at in (
                select by_load_time.compared_at
                from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_number as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(product_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(supplier_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(return_flag as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_mode as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_instructions as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(quantity as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(extended_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(discount as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(tax as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(commit_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(receipt_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                1 as occurrences
            from "analytics"."dev_yourname_staging"."int_order_lines"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_order_lines" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farmfingerprint64(coalesce(cast(order_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_number as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(product_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(supplier_key as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(return_flag as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(line_status as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_mode as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_instructions as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(comment as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(quantity as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(extended_price as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(discount as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(tax as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(ship_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(commit_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(receipt_date as varchar(65535)), chr(1)) || chr(2) || coalesce(cast(loaded_at as varchar(65535)), chr(1)) || chr(2)) & 1099511627775) as fingerprint,
                -1 as occurrences
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at >= cast(
        dateadd(
            day,
            -3,
            (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
            )
                    as timestamp
                )
                and order_key not in (select order_key from "analytics"."dev_yourname_staging"."int_order_lines" where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from "analytics"."dev_yourname_core"."fct_order_lines"
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
        ) as by_load_time
                group by by_load_time.compared_at
                having sum(by_load_time.fingerprint) <> 0 or sum(by_load_time.occurrences) <> 0
            )
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
    left join "analytics"."dev_yourname_core"."fct_orders" as built
        on changed.order_key = built.order_key

-- ======== int_changed_products: what a later run adds
both_sides as (
    select
        product_key, type_material, type_class, manufacturer, brand, loaded_at,
        1 as occurrences
    from "analytics"."dev_yourname_staging"."int_products"
    union all
    select
        product_key, type_material, type_class, manufacturer, brand, loaded_at,
        -1 as occurrences
    from "analytics"."dev_yourname_core"."dim_products"
),
differing as (
    select product_key
    from both_sides
    group by product_key, type_material, type_class, manufacturer, brand, loaded_at
    having sum(occurrences) <> 0
),
    select distinct product_key from differing

-- ======== options of tables
-- customer_360: dist = customer_key; sort = customer_key
-- customer_category_revenue: dist = customer_key; incremental_strategy = delete+insert; sort = customer_key; unique_key = None
-- customers_snapshot: dist = customer_key; hard_deletes = invalidate; sort = customer_key
-- dim_customers: dist = customer_key; sort = customer_key
-- dim_dates: dist = all; sort = date_day
-- dim_geography: dist = all
-- fct_order_lines: dist = order_key; incremental_strategy = delete+insert; sort = order_date; unique_key = None
-- fct_orders: dist = order_key; incremental_strategy = delete+insert; sort = order_date; unique_key = None
-- fct_part_supply: dist = product_key; incremental_strategy = delete+insert; sort = product_key; unique_key = ['product_key', 'supplier_key']
-- int_changed_orders: incremental_strategy = append; unique_key = None
-- int_changed_products: incremental_strategy = append; unique_key = None

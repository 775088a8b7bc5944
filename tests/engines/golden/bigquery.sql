-- What bigquery gets differently, for a review: make golden
-- Types of columns: bigint, boolean, date, float64, integer, numeric(15, 2), numeric(18, 2), numeric(18, 4), numeric(20, 6), numeric(28, 2), numeric(28, 4), numeric(28, 6), string, timestamp

-- ======== macro_calls.sql
select
    cast(order_key as bigint) as type_bigint,
    cast(order_key as INT64) as type_int,
    cast(order_key as string) as type_string,
    cast(order_date as timestamp) as type_timestamp,
    cast(order_key as float64) as type_double,
    cast(revenue as numeric) as decimal_type,
    cast(revenue as bignumeric) as decimal_type_with_12_places,
    cast(revenue as numeric) as contract_type,
    cast(revenue as bignumeric) as contract_type_with_12_places,
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
    cast(round(cast(revenue as numeric), 4) as numeric) as round_to,
    cast(revenue as bignumeric) as as_decimal,
    (farm_fingerprint(to_json_string(struct(order_key, comment, order_date))) & 1099511627775) as row_fingerprint,
    timestamp_add(cast(loaded_at as timestamp), interval 1 microsecond) as plus_microseconds,
    current_timestamp()
 as snapshot_get_time,
    datetime(timestamp(cast(loaded_at as datetime), 'America/New_York'), 'UTC') as local_time,
    to_hex(md5(cast(coalesce(cast(comment as string), '') || '|' || coalesce(cast(order_date as string), '') as string))) || '-' || cast(
        row_number() over (
            partition by to_hex(md5(cast(coalesce(cast(comment as string), '') || '|' || coalesce(cast(order_date as string), '') as string)))
            order by cast(_loaded_at as timestamp)
        ) as string
    ) as stable_key,
    comment as by_code_point,
    cast(_loaded_at as timestamp) as loaded_at,
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
    cast(
        datetime_add(
            cast( (
        select coalesce(max(order_date), cast('1900-01-31' as date))
        from `analytics`.`dev_yourname`.`macro_calls`
        where order_date <= cast('2026-01-02' as date)
    ) as datetime),
        interval -35 day
        )
 as date) as lookback_start
from orders
where regexp_contains(comment, '^-?[0-9]{1,18}$');
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
select order_key from orders
    except distinct
 select order_key from customers;
update `analytics`.`dev_yourname_snapshots`.`customers_snapshot`
    set
        phone = (
            select source_rows.phone from `analytics`.`dev_yourname_staging`.`int_customers` as source_rows
            where source_rows.customer_key = `analytics`.`dev_yourname_snapshots`.`customers_snapshot`.customer_key
        ),
        address = (
            select source_rows.address from `analytics`.`dev_yourname_staging`.`int_customers` as source_rows
            where source_rows.customer_key = `analytics`.`dev_yourname_snapshots`.`customers_snapshot`.customer_key
        )
    where dbt_valid_to is null;

-- ======== customer_category_revenue: what a later run adds
    where customer_key not in (select counted.customer_key from `analytics`.`dev_yourname_marts`.`customer_category_revenue` as counted)

-- ======== fct_order_lines: what a later run adds
    where order_key in (select changed.order_key from `analytics`.`dev_yourname_staging`.`int_changed_orders` as changed)
    where order_key in (select changed.order_key from `analytics`.`dev_yourname_staging`.`int_changed_orders` as changed)

-- ======== fct_orders: what a later run adds
    where order_key in (select changed.order_key from `analytics`.`dev_yourname_staging`.`int_changed_orders` as changed)
    where order_key in (select orders.order_key from orders)

-- ======== fct_part_supply: what a later run adds
    except distinct
    select product_key, supplier_key, comment, available_quantity, supply_cost, loaded_at from `analytics`.`dev_yourname_core`.`fct_part_supply`

-- ======== int_changed_orders: what a later run adds
order_changes as (
        select order_key from `analytics`.`dev_yourname_staging`.`int_orders` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
        union all
        -- a load time of which both sides hold the same is not looked at row by row
        select both_sides.changed_key as order_key
        from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (farm_fingerprint(to_json_string(struct(order_key, customer_key, order_status, order_priority, clerk, comment, ship_priority, total_price, order_date, loaded_at))) & 1099511627775) as fingerprint,
                1 as occurrences
            from `analytics`.`dev_yourname_staging`.`int_orders`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_orders` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farm_fingerprint(to_json_string(struct(order_key, customer_key, order_status, order_priority, clerk, comment, ship_priority, total_price, order_date, loaded_at))) & 1099511627775) as fingerprint,
                -1 as occurrences
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_orders` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
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
                (farm_fingerprint(to_json_string(struct(order_key, customer_key, order_status, order_priority, clerk, comment, ship_priority, total_price, order_date, loaded_at))) & 1099511627775) as fingerprint,
                1 as occurrences
            from `analytics`.`dev_yourname_staging`.`int_orders`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_orders` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farm_fingerprint(to_json_string(struct(order_key, customer_key, order_status, order_priority, clerk, comment, ship_priority, total_price, order_date, loaded_at))) & 1099511627775) as fingerprint,
                -1 as occurrences
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_orders` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_orders`
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
        select order_key from `analytics`.`dev_yourname_staging`.`int_order_lines` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        )
        union all
        -- a load time of which both sides hold the same is not looked at row by row
        select both_sides.changed_key as order_key
        from (
            select
                order_key as changed_key,
                loaded_at as compared_at,
                (farm_fingerprint(to_json_string(struct(order_key, line_number, product_key, supplier_key, return_flag, line_status, ship_mode, ship_instructions, comment, quantity, extended_price, discount, tax, ship_date, commit_date, receipt_date, loaded_at))) & 1099511627775) as fingerprint,
                1 as occurrences
            from `analytics`.`dev_yourname_staging`.`int_order_lines`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_order_lines` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farm_fingerprint(to_json_string(struct(order_key, line_number, product_key, supplier_key, return_flag, line_status, ship_mode, ship_instructions, comment, quantity, extended_price, discount, tax, ship_date, commit_date, receipt_date, loaded_at))) & 1099511627775) as fingerprint,
                -1 as occurrences
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_order_lines` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
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
                (farm_fingerprint(to_json_string(struct(order_key, line_number, product_key, supplier_key, return_flag, line_status, ship_mode, ship_instructions, comment, quantity, extended_price, discount, tax, ship_date, commit_date, receipt_date, loaded_at))) & 1099511627775) as fingerprint,
                1 as occurrences
            from `analytics`.`dev_yourname_staging`.`int_order_lines`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_order_lines` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ))
            union all
            select
                order_key as changed_key,
                loaded_at as compared_at,
                -(farm_fingerprint(to_json_string(struct(order_key, line_number, product_key, supplier_key, return_flag, line_status, ship_mode, ship_instructions, comment, quantity, extended_price, discount, tax, ship_date, commit_date, receipt_date, loaded_at))) & 1099511627775) as fingerprint,
                -1 as occurrences
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at >= cast(
            datetime_add(
                cast( (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
            where loaded_at <= cast('2026-01-02 00:00:00' as timestamp)
        ) as datetime),
            interval -3 day
            )
                    as timestamp
                )
                and order_key not in (select order_key from `analytics`.`dev_yourname_staging`.`int_order_lines` where loaded_at > (
            select
                coalesce(max(loaded_at), cast('1900-01-01 00:00:00' as timestamp))
            from `analytics`.`dev_yourname_core`.`fct_order_lines`
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
-- customer_360: cluster_by = ['market_segment', 'customer_key']
-- customer_category_revenue: cluster_by = ['customer_key', 'scheme']; incremental_strategy = merge; unique_key = None
-- customers_snapshot: cluster_by = ['customer_key']; hard_deletes = invalidate
-- fct_order_lines: cluster_by = ['order_key', 'product_key']; incremental_strategy = merge; partition_by = {'field': 'order_date', 'data_type': 'date', 'granularity': 'month'}; unique_key = None
-- fct_orders: cluster_by = ['order_key', 'customer_key']; incremental_strategy = merge; partition_by = {'field': 'order_date', 'data_type': 'date', 'granularity': 'month'}; unique_key = None
-- fct_part_supply: cluster_by = ['product_key', 'supplier_key']; incremental_strategy = merge; unique_key = ['product_key', 'supplier_key']
-- int_changed_orders: incremental_strategy = merge; unique_key = None
-- int_changed_products: incremental_strategy = merge; unique_key = None

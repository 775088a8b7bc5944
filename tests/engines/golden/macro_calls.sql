-- Every macro that gives an engine SQL of its own, called once. dbt compiles this file as an analysis.
select
    cast(order_key as {{ dbt.type_bigint() }}) as type_bigint,
    cast(order_key as {{ dbt.type_int() }}) as type_int,
    cast(order_key as {{ dbt.type_string() }}) as type_string,
    cast(order_date as {{ dbt.type_timestamp() }}) as type_timestamp,
    cast(order_key as {{ type_double() }}) as type_double,
    cast(revenue as {{ decimal_type(15, 2) }}) as decimal_type,
    cast(revenue as {{ decimal_type(34, 12) }}) as decimal_type_with_12_places,
    cast(revenue as {{ contract_type('numeric(15, 2)') }}) as contract_type,
    cast(revenue as {{ contract_type('numeric(34, 12)') }}) as contract_type_with_12_places,

    {{ dbt.date_trunc('month', 'order_date') }} as date_trunc,
    {{ dbt.dateadd('day', -35, 'order_date') }} as dateadd,
    {{ dbt.datediff('order_date', 'ship_date', 'day') }} as datediff_in_days,
    {{ dbt.datediff('order_date', 'ship_date', 'month') }} as datediff_in_months,
    {{ dbt.split_part('product_type', "' '", 1) }} as split_part,

    {{ divide('revenue', 'orders') }} as divide,
    {{ round_to('revenue', 4) }} as round_to,
    {{ as_decimal('revenue') }} as as_decimal,

    {{ row_fingerprint(['order_key', 'comment', 'order_date']) }} as row_fingerprint,
    {{ plus_microseconds('loaded_at', 1) }} as plus_microseconds,
    {{ dbt.snapshot_get_time() }} as snapshot_get_time,
    {{ local_time('loaded_at', 'America/New_York') }} as local_time,
    {{ stable_key(['comment', 'order_date']) }} as stable_key,
    {{ by_code_point('comment') }} as by_code_point,

    {{ loaded_at() }} as loaded_at,
    {{ as_of_date() }} as as_of_date,
    {{ newest_seen('loaded_at') }} as newest_seen,
    {{ newest_date_seen('order_date') }} as newest_date_seen,
    {{ lookback_start() }} as lookback_start
from orders
where {{ is_whole_number('comment') }};

select
    {{ percentile('revenue', 0.9) }} as percentile,
    {{ correlation('orders', 'revenue') }} as correlation
from customers;

{{ dbt.generate_series(4) }};

select order_key from orders {{ dbt.except() }} select order_key from customers;

{% if target.type in ('snowflake', 'databricks', 'redshift') %}
-- a statement: {{ adapter.dispatch('mask_column')(ref('dim_customers'), 'phone', 'the_policy') }}
{% endif %}

{{ adapter.dispatch('copy_columns')(ref('int_customers'), ref('customers_snapshot'), 'customer_key', ['phone', 'address']) }};

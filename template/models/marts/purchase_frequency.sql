{% set tenure = dbt.datediff('buyers.first_order_date', 'as_of.as_of_date', 'day') %}

with

as_of as (

    select {{ as_of_date() }} as as_of_date

),

segments as (

    select distinct market_segment from {{ ref('dim_customers') }}

),

buyers as (

    select * from {{ ref('customer_totals') }}
    where is_buyer

),

orders as (

    select * from {{ ref('fct_orders') }}
    where
        is_sale
        and customer_key is not null
        and order_date <= {{ as_of_date() }}

),

ordered as (

    select
        customer_key,
        order_date,
        lag(order_date) over (
            partition by customer_key order by order_date, order_key
        ) as previous_order_date

    from orders

),

gaps as (

    select
        buyers.market_segment,
        {{ dbt.datediff('ordered.previous_order_date', 'ordered.order_date', 'day') }}
            as days_between

    from ordered
    inner join buyers
        on ordered.customer_key = buyers.customer_key
    where ordered.previous_order_date is not null

),

gap_totals as (

    select
        market_segment,
        {{ divide('sum(days_between)', 'count(*)') }} as days_between_mean

    from gaps
    group by market_segment

),

buyer_rates as (

    select
        buyers.market_segment,
        buyers.orders,
        -- of a buyer of yesterday it would be 365 orders per year
        case
            when {{ tenure }} >= {{ var('minimum_tenure_days', 90) }}
                then {{ divide('buyers.orders * 365.25', tenure ~ ' + 1') }}
        end as orders_per_year,
        case
            when buyers.orders > 1
                then {{ divide(
                    dbt.datediff('buyers.first_order_date', 'buyers.last_order_date', 'day'),
                    'buyers.orders - 1'
                ) }}
        end as customer_gap

    from buyers
    cross join as_of

),

buyer_totals as (

    select
        market_segment,
        count(*) as buyers,
        sum(orders) as orders,
        {{ divide('sum(orders)', 'count(*)') }} as orders_mean,
        avg(orders_per_year) as orders_per_year_mean,
        sum(case when orders = 1 then 1 else 0 end) as one_order_buyers,
        sum(case when orders_per_year is null then 1 else 0 end) as buyers_without_rate

    from buyer_rates
    group by market_segment

),

-- one below the other, because Redshift sorts by one column a query only
measured as (

    {% for measure in ['orders', 'orders_per_year', 'customer_gap'] %}
    select
        market_segment,
        '{{ measure }}' as measure_name,
        cast({{ measure }} as {{ type_double() }}) as measured_value

    from buyer_rates

    union all

    {% endfor %}
    select
        market_segment,
        'days_between' as measure_name,
        cast(days_between as {{ type_double() }}) as measured_value

    from gaps

),

measure_medians as (

    select
        market_segment,
        measure_name,
        {{ percentile('measured_value', 0.5) }} as median_value

    from measured
    group by market_segment, measure_name

),

medians as (

    select
        market_segment,
        {% for measure in ['orders', 'orders_per_year', 'customer_gap'] %}
        max(case when measure_name = '{{ measure }}' then median_value end)
            as {{ measure }}_median,
        {% endfor %}
        max(case when measure_name = 'days_between' then median_value end) as days_between_median

    from measure_medians
    group by market_segment

),

final as (

    select
        -- strings
        segments.market_segment,

        -- numerics
        cast(coalesce(buyer_totals.buyers, 0) as {{ dbt.type_bigint() }}) as buyers,
        cast(coalesce(buyer_totals.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        {{ round_to('medians.orders_median', 4) }} as orders_median,
        {{ round_to('buyer_totals.orders_mean', 4) }} as orders_mean,
        {{ round_to('medians.orders_per_year_median', 4) }} as orders_per_year_median,
        {{ round_to('buyer_totals.orders_per_year_mean', 4) }} as orders_per_year_mean,
        {{ round_to('medians.days_between_median', 4) }} as days_between_median,
        {{ round_to('gap_totals.days_between_mean', 4) }} as days_between_mean,
        {{ round_to('medians.customer_gap_median', 4) }} as customer_gap_median,
        cast(coalesce(buyer_totals.one_order_buyers, 0) as {{ dbt.type_bigint() }})
            as one_order_buyers,
        cast(coalesce(buyer_totals.buyers_without_rate, 0) as {{ dbt.type_bigint() }})
            as buyers_without_rate

    from segments
    left join buyer_totals
        on segments.market_segment = buyer_totals.market_segment
    left join gap_totals
        on segments.market_segment = gap_totals.market_segment
    left join medians
        on segments.market_segment = medians.market_segment

)

select * from final

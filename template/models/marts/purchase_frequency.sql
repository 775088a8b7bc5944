with

as_of as (

    select {{ as_of_date() }} as as_of_date

),

segments as (

    select distinct market_segment from {{ ref('dim_customers') }}

),

buyers as (

    select * from {{ ref('customer_360') }}
    where is_buyer

),

orders as (

    select * from {{ ref('fct_orders') }}
    where order_date <= {{ as_of_date() }}

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
        {{ percentile('days_between', 0.5) }} as days_between_median,
        {{ divide('sum(days_between)', 'count(*)') }} as days_between_mean

    from gaps
    group by market_segment

),

buyer_rates as (

    select
        buyers.market_segment,
        buyers.orders,
        {{ divide(
            'buyers.orders * 365.25',
            dbt.datediff('buyers.first_order_date', 'as_of.as_of_date', 'day') ~ ' + 1'
        ) }} as orders_per_year,
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
        {{ percentile('orders', 0.5) }} as orders_median,
        {{ divide('sum(orders)', 'count(*)') }} as orders_mean,
        {{ percentile('orders_per_year', 0.5) }} as orders_per_year_median,
        avg(orders_per_year) as orders_per_year_mean,
        {{ percentile('customer_gap', 0.5) }} as customer_gap_median,
        sum(case when orders = 1 then 1 else 0 end) as one_order_buyers

    from buyer_rates
    group by market_segment

),

final as (

    select
        -- strings
        segments.market_segment,

        -- numerics
        cast(coalesce(buyer_totals.buyers, 0) as {{ dbt.type_bigint() }}) as buyers,
        cast(coalesce(buyer_totals.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        {{ round_to('buyer_totals.orders_median', 4) }} as orders_median,
        {{ round_to('buyer_totals.orders_mean', 4) }} as orders_mean,
        {{ round_to('buyer_totals.orders_per_year_median', 4) }} as orders_per_year_median,
        {{ round_to('buyer_totals.orders_per_year_mean', 4) }} as orders_per_year_mean,
        {{ round_to('gap_totals.days_between_median', 4) }} as days_between_median,
        {{ round_to('gap_totals.days_between_mean', 4) }} as days_between_mean,
        {{ round_to('buyer_totals.customer_gap_median', 4) }} as customer_gap_median,
        cast(coalesce(buyer_totals.one_order_buyers, 0) as {{ dbt.type_bigint() }})
            as one_order_buyers

    from segments
    left join buyer_totals
        on segments.market_segment = buyer_totals.market_segment
    left join gap_totals
        on segments.market_segment = gap_totals.market_segment

)

select * from final

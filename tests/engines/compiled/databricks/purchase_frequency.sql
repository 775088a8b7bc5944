with

as_of as (

    select (select max(order_date) from `analytics`.`dev_yourname_core`.`fct_orders`) as as_of_date

),

segments as (

    select distinct market_segment from `analytics`.`dev_yourname_core`.`dim_customers`

),

buyers as (

    select * from `analytics`.`dev_yourname_marts`.`customer_360`
    where is_buyer

),

orders as (

    select * from `analytics`.`dev_yourname_core`.`fct_orders`
    where order_date <= (select max(order_date) from `analytics`.`dev_yourname_core`.`fct_orders`)

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
        timestampdiff(day, date_trunc('day', ordered.previous_order_date), date_trunc('day', ordered.order_date))
            as days_between

    from ordered
    inner join buyers
        on ordered.customer_key = buyers.customer_key
    where ordered.previous_order_date is not null

),

gap_totals as (

    select
        market_segment,
        cast(sum(days_between) as double) / nullif(count(*), 0) as days_between_mean

    from gaps
    group by market_segment

),

buyer_rates as (

    select
        buyers.market_segment,
        buyers.orders,
        cast(buyers.orders * 365.25 as double) / nullif(timestampdiff(day, date_trunc('day', buyers.first_order_date), date_trunc('day', as_of.as_of_date)) + 1, 0) as orders_per_year,
        case
            when buyers.orders > 1
                then cast(timestampdiff(day, date_trunc('day', buyers.first_order_date), date_trunc('day', buyers.last_order_date)) as double) / nullif(buyers.orders - 1, 0)
        end as customer_gap

    from buyers
    cross join as_of

),

buyer_totals as (

    select
        market_segment,
        count(*) as buyers,
        sum(orders) as orders,
        cast(sum(orders) as double) / nullif(count(*), 0) as orders_mean,
        avg(orders_per_year) as orders_per_year_mean,
        sum(case when orders = 1 then 1 else 0 end) as one_order_buyers

    from buyer_rates
    group by market_segment

),

-- one below the other, because Redshift sorts by one column a query only
measured as (

    select
        market_segment,
        'orders' as measure_name,
        cast(orders as double) as measured_value

    from buyer_rates

    union all

    select
        market_segment,
        'orders_per_year' as measure_name,
        cast(orders_per_year as double) as measured_value

    from buyer_rates

    union all

    select
        market_segment,
        'customer_gap' as measure_name,
        cast(customer_gap as double) as measured_value

    from buyer_rates

    union all

    select
        market_segment,
        'days_between' as measure_name,
        cast(days_between as double) as measured_value

    from gaps

),

measure_medians as (

    select
        market_segment,
        measure_name,
        percentile_cont(0.5)
    within group (order by cast(measured_value as double)) as median_value

    from measured
    group by market_segment, measure_name

),

medians as (

    select
        market_segment,

        max(case when measure_name = 'orders' then median_value end)
            as orders_median,

        max(case when measure_name = 'orders_per_year' then median_value end)
            as orders_per_year_median,

        max(case when measure_name = 'customer_gap' then median_value end)
            as customer_gap_median,

        max(case when measure_name = 'days_between' then median_value end) as days_between_median

    from measure_medians
    group by market_segment

),

final as (

    select
        -- strings
        segments.market_segment,

        -- numerics
        cast(coalesce(buyer_totals.buyers, 0) as bigint) as buyers,
        cast(coalesce(buyer_totals.orders, 0) as bigint) as orders,
        cast(round(cast(medians.orders_median as numeric(38, 9)), 4) as numeric(28, 4)) as orders_median,
        cast(round(cast(buyer_totals.orders_mean as numeric(38, 9)), 4) as numeric(28, 4)) as orders_mean,
        cast(round(cast(medians.orders_per_year_median as numeric(38, 9)), 4) as numeric(28, 4)) as orders_per_year_median,
        cast(round(cast(buyer_totals.orders_per_year_mean as numeric(38, 9)), 4) as numeric(28, 4)) as orders_per_year_mean,
        cast(round(cast(medians.days_between_median as numeric(38, 9)), 4) as numeric(28, 4)) as days_between_median,
        cast(round(cast(gap_totals.days_between_mean as numeric(38, 9)), 4) as numeric(28, 4)) as days_between_mean,
        cast(round(cast(medians.customer_gap_median as numeric(38, 9)), 4) as numeric(28, 4)) as customer_gap_median,
        cast(coalesce(buyer_totals.one_order_buyers, 0) as bigint)
            as one_order_buyers

    from segments
    left join buyer_totals
        on segments.market_segment = buyer_totals.market_segment
    left join gap_totals
        on segments.market_segment = gap_totals.market_segment
    left join medians
        on segments.market_segment = medians.market_segment

)

select * from final

with buyers as (
    select *, as_of_date - first_order as tenure_days, orders * 365.25::double / (tenure_days + 1) as orders_per_year
    from customer_totals, as_of
    where orders > 0
),

frequencies as (
    select
        market_segment,
        count(*) as buyers,
        sum(orders) as orders,
        median(orders) as orders_median,
        median(orders_per_year) filter (tenure_days >= getvariable('minimum_tenure_days')) as orders_per_year_median,
        avg(orders_per_year) filter (tenure_days >= getvariable('minimum_tenure_days')) as orders_per_year_mean,
        count(*) filter (tenure_days < getvariable('minimum_tenure_days')) as buyers_without_rate,
        median((last_order - first_order) / (orders - 1)) filter (orders > 1) as customer_gap_median,
        count(*) filter (orders = 1) as one_order_buyers
    from buyers
    group by all
),

gaps as (
    select
        customer_key,
        order_date - lag(order_date) over (partition by customer_key order by order_date) as days
    from sales
),

-- pooled: a gap is an observation, whoever made it
pooled as (
    select market_segment, median(days) as days_median, sum(days) as days, count(days) as gaps
    from gaps
    join customer_totals using (customer_key)
    group by all
)

select
    market_segment,
    coalesce(buyers, 0) as buyers,
    coalesce(orders, 0) as orders,
    rounded(orders_median, 4) as orders_median,
    ratio(orders, buyers, 4) as orders_mean,
    rounded(orders_per_year_median, 4) as orders_per_year_median,
    rounded(orders_per_year_mean, 4) as orders_per_year_mean,
    rounded(days_median, 4) as days_between_median,
    ratio(days, gaps, 4) as days_between_mean,
    rounded(customer_gap_median, 4) as customer_gap_median,
    coalesce(one_order_buyers, 0) as one_order_buyers,
    coalesce(buyers_without_rate, 0) as buyers_without_rate
from segments
left join frequencies using (market_segment)
left join pooled using (market_segment)
order by market_segment

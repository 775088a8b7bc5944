with spend as (
    select
        min(spend_month) as first_day,
        (max(spend_month) + interval 1 month)::date as end_day,
        coalesce(sum(spend_amount) filter (market_segment is null), 0) as brand_spend
    from marketing_spend
),

own as (
    select market_segment, sum(spend_amount) as spend
    from marketing_spend
    where market_segment is not null
    group by all
),

acquired as (
    select market_segment, count(*) as new_customers
    from customer_totals, spend
    where first_order >= first_day and first_order < end_day
    group by all
),

by_segment as (
    select
        market_segment,
        coalesce(new_customers, 0) as new_customers,
        coalesce(own.spend, 0) as spend,
        brand_spend,
        sum(coalesce(new_customers, 0)) over () as all_new_customers
    from segments
    cross join spend
    left join acquired using (market_segment)
    left join own using (market_segment)
)

select
    market_segment,
    new_customers,
    spend,
    ratio(spend, new_customers, 4) as cac_direct,
    -- (own + brand x new / all) / new, as one quotient
    ratio(
        spend * all_new_customers + brand_spend * new_customers, new_customers * all_new_customers, 4
    ) as cac_loaded
from by_segment
order by market_segment

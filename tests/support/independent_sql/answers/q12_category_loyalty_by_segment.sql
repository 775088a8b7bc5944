with schemes as (
    select *
    from (values ('type_material', 1), ('type_class', 2), ('mfgr', 3), ('brand', 4)) as t (scheme, place)
),

-- A buyer without a category of positive revenue has no shares.
buyer_schemes as (
    select
        customer_key,
        scheme,
        max(positive(revenue)) as top_revenue,
        sum(positive(revenue)) as revenue,
        top_revenue::double / nullif(sum(positive(revenue))::double, 0) as top_share,
        sum(positive(revenue)::double ^ 2) / nullif(sum(positive(revenue))::double ^ 2, 0) as hhi,
        count(*) filter (lines > 0) as categories
    from category_totals
    group by all
),

by_segment as (
    select
        place,
        scheme,
        market_segment,
        count(customer_key) as buyers,
        avg(top_share) as mean_share,
        stddev_samp(top_share) / sqrt(count(top_share)) as stderr_share,
        sum(top_revenue) as top_revenue,
        sum(buyer_schemes.revenue) as revenue,
        avg(hhi) as hhi,
        sum(categories) as categories
    from schemes
    cross join segments
    left join (select * from customer_totals where orders > 0) as buyers using (market_segment)
    left join buyer_schemes using (customer_key, scheme)
    group by all
)

select
    scheme,
    market_segment,
    buyers,
    rounded(mean_share, 6) as mean_top_share,
    rounded(stderr_share, 6) as stderr_top_share,
    ratio(top_revenue, revenue, 6) as revenue_weighted_top_share,
    rounded(hhi, 6) as mean_hhi,
    ratio(categories, buyers, 4) as mean_categories,
    -- to 12 places only so that the order of summation cannot break a tie
    case when mean_share is not null then
        row_number() over (partition by scheme order by round(mean_share, 12) desc nulls last, market_segment)
    end as loyalty_rank,
    case when hhi is not null then
        row_number() over (partition by scheme order by round(hhi, 12) desc nulls last, market_segment)
    end as hhi_rank
from by_segment
order by place, market_segment

with populations as (
    select 'buyers' as population, market_segment, revenue from customer_totals where orders > 0
    union all
    select 'all_customers', market_segment, revenue from customer_totals
)

select
    population,
    market_segment,
    count(revenue) as customers,
    round(min(revenue), 4) as ltv_min,
    -- as floats: DuckDB cuts a percentile of decimals off at their own scale
    rounded(quantile_cont(revenue::double, 0.10), 4) as ltv_p10,
    rounded(quantile_cont(revenue::double, 0.25), 4) as ltv_p25,
    rounded(quantile_cont(revenue::double, 0.50), 4) as ltv_median,
    rounded(quantile_cont(revenue::double, 0.75), 4) as ltv_p75,
    rounded(quantile_cont(revenue::double, 0.90), 4) as ltv_p90,
    round(max(revenue), 4) as ltv_max,
    ratio(sum(revenue), count(revenue), 4) as ltv_mean,
    rounded(stddev_samp(revenue::double), 4) as ltv_stddev
from (values ('buyers'), ('all_customers')) as names (population)
cross join segments
left join populations using (population, market_segment)
group by population, market_segment
order by population = 'all_customers', market_segment

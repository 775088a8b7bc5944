with

customers as (

    select * from "analytics"."dev_yourname_marts"."customer_360"

),

populations as (

    select
        'buyers' as population,
        market_segment,
        revenue

    from customers
    where is_buyer

    union all

    select
        'all_customers' as population,
        market_segment,
        revenue

    from customers

),

population_names as (

    select 'buyers' as population
    union all
    select 'all_customers' as population

),

-- a segment without buyers keeps its row
segments as (

    select distinct
        population_names.population,
        customers.market_segment

    from customers
    cross join population_names

),

final as (

    select
        -- strings
        cast(segments.population as TEXT) as population,
        segments.market_segment,

        -- numerics
        cast(count(populations.revenue) as bigint) as customers,
        cast(round(cast(min(populations.revenue) as numeric(38, 9)), 4) as numeric(28, 4)) as ltv_min,

        cast(round(cast(percentile_cont(0.1)
    within group (order by cast(populations.revenue as double precision)) as numeric(38, 9)), 4) as numeric(28, 4))
            as ltv_p10,

        cast(round(cast(percentile_cont(0.25)
    within group (order by cast(populations.revenue as double precision)) as numeric(38, 9)), 4) as numeric(28, 4))
            as ltv_p25,

        cast(round(cast(percentile_cont(0.5)
    within group (order by cast(populations.revenue as double precision)) as numeric(38, 9)), 4) as numeric(28, 4))
            as ltv_median,

        cast(round(cast(percentile_cont(0.75)
    within group (order by cast(populations.revenue as double precision)) as numeric(38, 9)), 4) as numeric(28, 4))
            as ltv_p75,

        cast(round(cast(percentile_cont(0.9)
    within group (order by cast(populations.revenue as double precision)) as numeric(38, 9)), 4) as numeric(28, 4))
            as ltv_p90,

        cast(round(cast(max(populations.revenue) as numeric(38, 9)), 4) as numeric(28, 4)) as ltv_max,
        cast(round(cast(cast(sum(populations.revenue) as double precision) / nullif(count(populations.revenue), 0) as numeric(38, 9)), 4) as numeric(28, 4))
            as ltv_mean,
        cast(round(cast(stddev_samp(cast(populations.revenue as double precision)) as numeric(38, 9)), 4) as numeric(28, 4))
            as ltv_stddev

    from segments
    left join populations
        on segments.population = populations.population
        and segments.market_segment = populations.market_segment
    group by segments.population, segments.market_segment

)

select * from final

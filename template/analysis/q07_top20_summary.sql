with

populations as (

    select
        'buyers' as population,
        is_top_20_percent,
        revenue

    from {{ ref('customer_360') }}
    where is_buyer

    union all

    -- the same top customers, among everybody
    select
        'all_customers' as population,
        is_top_20_percent,
        revenue

    from {{ ref('customer_360') }}

),

summed as (

    select
        population,
        count(*) as customers,
        sum(case when is_top_20_percent then 1 else 0 end) as top_customers,
        sum(case when is_top_20_percent then revenue else 0 end) as top_revenue,
        sum(revenue) as total_revenue,
        min(case when is_top_20_percent then revenue end) as threshold_revenue

    from populations
    group by population

)

select
    population,
    customers,
    top_customers,
    top_revenue,
    total_revenue,
    {{ round_to(divide('top_revenue', 'total_revenue'), 6) }} as top_revenue_share,
    threshold_revenue

from summed
order by population desc

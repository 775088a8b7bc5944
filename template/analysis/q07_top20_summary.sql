with

populations as (

    select
        'buyers' as population,
        customer_key,
        revenue

    from {{ ref('customer_360') }}
    where is_buyer

    union all

    select
        'all_customers' as population,
        customer_key,
        revenue

    from {{ ref('customer_360') }}

),

ranked as (

    select
        population,
        revenue,
        row_number() over (
            partition by population order by revenue desc, customer_key asc
        ) as value_rank,
        count(*) over (partition by population) as customers

    from populations

),

marked as (

    select
        population,
        revenue,
        value_rank <= ceil({{ divide('customers', 5) }}) as is_top

    from ranked

),

summed as (

    select
        population,
        count(*) as customers,
        sum(case when is_top then 1 else 0 end) as top_customers,
        sum(case when is_top then revenue else 0 end) as top_revenue,
        sum(revenue) as total_revenue,
        min(case when is_top then revenue end) as threshold_revenue

    from marked
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

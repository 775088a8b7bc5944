with

-- by name, so that a shop without orders has its row for the buyers too
population_names as (

    select 'buyers' as population
    union all
    select 'all_customers' as population

),

members as (

    select
        population_names.population,
        totals.customer_key,
        totals.basis_revenue as revenue

    from {{ ref('customer_totals') }} as totals
    cross join population_names
    where totals.is_buyer or population_names.population = 'all_customers'

),

ranked as (

    select
        population,
        revenue,
        -- a customer whose refunds exceed the sales has no share in the whole
        case when revenue > 0 then revenue else 0 end as part,
        row_number() over (
            partition by population order by revenue desc, {{ by_key('customer_key') }} asc
        ) as value_rank,
        count(*) over (partition by population) as customers

    from members

),

marked as (

    select
        *,
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
        {{ divide('sum(case when is_top then part else 0 end)', 'sum(part)') }} as top_share,
        min(case when is_top then revenue end) as threshold_revenue

    from marked
    group by population

)

select
    population_names.population,
    coalesce(summed.customers, 0) as customers,
    coalesce(summed.top_customers, 0) as top_customers,
    {{ round_exact('coalesce(summed.top_revenue, 0)', 4) }} as top_revenue,
    {{ round_exact('coalesce(summed.total_revenue, 0)', 4) }} as total_revenue,
    {{ round_to('summed.top_share', 6) }} as top_revenue_share,
    {{ round_exact('summed.threshold_revenue', 4) }} as threshold_revenue

from population_names
left join summed
    on population_names.population = summed.population
order by population_names.population desc

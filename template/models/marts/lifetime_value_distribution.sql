with

customers as (

    select * from {{ ref('customer_totals') }}

),

populations as (

    select
        'buyers' as population,
        market_segment,
        basis_revenue as revenue

    from customers
    where is_buyer

    union all

    select
        'all_customers' as population,
        market_segment,
        basis_revenue as revenue

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
        cast(segments.population as {{ dbt.type_string() }}) as population,
        segments.market_segment,

        -- numerics
        cast(count(populations.revenue) as {{ dbt.type_bigint() }}) as customers,
        {{ round_to('min(populations.revenue)', 4) }} as ltv_min,
        {% for percent in [10, 25, 50, 75, 90] %}
        {{ round_to(percentile('populations.revenue', percent / 100), 4) }}
            as ltv_{{ 'median' if percent == 50 else 'p' ~ percent }},
        {% endfor %}
        {{ round_to('max(populations.revenue)', 4) }} as ltv_max,
        {{ round_to(divide('sum(populations.revenue)', 'count(populations.revenue)'), 4) }}
            as ltv_mean,
        {{ round_to('stddev_samp(cast(populations.revenue as ' ~ type_double() ~ '))', 4) }}
            as ltv_stddev

    from segments
    left join populations
        on segments.population = populations.population
        and segments.market_segment = populations.market_segment
    group by segments.population, segments.market_segment

)

select * from final

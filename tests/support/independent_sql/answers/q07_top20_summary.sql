with populations as (
    select 'buyers' as population, customer_key, revenue from customer_totals where orders > 0
    union all
    select 'all_customers', customer_key, revenue from customer_totals
),

ranked as (
    select
        *,
        row_number() over (partition by population order by revenue desc, customer_key)
        <= ceil(count(*) over (partition by population) / 5) as is_top
    from populations
)

select
    population,
    count(customer_key) as customers,
    count(*) filter (is_top) as top_customers,
    coalesce(sum(revenue) filter (is_top), 0) as top_revenue,
    coalesce(sum(revenue), 0) as total_revenue,
    ratio(sum(revenue) filter (is_top), sum(revenue), 6) as top_revenue_share,
    min(revenue) filter (is_top) as threshold_revenue
from (values ('buyers'), ('all_customers')) as names (population)
left join ranked using (population)
group by population
order by population = 'all_customers'

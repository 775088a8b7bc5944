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
    round(coalesce(sum(revenue) filter (is_top), 0), 4) as top_revenue,
    round(coalesce(sum(revenue), 0), 4) as total_revenue,
    ratio(coalesce(sum(positive(revenue)) filter (is_top), 0), sum(positive(revenue)), 6) as top_revenue_share,
    round(min(revenue) filter (is_top), 4) as threshold_revenue
from (values ('buyers'), ('all_customers')) as names (population)
left join ranked using (population)
group by population
order by population = 'all_customers'

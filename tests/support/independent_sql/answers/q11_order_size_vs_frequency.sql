-- Exact quotients, so that equal averages are equal and tie.
with buyers as (
    select
        market_segment,
        orders,
        ratio(revenue, orders, 12) as aov,
        ratio(quantity, orders, 12) as avg_quantity
    from customer_totals
    where orders > 0
),

scoped as (
    select 'ALL' as scope, orders, aov, avg_quantity from buyers
    union all
    select market_segment, orders, aov, avg_quantity from buyers
),

-- average rank: the first place of the tie and half of the others in it
ranked as (
    select
        *,
        rank() over (partition by scope order by orders)
        + (count(*) over (partition by scope, orders) - 1) / 2 as orders_rank,
        rank() over (partition by scope order by aov)
        + (count(*) over (partition by scope, aov) - 1) / 2 as aov_rank
    from scoped
)

select
    scope,
    count(orders) as buyers,
    rounded(corr(orders, aov), 6) as pearson_orders_aov,
    rounded(corr(orders_rank, aov_rank), 6) as spearman_orders_aov,
    rounded(corr(orders, avg_quantity), 6) as pearson_orders_avg_quantity,
    rounded(avg(aov), 4) as mean_of_customer_aov
from (select 'ALL' as scope union all select market_segment from segments)
left join ranked using (scope)
group by scope
order by scope <> 'ALL', scope

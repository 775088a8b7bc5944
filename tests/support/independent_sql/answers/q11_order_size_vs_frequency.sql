with quantities as (
    select customer_key, sum(quantity) as quantity from order_totals group by all
),

-- Quotients of whole numbers (revenue in 1/10000), so that equal averages are equal floats and tie.
buyers as (
    select
        market_segment,
        orders,
        (revenue * 10000)::hugeint::double / orders as aov,
        quantity::double / orders as avg_quantity
    from customer_totals
    join quantities using (customer_key)
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
    rounded(avg(aov) / 10000, 4) as mean_of_customer_aov
from (select 'ALL' as scope union all select market_segment from segments)
left join ranked using (scope)
group by scope
order by scope <> 'ALL', scope

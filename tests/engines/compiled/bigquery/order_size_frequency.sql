with

segments as (

    select distinct market_segment as scope from `analytics`.`dev_yourname_core`.`dim_customers`
    union all
    select 'ALL' as scope

),

buyers as (

    select
        market_segment,
        orders,
        cast(revenue as float64) / nullif(orders, 0) as avg_order_value,
        cast(quantity as float64) / nullif(orders, 0) as avg_quantity

    from `analytics`.`dev_yourname_marts`.`customer_360`
    where is_buyer

),

scoped as (

    select
        'ALL' as scope,
        orders,
        avg_order_value,
        avg_quantity

    from buyers

    union all

    select
        market_segment as scope,
        orders,
        avg_order_value,
        avg_quantity

    from buyers

),

-- A rank from below less the one from above is twice the average rank of a group of ties, less a
-- constant of its scope: as good for a correlation, and without a partition of floating-point
-- numbers, which BigQuery refuses.
ranked as (

    select
        *,
        rank() over (partition by scope order by orders asc)
        - rank() over (partition by scope order by orders desc) as orders_rank,
        rank() over (partition by scope order by avg_order_value asc)
        - rank() over (partition by scope order by avg_order_value desc) as avg_order_value_rank

    from scoped

),

correlated as (

    select
        scope,
        count(*) as buyers,
        case
        when min(orders) < max(orders) and min(avg_order_value) < max(avg_order_value)
            then corr(cast(orders as float64), cast(avg_order_value as float64))
    end as pearson_orders_aov,
        case
        when min(orders_rank) < max(orders_rank) and min(avg_order_value_rank) < max(avg_order_value_rank)
            then corr(cast(orders_rank as float64), cast(avg_order_value_rank as float64))
    end as spearman_orders_aov,
        case
        when min(orders) < max(orders) and min(avg_quantity) < max(avg_quantity)
            then corr(cast(orders as float64), cast(avg_quantity as float64))
    end as pearson_orders_avg_quantity,
        avg(avg_order_value) as mean_of_customer_aov

    from ranked
    group by scope

),

final as (

    select
        -- strings
        cast(segments.scope as string) as scope,

        -- numerics
        cast(coalesce(correlated.buyers, 0) as bigint) as buyers,
        cast(round(cast(correlated.pearson_orders_aov as numeric(38, 9)), 6) as numeric(28, 6)) as pearson_orders_aov,
        cast(round(cast(correlated.spearman_orders_aov as numeric(38, 9)), 6) as numeric(28, 6)) as spearman_orders_aov,
        cast(round(cast(correlated.pearson_orders_avg_quantity as numeric(38, 9)), 6) as numeric(28, 6)) as pearson_orders_avg_quantity,
        cast(round(cast(correlated.mean_of_customer_aov as numeric(38, 9)), 4) as numeric(28, 4)) as mean_of_customer_aov

    from segments
    left join correlated
        on segments.scope = correlated.scope

)

select * from final

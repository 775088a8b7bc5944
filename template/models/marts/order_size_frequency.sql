with

segments as (

    select distinct market_segment as scope from {{ ref('dim_customers') }}
    union all
    select 'ALL' as scope

),

-- Decimals, because 89.97 / 3 and 29.99 are not the same floating-point number: buyers of one thing
-- at one price would differ, and be ranked and correlated by that.
buyers as (

    select
        market_segment,
        orders,
        {{ round_to(divide('basis_revenue', 'orders'), 9) }} as avg_order_value,
        {{ round_to(divide('quantity', 'orders'), 9) }} as avg_quantity

    from {{ ref('customer_totals') }}
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
        {{ correlation('orders', 'avg_order_value') }} as pearson_orders_aov,
        {{ correlation('orders_rank', 'avg_order_value_rank') }} as spearman_orders_aov,
        {{ correlation('orders', 'avg_quantity') }} as pearson_orders_avg_quantity,
        avg(avg_order_value) as mean_of_customer_aov

    from ranked
    group by scope

),

final as (

    select
        -- strings
        cast(segments.scope as {{ dbt.type_string() }}) as scope,

        -- numerics
        cast(coalesce(correlated.buyers, 0) as {{ dbt.type_bigint() }}) as buyers,
        {{ round_to('correlated.pearson_orders_aov', 6) }} as pearson_orders_aov,
        {{ round_to('correlated.spearman_orders_aov', 6) }} as spearman_orders_aov,
        {{ round_to('correlated.pearson_orders_avg_quantity', 6) }} as pearson_orders_avg_quantity,
        {{ round_to('correlated.mean_of_customer_aov', 4) }} as mean_of_customer_aov

    from segments
    left join correlated
        on segments.scope = correlated.scope

)

select * from final

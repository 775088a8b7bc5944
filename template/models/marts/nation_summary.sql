with

geography as (

    select * from {{ ref('dim_geography') }}

),

customers as (

    select * from {{ ref('customer_totals') }}

),

-- by key, because two nations may have one name
nation_totals as (

    select
        nation_key,
        count(*) as customers,
        sum(case when is_buyer then 1 else 0 end) as buyers,
        sum(orders) as orders,
        sum(basis_revenue) as revenue

    from customers
    group by nation_key

),

-- from the nations, so that one without customers keeps its row
final as (

    select
        -- strings
        geography.region_name,
        geography.nation_name,

        -- numerics
        cast(coalesce(nation_totals.customers, 0) as {{ dbt.type_bigint() }}) as customers,
        cast(coalesce(nation_totals.buyers, 0) as {{ dbt.type_bigint() }}) as buyers,
        cast(coalesce(nation_totals.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        cast(coalesce(nation_totals.revenue, 0) as {{ revenue_total_type() }}) as revenue,

        -- ids
        geography.nation_key

    from geography
    left join nation_totals
        on geography.nation_key = nation_totals.nation_key

)

select * from final

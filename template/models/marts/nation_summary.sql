with

geography as (

    select * from {{ ref('dim_geography') }}

),

customers as (

    select * from {{ ref('customer_360') }}

),

customer_totals as (

    select
        region_name,
        nation_name,
        count(*) as customers,
        sum(case when is_buyer then 1 else 0 end) as buyers,
        sum(orders) as orders,
        sum(revenue) as revenue

    from customers
    group by region_name, nation_name

),

-- from the nations, so that one without customers keeps its row
final as (

    select
        -- strings
        geography.region_name,
        geography.nation_name,

        -- numerics
        cast(coalesce(customer_totals.customers, 0) as {{ dbt.type_bigint() }}) as customers,
        cast(coalesce(customer_totals.buyers, 0) as {{ dbt.type_bigint() }}) as buyers,
        cast(coalesce(customer_totals.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        cast(coalesce(customer_totals.revenue, 0) as numeric(28, 4)) as revenue

    from geography
    left join customer_totals
        on geography.region_name = customer_totals.region_name
        and geography.nation_name = customer_totals.nation_name

)

select * from final

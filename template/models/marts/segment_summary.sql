with

customers as (

    select * from {{ ref('customer_totals') }}

),

final as (

    select
        -- strings
        market_segment,

        -- numerics
        cast(count(*) as {{ dbt.type_bigint() }}) as customers,
        cast(sum(case when is_buyer then 1 else 0 end) as {{ dbt.type_bigint() }}) as buyers,
        cast(sum(orders) as {{ dbt.type_bigint() }}) as orders,
        cast(sum(basis_revenue) as {{ revenue_total_type() }}) as revenue

    from customers
    group by market_segment

)

select * from final

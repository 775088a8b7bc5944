with

orders as (

    select * from {{ ref('fct_orders') }}
    where order_date <= {{ as_of_date() }}

),

months as (

    select
        customer_key,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as activity_month,
        cast(count(*) as {{ dbt.type_bigint() }}) as orders,
        cast(sum(revenue) as numeric(28, 4)) as revenue,
        min(order_date) as first_order_date

    from orders
    group by customer_key, cast({{ dbt.date_trunc('month', 'order_date') }} as date)

),

final as (

    select
        -- ids
        customer_key,

        -- dates
        activity_month,

        -- booleans
        first_order_date = min(first_order_date) over (partition by customer_key) as is_first_month,

        -- numerics
        orders,
        revenue

    from months

)

select * from final

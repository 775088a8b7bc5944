{%- do after('reconciliation') -%}
{%- do after('marketing_spend_checks') -%}

with

orders as (

    select * from {{ ref('fct_orders') }}
    where
        not is_cancelled
        and customer_key is not null
        and order_date <= {{ as_of_date() }}

),

months as (

    select
        customer_key,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as activity_month,
        cast(sum(case when is_sale then 1 else 0 end) as {{ dbt.type_bigint() }}) as orders,
        cast(sum({{ basis_revenue() }}) as {{ revenue_total_type() }}) as revenue,
        min(case when is_sale then order_date end) as first_order_date

    from orders
    group by customer_key, cast({{ dbt.date_trunc('month', 'order_date') }} as date)
    -- a customer is not active by a refund alone
    having sum(case when is_sale then 1 else 0 end) > 0

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

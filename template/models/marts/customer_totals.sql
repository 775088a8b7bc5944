{%- do after('reconciliation') -%}
{%- do after('marketing_spend_checks') -%}
{% set order_age = dbt.datediff('order_rows.order_date', 'as_of.as_of_date', 'day') %}

with

as_of as (

    select {{ as_of_date() }} as as_of_date

),

customers as (

    select * from {{ ref('dim_customers') }}

),

-- refunds on documents of their own included: they are money, but no orders
order_rows as (

    select * from {{ ref('fct_orders') }}
    where
        not is_cancelled
        and customer_key is not null
        and order_date <= {{ as_of_date() }}

),

order_totals as (

    select
        order_rows.customer_key,
        min(case when order_rows.is_sale then order_rows.order_date end) as first_order_date,
        max(case when order_rows.is_sale then order_rows.order_date end) as last_order_date,
        sum(case when order_rows.is_sale then 1 else 0 end) as orders,
        sum(order_rows.lines) as lines,
        sum(order_rows.returned_lines) as returned_lines,
        sum(order_rows.quantity) as quantity,
        sum(order_rows.revenue) as revenue,
        sum(order_rows.revenue_with_tax) as revenue_with_tax,
        sum(order_rows.returned_revenue) as returned_revenue,
        sum(order_rows.net_revenue) as net_revenue,
        sum(
            case
                when order_rows.is_sale and {{ order_age }} < 365 then 1
                else 0
            end
        ) as orders_365d,
        sum(
            case
                when {{ order_age }} < 365 then order_rows.{{ basis_revenue() }}
                else 0
            end
        ) as basis_revenue_365d

    from order_rows
    cross join as_of
    group by order_rows.customer_key

),

final as (

    select
        -- ids
        customers.customer_key,
        customers.nation_key,

        -- strings
        customers.market_segment,
        customers.nation_name,
        customers.region_name,

        -- booleans
        order_totals.first_order_date is not null as is_buyer,

        -- dates
        order_totals.first_order_date,
        order_totals.last_order_date,

        -- numerics
        cast(coalesce(order_totals.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        cast(coalesce(order_totals.lines, 0) as {{ dbt.type_bigint() }}) as lines,
        cast(coalesce(order_totals.returned_lines, 0) as {{ dbt.type_bigint() }}) as returned_lines,
        cast(coalesce(order_totals.quantity, 0) as {{ quantity_total_type() }}) as quantity,
        cast(coalesce(order_totals.revenue, 0) as {{ revenue_total_type() }}) as revenue,
        cast(coalesce(order_totals.revenue_with_tax, 0) as {{ revenue_with_tax_total_type() }})
            as revenue_with_tax,
        cast(coalesce(order_totals.returned_revenue, 0) as {{ revenue_total_type() }})
            as returned_revenue,
        cast(coalesce(order_totals.net_revenue, 0) as {{ revenue_total_type() }}) as net_revenue,
        cast(coalesce(order_totals.{{ basis_revenue() }}, 0) as {{ revenue_total_type() }})
            as basis_revenue,
        cast(coalesce(order_totals.orders_365d, 0) as {{ dbt.type_bigint() }}) as orders_365d,
        cast(coalesce(order_totals.basis_revenue_365d, 0) as {{ revenue_total_type() }})
            as basis_revenue_365d

    from customers
    left join order_totals
        on customers.customer_key = order_totals.customer_key

)

select * from final

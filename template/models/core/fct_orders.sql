{{
    config(
        materialized='incremental',
        pre_hook="{% if is_incremental() %}
            delete from {{ this }} where order_key in (
                select changed.order_key from {{ ref('int_changed_orders') }} as changed
            ) {% endif %}"
    )
}}
{%- do after('int_input_checks') -%}
{%- do after('int_changed_orders') -%}

with

orders as (

    select * from {{ ref('int_orders') }}

    {% if is_incremental() %}
    where order_key in (select changed.order_key from {{ ref('int_changed_orders') }} as changed)
    {% endif %}

),

-- summed before the join, so that nothing of the order is counted once a line
order_totals as (

    select
        order_key,
        sum(case when line_kind = 'sale' then 1 else 0 end) as lines,
        sum(case when is_returned then 1 else 0 end) as returned_lines,
        sum(case when line_kind = 'sale' then quantity else 0 end) as quantity,
        sum(case when line_kind = 'sale' then revenue else 0 end) as revenue,
        sum(case when line_kind = 'sale' then revenue_with_tax else 0 end) as revenue_with_tax,
        sum(case
            when line_kind = 'refund' then -revenue
            when is_returned then revenue
            else 0
        end) as returned_revenue,
        sum(case when line_kind = 'refund' then 1 else 0 end) as refund_lines,
        max(loaded_at) as lines_loaded_at

    from {{ ref('fct_order_lines') }}

    {% if is_incremental() %}
    where order_key in (select orders.order_key from orders)
    {% endif %}

    group by order_key

),

joined as (

    select
        -- ids
        orders.order_key,
        orders.customer_key,

        -- strings
        orders.order_status,
        orders.order_priority,
        orders.clerk,
        orders.comment,

        -- numerics
        orders.ship_priority,
        orders.total_price,
        cast(coalesce(order_totals.lines, 0) as {{ dbt.type_bigint() }}) as lines,
        cast(coalesce(order_totals.returned_lines, 0) as {{ dbt.type_bigint() }}) as returned_lines,
        cast(
            coalesce(order_totals.quantity, 0)
            as {{ decimal_type(16 + var('amount_places', 2), var('amount_places', 2)) }}
        ) as quantity,
        cast(coalesce(order_totals.revenue, 0) as {{ revenue_type() }}) as revenue,
        cast(coalesce(order_totals.revenue_with_tax, 0) as {{ revenue_with_tax_type() }})
            as revenue_with_tax,
        cast(coalesce(order_totals.returned_revenue, 0) as {{ revenue_type() }})
            as returned_revenue,

        -- dates
        orders.order_date,

        -- timestamps
        orders.loaded_at,
        order_totals.lines_loaded_at,

        -- what kind of order, and what is left of it
        orders.is_cancelled,
        orders.is_guest,
        not orders.is_cancelled and coalesce(order_totals.lines, 0) > 0 as is_sale,
        cast(coalesce(order_totals.refund_lines, 0) as {{ dbt.type_bigint() }}) as refund_lines,
        cast(
            coalesce(order_totals.revenue, 0) - coalesce(order_totals.returned_revenue, 0)
            as {{ revenue_type() }}
        ) as net_revenue,
        orders.source_system

    from orders
    left join order_totals
        on orders.order_key = order_totals.order_key

)

select * from joined

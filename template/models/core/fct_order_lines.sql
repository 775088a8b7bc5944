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

-- an order is replaced as a whole, so that a line which the source no longer has leaves this table
lines as (

    select * from {{ ref('int_order_lines') }}

    {% if is_incremental() %}
    where order_key in (select changed.order_key from {{ ref('int_changed_orders') }} as changed)
    {% endif %}

),

orders as (

    select * from {{ ref('int_orders') }}

    {% if is_incremental() %}
    where order_key in (select changed.order_key from {{ ref('int_changed_orders') }} as changed)
    {% endif %}

),

priced as (

    select
        *,
        cast(extended_price * cast(1 - discount as {{ factor_type() }}) as {{ revenue_type() }})
            as revenue

    from lines

),

-- a left join: a line whose order has not arrived yet counts, and is completed when it arrives
joined as (

    select
        -- ids
        priced.order_key,
        priced.line_number,
        priced.product_key,
        priced.supplier_key,
        orders.customer_key,

        -- strings
        priced.return_flag,
        priced.line_status,
        priced.ship_mode,
        priced.ship_instructions,
        priced.comment,

        -- numerics
        priced.quantity,
        priced.extended_price,
        priced.discount,
        priced.tax,
        priced.revenue,
        cast(
            {% if revenue_with_tax_places() | int == 12 %}round({% endif -%}
            priced.revenue * cast(1 + priced.tax as {{ factor_type() }})
            {%- if revenue_with_tax_places() | int == 12 %}, 12){% endif %}
            as {{ revenue_with_tax_type() }}
        ) as revenue_with_tax,

        -- dates
        orders.order_date,
        priced.ship_date,
        priced.commit_date,
        priced.receipt_date,

        -- timestamps
        priced.loaded_at,
        orders.loaded_at as order_loaded_at,

        -- what kind of line
        priced.line_kind,
        priced.is_returned,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        priced.source_system

    from priced
    left join orders
        on priced.order_key = orders.order_key

)

select * from joined

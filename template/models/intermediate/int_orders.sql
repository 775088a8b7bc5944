{% set unknown_customers = var('missing_customers', 'refuse') == 'unknown' %}

with

orders as (

    select * from {{ ref('stg_tpch__orders') }}
    {% if sets_aside() %}where {{ set_aside_reason(dated=true) }} is null{% endif %}

),

{% if unknown_customers %}
delivered as (

    select customer_key from {{ ref('stg_tpch__customers') }}
    {% if sets_aside() %}where {{ set_aside_reason() }} is null{% endif %}

),

{% endif %}
final as (

    select
        -- ids
        orders.order_key,
        {% if unknown_customers %}
        case
            when orders.customer_key in (select delivered.customer_key from delivered)
                then orders.customer_key
            when orders.customer_key is not null then {{ unknown_key() }}
        end as customer_key,
        {% else %}
        orders.customer_key,
        {% endif %}

        -- strings
        orders.order_status,
        orders.order_priority,
        orders.clerk,
        orders.comment,

        -- numerics
        orders.ship_priority,
        orders.total_price,

        -- booleans
        {{ is_cancelled('orders.order_status') }} as is_cancelled,
        orders.customer_key is null as is_guest,

        -- dates
        orders.order_date,

        -- timestamps
        orders.loaded_at

    from orders

)

select * from final

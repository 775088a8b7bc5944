with

orders as (

    select * from ({{ united('orders') | indent(4) }}) as orders
    {% if sets_aside() %}where {{ set_aside_reason(dated=true) }} is null{% endif %}

),

final as (

    select
        -- ids
        orders.order_key,
        {{ delivered_customer('orders.customer_key') }} as customer_key,

        -- strings
        orders.order_status,
        orders.order_priority,
        orders.clerk,
        orders.comment,
        orders.source_system,

        -- numerics
        orders.ship_priority,
        orders.total_price,

        -- booleans
        {{ is_cancelled('orders.order_status', 'orders.order_state') }} as is_cancelled,
        orders.customer_key is null as is_guest,

        -- dates
        orders.order_date,

        -- timestamps
        orders.loaded_at

    from orders

)

select * from final

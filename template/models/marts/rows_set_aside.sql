{{ config(post_hook="{{ count_set_aside() }}") }}
{%- do after('reconciliation') -%}

with

{% if sets_aside() %}

orders as (

    select * from ({{ united('orders') | indent(4) }}) as orders
    where {{ set_aside_reason(dated=true) }} is not null

),

found as (

    {% for row, entity, key, dated in [
        ('customer', 'customers', ['customer_key'], false),
        ('order', 'orders', ['order_key'], true),
        ('order line', 'order_lines', ['order_key', 'line_number'], false),
        ('product', 'products', ['product_key'], false),
        ('supplier', 'suppliers', ['supplier_key'], false),
        ('offer', 'part_supply', ['product_key', 'supplier_key'], false),
    ] %}
    select
        '{{ row }}' as entity,
        {{ row_key(key) }} as row_key,
        {{ set_aside_reason(dated) }} as reason,
        {{ 'order_date' if dated else 'cast(null as date)' }} as order_date,
        loaded_at

    from ({{ united(entity) | indent(4) }}) as {{ entity }}

    {{ 'union all' if not loop.last }}
    {% endfor %}

    {#- lines go with their order -#}
    union all

    select
        'order line' as entity,
        cast(lines.order_key as {{ dbt.type_string() }}) || '-'
        || cast(lines.line_number as {{ dbt.type_string() }}) as row_key,
        'its order is set aside' as reason,
        orders.order_date,
        lines.loaded_at

    from ({{ united('order_lines') | indent(4) }}) as lines
    inner join orders
        on lines.order_key = orders.order_key
    where lines.loaded_at <= {{ present_limit() }}

),

{% else %}

found as (

    select
        'order' as entity,
        'none' as row_key,
        'none' as reason,
        order_date,
        loaded_at

    from {{ ref('int_orders') }}
    where false

),

{% endif %}

final as (

    select
        -- strings
        cast(entity as {{ dbt.type_string() }}) as entity,
        cast(row_key as {{ dbt.type_string() }}) as row_key,
        cast(reason as {{ dbt.type_string() }}) as reason,

        -- dates
        order_date,

        -- timestamps
        loaded_at

    from found
    where reason is not null

)

select * from final

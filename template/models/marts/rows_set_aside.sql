{{ config(post_hook="{{ count_set_aside() }}") }}
{%- do after('reconciliation') -%}

with

{% if sets_aside() %}

orders as (

    select * from {{ ref('stg_tpch__orders') }}
    where {{ set_aside_reason(dated=true) }} is not null

),

found as (

    {% for entity, model, key, dated in [
        ('customer', 'stg_tpch__customers', ['customer_key'], false),
        ('order', 'stg_tpch__orders', ['order_key'], true),
        ('order line', 'stg_tpch__line_items', ['order_key', 'line_number'], false),
        ('product', 'stg_tpch__parts', ['product_key'], false),
        ('supplier', 'stg_tpch__suppliers', ['supplier_key'], false),
        ('offer', 'stg_tpch__part_supply', ['product_key', 'supplier_key'], false),
    ] %}
    select
        '{{ entity }}' as entity,
        {{ row_key(key) }} as row_key,
        {{ set_aside_reason(dated) }} as reason,
        {{ 'order_date' if dated else 'cast(null as date)' }} as order_date,
        loaded_at

    from {{ ref(model) }}

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

    from {{ ref('stg_tpch__line_items') }} as lines
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

    from {{ ref('stg_tpch__orders') }}
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

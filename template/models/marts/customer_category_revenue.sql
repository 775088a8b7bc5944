{%- set category_columns = {
    'type_material': 'type_material',
    'type_class': 'type_class',
    'mfgr': 'manufacturer',
    'brand': 'brand',
} -%}

with

lines as (

    select * from {{ ref('fct_order_lines') }}
    where order_date <= {{ as_of_date() }}

),

products as (

    select * from {{ ref('dim_products') }}

),

categorised as (

    select
        lines.customer_key,
        {% for column in category_columns.values() %}
        coalesce(products.{{ column }}, 'unknown') as {{ column }},
        {% endfor %}
        lines.revenue

    from lines
    left join products
        on lines.product_key = products.product_key

),

unioned as (

    {% for scheme, column in category_columns.items() %}

    select
        customer_key,
        '{{ scheme }}' as scheme,
        {{ column }} as category,
        sum(revenue) as revenue

    from categorised
    group by customer_key, {{ column }}

    {% if not loop.last %}union all{% endif %}

    {% endfor %}

),

final as (

    select
        -- ids
        customer_key,

        -- strings
        cast(scheme as {{ dbt.type_string() }}) as scheme,
        category,

        -- numerics
        cast(revenue as numeric(28, 4)) as revenue

    from unioned

)

select * from final

{#-
    A run counts a customer again, in all categories: it forgets those of whom something changed,
    and counts everybody who is not here. It is the last model to read which orders and products
    changed, so it empties those lists.
-#}
{{
    config(
        materialized='incremental',
        pre_hook="{% if is_incremental() %}{{ forget_changed_customers() }}{% endif %}",
        post_hook=[
            "delete from {{ ref('int_changed_orders').render() }} where true",
            "delete from {{ ref('int_changed_products').render() }} where true",
        ]
    )
}}
{%- do after('int_changed_orders') -%}
{%- do after('int_changed_products') -%}
{%- do after('fct_orders') -%}
{%- do after('reconciliation') -%}
{%- do after('marketing_spend_checks') -%}

{%- set category_columns = category_schemes() -%}

with

lines as (

    select * from {{ ref('fct_order_lines') }}

    {% if is_incremental() %}
    where customer_key not in (select counted.customer_key from {{ this }} as counted)
    {% endif %}

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
        case when lines.line_kind = 'sale' then 1 else 0 end as sale_lines,
        {% if basis_revenue() == 'net_revenue' %}
        case when lines.is_returned then 0 else lines.revenue end as revenue,
        {% else %}
        case when lines.line_kind = 'sale' then lines.revenue else 0 end as revenue,
        {% endif %}
        lines.order_date,
        lines.loaded_at,
        lines.order_loaded_at,
        products.loaded_at as product_loaded_at

    from lines
    left join products
        on lines.product_key = products.product_key
    where
        not lines.is_cancelled
        and lines.customer_key is not null
        and lines.order_date <= {{ as_of_date() }}

),

unioned as (

    {% for scheme, column in category_columns.items() %}

    select
        customer_key,
        '{{ scheme }}' as scheme,
        {{ column }} as category,
        sum(sale_lines) as lines,
        sum(revenue) as revenue,
        max(order_date) as last_order_date,
        max(loaded_at) as lines_loaded_at,
        max(order_loaded_at) as orders_loaded_at,
        max(product_loaded_at) as products_loaded_at

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
        cast(lines as {{ dbt.type_bigint() }}) as lines,
        cast(revenue as {{ revenue_total_type() }}) as revenue,

        -- dates
        last_order_date,

        -- timestamps
        lines_loaded_at,
        orders_loaded_at,
        products_loaded_at

    from unioned

)

select * from final

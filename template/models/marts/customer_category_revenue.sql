{{
    config(
        materialized='incremental',
        unique_key=['customer_key', 'scheme', 'category'],
        post_hook="{% if is_incremental() %}delete from {{ this }} where last_order_date is null{% endif %}"
    )
}}

{#- named here, because dbt has to know it on a first run too -#}
{%- do ref('fct_orders') -%}
{%- do after('reconciliation') -%}
{%- do after('marketing_spend_checks') -%}

{%- set category_columns = category_schemes() -%}

with

{% if is_incremental() %}

-- A customer is counted anew when a line, its order or its product is new to this table, when an
-- order lies after all that it holds, or when the number of lines or the revenue differs: then an
-- order went to another customer or was cancelled, the as-of date went back, or the var
-- revenue_basis changed.
changed_customers as (

    {% if source_loaded_at() %}

    select customer_key from {{ ref('fct_order_lines') }}
    where
        loaded_at > {{ newest_seen('lines_loaded_at') }}
        or order_loaded_at > {{ newest_seen('orders_loaded_at') }}
        or order_date > {{ newest_date_seen('last_order_date') }}

    union all

    select customer_key from {{ ref('fct_order_lines') }}
    where
        product_key in (
            select products.product_key from {{ ref('dim_products') }} as products
            where products.loaded_at > {{ newest_seen('products_loaded_at') }}
        )

    {% else %}

    select customer_key from {{ ref('fct_order_lines') }}
    where order_date >= {{ lookback_start('last_order_date') }}

    {% endif %}

    union all

    select customer_key
    from (
        select
            customer_key,
            lines,
            {{ basis_revenue() }} as revenue
        from {{ ref('fct_orders') }}
        where
            not is_cancelled
            and customer_key is not null
            and order_date <= {{ as_of_date() }}

        union all

        -- each line counts once in each scheme
        select
            customer_key,
            -lines as lines,
            -revenue as revenue
        from {{ this }}
        where scheme = 'mfgr'
    ) as counts
    group by customer_key
    having sum(lines) <> 0 or sum(revenue) <> 0

),

{% endif %}

lines as (

    select * from {{ ref('fct_order_lines') }}

    {% if is_incremental() %}
    where customer_key in (select changed_customers.customer_key from changed_customers)
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

{% if is_incremental() %}

-- A category in which a customer has no line any more: its row becomes empty here, and the
-- post-hook deletes it. No engine's incremental strategy deletes a row that a query does not give.
emptied as (

    select
        earlier.customer_key,
        earlier.scheme,
        earlier.category,
        0 as lines,
        0 as revenue,
        cast(null as date) as last_order_date,
        cast(null as {{ dbt.type_timestamp() }}) as lines_loaded_at,
        cast(null as {{ dbt.type_timestamp() }}) as orders_loaded_at,
        cast(null as {{ dbt.type_timestamp() }}) as products_loaded_at

    from {{ this }} as earlier
    left join unioned
        on earlier.customer_key = unioned.customer_key
        and earlier.scheme = unioned.scheme
        and earlier.category = unioned.category
    where
        earlier.customer_key in (select changed_customers.customer_key from changed_customers)
        and unioned.customer_key is null

),

with_emptied as (

    select * from unioned
    union all
    select * from emptied

),

{% endif %}

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

    from {{ 'with_emptied' if is_incremental() else 'unioned' }}

)

select * from final

{#-
    Facts replace an order as a whole: the order and all its lines. A key stays here until
    customer_category_revenue, the last that reads it, has been built: a run that stops half-way
    is made good by the next one.
-#}
{{
    config(
        materialized='incremental',
        incremental_strategy='merge' if target.type == 'bigquery' else 'append'
    )
}}
{%- set built_orders = built_before('fct_orders') -%}
{%- set built_lines = built_before('fct_order_lines') -%}
{%- set incoming_orders = ref('int_orders') -%}
{%- set incoming_lines = ref('int_order_lines') -%}
{%- set repaired = var('repair_months', []) -%}
{%- do after('int_input_checks') -%}

with

{% if built_orders and built_lines %}

{%- set recent_orders -%}
    order_key in (
        select recent.order_key from {{ incoming_orders }} as recent
        where recent.order_date >= {{ lookback_start(relation=built_orders) }}
        union all
        select recent.order_key from {{ built_orders }} as recent
        where recent.order_date >= {{ lookback_start(relation=built_orders) }}
    )
{%- endset %}

order_changes as (

    {{ changed_keys(
        'orders', incoming_orders, built_orders, 'order_key', [
            'order_key', 'customer_key', 'order_status', 'order_priority', 'clerk', 'comment',
            'ship_priority', 'total_price', 'order_date', 'loaded_at'
        ], recent_orders
    ) | indent(4) }}

),

line_changes as (

    {{ changed_keys(
        'order_lines', incoming_lines, built_lines, 'order_key', [
            'order_key', 'line_number', 'product_key', 'supplier_key', 'return_flag',
            'line_status', 'ship_mode', 'ship_instructions', 'comment', 'quantity',
            'extended_price', 'discount', 'tax', 'ship_date', 'commit_date', 'receipt_date',
            'loaded_at'
        ], recent_orders
    ) | indent(4) }}

),

changed as (

    select order_key from order_changes
    union all
    select order_key from line_changes

    {% if var('missing_customers', 'refuse') == 'unknown' %}

    union all

    -- the customer arrived later than the order, or has gone
    select built.order_key
    from {{ built_orders }} as built
    inner join {{ incoming_orders }} as incoming
        on built.order_key = incoming.order_key
    where built.customer_key <> incoming.customer_key
    {% endif %}
    {% if sets_aside() %}

    union all

    -- what was set aside becomes valid when its day comes, and what was valid leaves when it is
    -- delivered again with a date that is set aside: then only one side has the row
    {{ one_sided_keys(incoming_orders, built_orders, 'order_key') | indent(4) }}

    union all

    {{ one_sided_keys(incoming_lines, built_lines, 'order_key') | indent(4) }}
    {% endif %}
    {% for month in repaired %}

    union all

    select order_key from {{ incoming_orders }}
    where cast({{ dbt.date_trunc('month', 'order_date') }} as date) = cast('{{ month }}-01' as date)

    union all

    select order_key from {{ built_orders }}
    where cast({{ dbt.date_trunc('month', 'order_date') }} as date) = cast('{{ month }}-01' as date)
    {% endfor %}

),

final as (

    select distinct
        cast(changed.order_key as {{ key_type() }}) as order_key,
        -- the customer before the change, who loses what the order moves elsewhere
        cast(built.customer_key as {{ key_type() }}) as customer_key

    from changed
    left join {{ built_orders }} as built
        on changed.order_key = built.order_key

)

{% else %}

final as (

    select
        order_key,
        customer_key

    from {{ incoming_orders }}
    where false

)

{% endif %}

select * from final

{#- the form in which returns come, where the data has both: negative lines, or the flag R -#}
{%- set returns = var('returns', none) -%}
{%- set mapped = has_column('order_lines', 'line_kind') -%}
{%- set by_sign = "'sale'" if returns == 'flag'
    else "case when extended_price < 0 then 'refund' else 'sale' end" -%}

with

lines as (

    select * from ({{ united('order_lines') | indent(4) }}) as order_lines
    {% if sets_aside() %}
    where
        {{ set_aside_reason() }} is null
        and order_key not in (
            select orders.order_key from ({{ united('orders') | indent(12) }}) as orders
            where orders.order_key is not null and {{ set_aside_reason(dated=true) }} is not null
        )
    {% endif %}

),

final as (

    select
        -- ids
        order_key,
        line_number,
        product_key,
        supplier_key,

        -- strings
        cast(
            {{ 'coalesce(line_kind, ' ~ by_sign ~ ')' if mapped else by_sign }}
            as {{ dbt.type_string() }}
        ) as line_kind,
        return_flag,
        line_status,
        ship_mode,
        ship_instructions,
        comment,
        source_system,

        -- numerics
        quantity,
        extended_price,
        discount,
        tax,

        -- booleans
        {% if returns == 'lines' %}
        false as is_returned,
        {% elif returns == 'flag' %}
        coalesce(return_flag = 'R', false) as is_returned,
        {% else %}
        coalesce(
            return_flag = 'R' and extended_price >= 0
            {{ "and coalesce(line_kind, 'sale') = 'sale'" if mapped }}, false
        ) as is_returned,
        {% endif %}

        -- dates
        ship_date,
        commit_date,
        receipt_date,

        -- timestamps
        loaded_at

    from lines

)

select * from final

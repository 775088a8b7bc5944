{#- the form in which returns come, where the data has both: negative lines, or the flag R -#}
{%- set returns = var('returns', none) -%}

with

lines as (

    select * from {{ ref('stg_tpch__line_items') }}
    {% if sets_aside() %}
    where
        {{ set_aside_reason() }} is null
        and order_key not in (
            select orders.order_key from {{ ref('stg_tpch__orders') }} as orders
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
        {% if returns == 'flag' %}
        cast('sale' as {{ dbt.type_string() }}) as line_kind,
        {% else %}
        cast(case when extended_price < 0 then 'refund' else 'sale' end as {{ dbt.type_string() }})
            as line_kind,
        {% endif %}
        return_flag,
        line_status,
        ship_mode,
        ship_instructions,
        comment,

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
        coalesce(return_flag = 'R' and extended_price >= 0, false) as is_returned,
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

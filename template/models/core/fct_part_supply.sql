{{
    config(
        materialized='incremental',
        unique_key=['product_key', 'supplier_key'],
        post_hook="{% if is_incremental() %}
            delete from {{ this }} where not exists (
                select 1 from {{ ref('int_part_supply') }} as offers
                where offers.product_key = {{ this }}.product_key
                    and offers.supplier_key = {{ this }}.supplier_key
            ) {% endif %}"
    )
}}
{%- set compared = [
    'product_key', 'supplier_key', 'comment', 'available_quantity', 'supply_cost', 'loaded_at'
] -%}
{%- do after('int_input_checks') -%}

with

part_supply as (

    select * from {{ ref('int_part_supply') }}

    {# there is no date to look back from, so all rows are compared #}
    {% if is_incremental() %}
    {{ dbt.except() }}
    select {{ compared | join(', ') }} from {{ this }}
    {% endif %}

),

final as (

    select
        -- ids
        product_key,
        supplier_key,

        -- strings
        comment,

        -- numerics
        available_quantity,
        supply_cost,

        -- timestamps
        loaded_at

    from part_supply

)

select * from final

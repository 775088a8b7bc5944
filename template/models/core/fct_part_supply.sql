{{ config(materialized='incremental', unique_key=['product_key', 'supplier_key']) }}

with

part_supply as (

    select * from {{ ref('stg_tpch__part_supply') }}

    {# a source without load times has no date to look back from either: every row is read again #}
    {% if is_incremental() and source_loaded_at() %}
    where loaded_at > {{ newest_seen('loaded_at') }}
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

{{
    config(
        materialized='incremental',
        incremental_strategy='merge' if target.type == 'bigquery' else 'append'
    )
}}
{%- set built = built_before('dim_products') -%}
{%- set compared = 'product_key, type_material, type_class, manufacturer, brand, loaded_at' -%}
{%- do after('int_input_checks') -%}

with

{% if built %}

both_sides as (

    select
        {{ compared }},
        1 as occurrences
    from {{ ref('int_products') }}

    union all

    select
        {{ compared }},
        -1 as occurrences
    from {{ built }}

),

differing as (

    select product_key
    from both_sides
    group by {{ compared }}
    having sum(occurrences) <> 0

),

final as (

    select distinct product_key from differing

)

{% else %}

final as (

    select product_key from {{ ref('int_products') }}
    where false

)

{% endif %}

select * from final

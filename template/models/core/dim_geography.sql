{%- do after('int_input_checks') -%}

with

geography as (

    select * from {{ ref('int_geography') }}

),

final as (

    select
        -- ids
        nation_key,
        region_key,

        -- strings
        nation_name,
        region_name,
        nation_comment,
        region_comment

    from geography

)

select * from final

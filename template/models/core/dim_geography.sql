with

nations as (

    select * from {{ ref('stg_tpch__nations') }}

),

regions as (

    select * from {{ ref('stg_tpch__regions') }}

),

joined as (

    select
        -- ids
        nations.nation_key,
        nations.region_key,

        -- strings
        nations.nation_name,
        regions.region_name,
        nations.comment as nation_comment,
        regions.comment as region_comment

    from nations
    left join regions
        on nations.region_key = regions.region_key

)

select * from joined

with

nations as (

    select * from {{ ref('stg_tpch__nations') }}

),

regions as (

    select * from {{ ref('stg_tpch__regions') }}

),

nowhere as (

    select count(*) as customers from {{ ref('int_customers') }}
    where nation_key = {{ unknown_key() }}

),

final as (

    select
        -- ids
        nations.nation_key,
        nations.region_key,

        -- strings
        {{ known('nations.nation_name') }} as nation_name,
        {{ known('regions.region_name') }} as region_name,
        nations.comment as nation_comment,
        regions.comment as region_comment

    from nations
    left join regions
        on nations.region_key = regions.region_key

    union all

    -- for customers without a nation, and only where there are any
    select
        {{ unknown_key() }} as nation_key,
        {{ unknown_key() }} as region_key,
        cast('unknown' as {{ dbt.type_string() }}) as nation_name,
        cast('unknown' as {{ dbt.type_string() }}) as region_name,
        cast(null as {{ dbt.type_string() }}) as nation_comment,
        cast(null as {{ dbt.type_string() }}) as region_comment

    from nowhere
    where customers > 0

)

select * from final

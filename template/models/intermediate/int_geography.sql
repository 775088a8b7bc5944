with

nations as (

    select * from ({{ united('nations') | indent(4) }}) as nations

),

regions as (

    select * from ({{ united('regions') | indent(4) }}) as all_regions

),

-- the countries that customers have by name, and not yet by key
named as (

    select
        {{ known('nation_name') }} as nation_name,
        min({{ known('region_name') }}) as region_name

    from ({{ united('customers') | indent(4) }}) as customers
    where
        {{ known('nation_name') }} <> 'unknown'
        and {{ known('nation_name') }} not in (
            select {{ known('nations.nation_name') }} from nations
        )
    group by {{ known('nation_name') }}

),

nowhere as (

    select count(*) as customers from {{ ref('int_customers') }}
    where nation_key = {{ unknown_key() }}

),

final as (

    select
        -- ids
        nations.nation_key,
        coalesce(
            nations.region_key,
            case
                when {{ known('nations.region_name') }} <> 'unknown'
                    then {{ key_of_name(known('nations.region_name')) }}
            end
        ) as region_key,

        -- strings
        {{ known('nations.nation_name') }} as nation_name,
        {{ known('coalesce(regions.region_name, nations.region_name)') }} as region_name,
        nations.comment as nation_comment,
        regions.comment as region_comment

    from nations
    left join regions
        on nations.region_key = regions.region_key

    union all

    select
        {{ key_of_name('nation_name') }} as nation_key,
        case
            when region_name = 'unknown' then {{ unknown_key() }}
            else {{ key_of_name('region_name') }}
        end as region_key,
        nation_name,
        region_name,
        cast(null as {{ dbt.type_string() }}) as nation_comment,
        cast(null as {{ dbt.type_string() }}) as region_comment

    from named

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

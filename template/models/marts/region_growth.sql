with

as_of as (

    select {{ as_of_date() }} as as_of_date

),

regions as (

    select distinct region_name from {{ ref('dim_geography') }}

),

buyers as (

    select * from {{ ref('customer_totals') }}
    where is_buyer

),

-- the year of the as-of date is complete only when that date is its last day
data_years as (

    select
        min(extract(year from buyers.first_order_date)) as first_year,
        max(extract(year from {{ dbt.dateadd('day', 1, 'as_of.as_of_date') }})) - 1
            as last_full_year

    from buyers
    cross join as_of

),

-- a shop without a complete year after its first has nothing to compare that with
years as (

    select
        first_year,
        case when last_full_year > first_year then last_full_year end as last_full_year

    from data_years

),

buyer_years as (

    select
        region_name,
        extract(year from first_order_date) as acquired_year

    from buyers

),

acquired as (

    select
        buyer_years.region_name,
        sum(case when buyer_years.acquired_year <= years.first_year then 1 else 0 end)
            as customers_end_first_year,
        sum(case when buyer_years.acquired_year <= years.last_full_year then 1 else 0 end)
            as customers_end_last_year,
        count(*) as customers_end_of_data

    from buyer_years
    cross join years
    group by buyer_years.region_name

),

joined as (

    select
        regions.region_name,
        years.first_year,
        years.last_full_year,
        coalesce(acquired.customers_end_first_year, 0) as customers_end_first_year,
        case
            when years.last_full_year is not null
                then coalesce(acquired.customers_end_last_year, 0)
        end as customers_end_last_year,
        coalesce(acquired.customers_end_of_data, 0) as customers_end_of_data

    from regions
    cross join years
    left join acquired
        on regions.region_name = acquired.region_name

),

grown as (

    select
        *,
        power(
            {{ divide('customers_end_last_year', 'customers_end_first_year') }},
            {{ divide(1, 'last_full_year - first_year') }}
        ) - 1 as unrounded_cagr

    from joined

),

-- a region without a rate comes last, and gets no rank below
ranked as (

    select
        *,
        row_number() over (
            order by
                case when unrounded_cagr is null then 1 else 0 end asc,
                unrounded_cagr desc,
                {{ by_code_point('region_name') }} asc
        ) as growth_position

    from grown

),

final as (

    select
        -- strings
        region_name,

        -- numerics
        cast(first_year as {{ dbt.type_int() }}) as first_year,
        cast(last_full_year as {{ dbt.type_int() }}) as last_full_year,
        cast(customers_end_first_year as {{ dbt.type_bigint() }}) as customers_end_first_year,
        cast(customers_end_last_year as {{ dbt.type_bigint() }}) as customers_end_last_year,
        cast(customers_end_last_year - customers_end_first_year as {{ dbt.type_bigint() }})
            as customers_added,
        {{ round_to('unrounded_cagr', 6) }} as cagr,
        cast(case when unrounded_cagr is not null then growth_position end as {{ dbt.type_int() }})
            as growth_rank,
        cast(customers_end_of_data as {{ dbt.type_bigint() }}) as customers_end_of_data

    from ranked

)

select * from final

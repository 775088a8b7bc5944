with

-- every date that something refers to, so that no month or quarter of an answer lacks its row
dates_in_use as (

    select order_date as date_day from {{ ref('fct_orders') }}
    union all
    select receipt_date from {{ ref('fct_order_lines') }}
    union all
    select commit_date from {{ ref('fct_order_lines') }}
    union all
    select {{ as_of_date() }}

),

bounds as (

    select
        cast({{ dbt.date_trunc('year', 'min(date_day)') }} as date) as first_day,
        cast({{ dbt.date_trunc('year', 'max(date_day)') }} as date) as last_year_start

    from dates_in_use

),

-- a century, cut below to the calendar years in use
day_numbers as (

    {{ dbt.generate_series(36525) }}

),

days as (

    select
        cast({{ dbt.dateadd(
            'day', 'cast(day_numbers.generated_number as integer) - 1', 'bounds.first_day'
        ) }} as date) as date_day

    from day_numbers
    cross join bounds
    where day_numbers.generated_number <= {{ dbt.datediff(
        'bounds.first_day', dbt.dateadd('year', 1, 'bounds.last_year_start'), 'day'
    ) }}

),

final as (

    select
        -- dates
        date_day,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start,
        cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start,
        cast({{ dbt.date_trunc('year', 'date_day') }} as date) as year_start,

        -- numerics
        cast(extract(year from date_day) as {{ dbt.type_int() }}) as year_number,
        cast(extract(quarter from date_day) as {{ dbt.type_int() }}) as quarter_number,
        cast(extract(month from date_day) as {{ dbt.type_int() }}) as month_number

    from days

)

select * from final

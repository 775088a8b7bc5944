{%- do after('int_input_checks') -%}

with

order_dates as (

    select
        min(order_date) as first_date,
        max(order_date) as last_date

    from {{ ref('fct_orders') }}

),

-- Every date that something refers to, so that no month or quarter of an answer lacks its row.
-- Dates of delivery count up to a year from the orders': others are placeholders (1900, 9999).
dates_in_use as (

    select first_date as date_day from order_dates
    union all
    select last_date from order_dates
    {% for column in ['receipt_date', 'commit_date'] %}
    union all
    select max(lines.{{ column }}) as date_day
    from {{ ref('fct_order_lines') }} as lines
    cross join order_dates
    where lines.{{ column }} <= {{ dbt.dateadd('year', 1, 'order_dates.last_date') }}
    union all
    select min(lines.{{ column }}) as date_day
    from {{ ref('fct_order_lines') }} as lines
    cross join order_dates
    where lines.{{ column }} >= {{ dbt.dateadd('year', -1, 'order_dates.first_date') }}
    {% endfor %}
    union all
    select {{ as_of_date() }} as date_day

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

with

-- every date that something refers to, so that no month or quarter of an answer lacks its row
dates_in_use as (

    select order_date as date_day from `analytics`.`dev_yourname_core`.`fct_orders`
    union all
    select receipt_date from `analytics`.`dev_yourname_core`.`fct_order_lines`
    union all
    select commit_date from `analytics`.`dev_yourname_core`.`fct_order_lines`
    union all
    select (select max(order_date) from `analytics`.`dev_yourname_core`.`fct_orders`)

),

bounds as (

    select
        cast(date_trunc('year', min(date_day)) as date) as first_day,
        cast(date_trunc('year', max(date_day)) as date) as last_year_start

    from dates_in_use

),

-- a century, cut below to the calendar years in use
day_numbers as (

    with p as (
        select 0 as generated_number union all select 1
    ), unioned as (

    select

    p0.generated_number * power(2, 0)
     + 

    p1.generated_number * power(2, 1)
     + 

    p2.generated_number * power(2, 2)
     + 

    p3.generated_number * power(2, 3)
     + 

    p4.generated_number * power(2, 4)
     + 

    p5.generated_number * power(2, 5)
     + 

    p6.generated_number * power(2, 6)
     + 

    p7.generated_number * power(2, 7)
     + 

    p8.generated_number * power(2, 8)
     + 

    p9.generated_number * power(2, 9)
     + 

    p10.generated_number * power(2, 10)
     + 

    p11.generated_number * power(2, 11)
     + 

    p12.generated_number * power(2, 12)
     + 

    p13.generated_number * power(2, 13)
     + 

    p14.generated_number * power(2, 14)
     + 

    p15.generated_number * power(2, 15)

    + 1
    as generated_number

    from

    p as p0
     cross join 

    p as p1
     cross join 

    p as p2
     cross join 

    p as p3
     cross join 

    p as p4
     cross join 

    p as p5
     cross join 

    p as p6
     cross join 

    p as p7
     cross join 

    p as p8
     cross join 

    p as p9
     cross join 

    p as p10
     cross join 

    p as p11
     cross join 

    p as p12
     cross join 

    p as p13
     cross join 

    p as p14
     cross join 

    p as p15

    )

    select *
    from unioned
    where generated_number <= 36525
    order by generated_number

),

days as (

    select
        cast(timestampadd(day, cast(day_numbers.generated_number as integer) - 1, bounds.first_day) as date) as date_day

    from day_numbers
    cross join bounds
    where day_numbers.generated_number <= timestampdiff(day, date_trunc('day', bounds.first_day), date_trunc('day', timestampadd(year, 1, bounds.last_year_start)))

),

final as (

    select
        -- dates
        date_day,
        cast(date_trunc('month', date_day) as date) as month_start,
        cast(date_trunc('quarter', date_day) as date) as quarter_start,
        cast(date_trunc('year', date_day) as date) as year_start,

        -- numerics
        cast(extract(year from date_day) as integer) as year_number,
        cast(extract(quarter from date_day) as integer) as quarter_number,
        cast(extract(month from date_day) as integer) as month_number

    from days

)

select * from final

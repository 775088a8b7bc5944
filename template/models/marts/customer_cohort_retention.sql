with

customers as (

    select
        customer_key,
        cast({{ dbt.date_trunc('quarter', 'first_order_date') }} as date) as cohort_quarter

    from {{ ref('customer_totals') }}
    where is_buyer

),

activity as (

    select * from {{ ref('customer_monthly_activity') }}

),

quarters as (

    select distinct quarter_start from {{ ref('dim_dates') }}
    where date_day <= {{ as_of_date() }}

),

cohorts as (

    select
        cohort_quarter,
        count(*) as cohort_size

    from customers
    group by cohort_quarter

),

active_quarters as (

    select
        customers.cohort_quarter,
        cast({{ dbt.date_trunc('quarter', 'activity.activity_month') }} as date) as active_quarter,
        count(distinct customers.customer_key) as retained

    from customers
    inner join activity
        on customers.customer_key = activity.customer_key
    group by
        customers.cohort_quarter,
        cast({{ dbt.date_trunc('quarter', 'activity.activity_month') }} as date)

),

final as (

    select
        -- dates
        cohorts.cohort_quarter,

        -- numerics
        cast(cohorts.cohort_size as {{ dbt.type_bigint() }}) as cohort_size,
        -- by months, because dbt counts quarters wrongly on Spark
        cast(
            ({{ dbt.datediff('cohorts.cohort_quarter', 'quarters.quarter_start', 'month') }}) / 3
            as {{ dbt.type_int() }}
        ) as quarter_number,
        cast(coalesce(active_quarters.retained, 0) as {{ dbt.type_bigint() }}) as retained,
        {{ round_to(divide('coalesce(active_quarters.retained, 0)', 'cohorts.cohort_size'), 6) }}
            as retention_rate

    from cohorts
    -- every quarter since the cohort's own, so that a quarter without orders shows as 0
    inner join quarters
        on cohorts.cohort_quarter <= quarters.quarter_start
    left join active_quarters
        on cohorts.cohort_quarter = active_quarters.cohort_quarter
        and quarters.quarter_start = active_quarters.active_quarter

)

select * from final

with

segments as (

    select distinct market_segment from {{ ref('dim_customers') }}

),

buyers as (

    select * from {{ ref('customer_totals') }}
    where is_buyer

),

spend as (

    select * from {{ ref('marketing_spend') }}

),

spend_period as (

    select
        min(spend_month) as first_day,
        cast({{ dbt.dateadd('month', 1, 'max(spend_month)') }} as date) as end_day

    from spend

),

new_customers as (

    select
        buyers.market_segment,
        count(*) as new_customers

    from buyers
    cross join spend_period
    where
        buyers.first_order_date >= spend_period.first_day
        and buyers.first_order_date < spend_period.end_day
    group by buyers.market_segment

),

segment_spend as (

    select
        market_segment,
        sum(spend_amount) as spend

    from spend
    where market_segment is not null
    group by market_segment

),

brand_spend as (

    select coalesce(sum(spend_amount), 0) as brand_spend
    from spend
    where market_segment is null

),

joined as (

    select
        segments.market_segment,
        coalesce(new_customers.new_customers, 0) as new_customers,
        coalesce(segment_spend.spend, 0) as spend,
        brand_spend.brand_spend,
        sum(new_customers.new_customers) over () as all_new_customers

    from segments
    cross join brand_spend
    left join new_customers
        on segments.market_segment = new_customers.market_segment
    left join segment_spend
        on segments.market_segment = segment_spend.market_segment

),

final as (

    select
        -- strings
        market_segment,

        -- numerics
        cast(new_customers as {{ dbt.type_bigint() }}) as new_customers,
        cast(spend as {{ decimal_type(28, 4) }}) as spend,
        {{ round_to(divide('spend', 'new_customers'), 4) }} as cac_direct,
        {{ round_to(divide(
            'spend + brand_spend * ' ~ divide('new_customers', 'all_new_customers'), 'new_customers'
        ), 4) }} as cac_loaded

    from joined

)

select * from final

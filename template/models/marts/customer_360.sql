{% set order_age = dbt.datediff('orders.order_date', 'as_of.as_of_date', 'day') %}
{% set recency = dbt.datediff('scored.last_order_date', 'as_of.as_of_date', 'day') %}
{% set tenure = dbt.datediff('scored.first_order_date', 'as_of.as_of_date', 'day') %}

with

as_of as (

    select {{ as_of_date() }} as as_of_date

),

customers as (

    select * from {{ ref('dim_customers') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where order_date <= {{ as_of_date() }}

),

category_profile as (

    select * from {{ ref('customer_category_profile') }}
    where scheme = '{{ var("category_scheme") }}'

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

buyer_totals as (

    select
        orders.customer_key,
        min(orders.order_date) as first_order_date,
        max(orders.order_date) as last_order_date,
        count(*) as orders,
        sum(orders.revenue) as revenue,
        sum(orders.revenue_with_tax) as revenue_with_tax,
        sum(orders.returned_revenue) as returned_revenue,
        sum(orders.lines) as lines,
        sum(orders.returned_lines) as returned_lines,
        sum(orders.quantity) as quantity,
        sum(case when {{ order_age }} < 365 then 1 else 0 end) as orders_365d,
        sum(
            case when {{ order_age }} < 365 then orders.revenue else 0 end
        ) as revenue_365d

    from orders
    cross join as_of
    group by orders.customer_key

),

-- positions are row numbers, so that scores split the buyers evenly; ties go to the smaller key
positioned as (

    select
        *,
        row_number() over (order by last_order_date asc, customer_key desc) as recency_position,
        row_number() over (order by orders asc, customer_key desc) as frequency_position,
        row_number() over (order by revenue asc, customer_key desc) as monetary_position,
        row_number() over (order by revenue desc, customer_key asc) as value_rank,
        count(*) over () as buyers

    from buyer_totals

),

scored as (

    select
        *,
        {% for score, measure in [('r', 'recency'), ('f', 'frequency'), ('m', 'monetary')] %}
        1 + cast(
            floor({{ divide('5 * (' ~ measure ~ '_position - 1)', 'buyers') }})
            as {{ dbt.type_int() }}
        ) as {{ score }}_score,
        {% endfor %}
        value_rank <= ceil({{ divide('buyers', 5) }}) as is_top_20_percent

    from positioned

),

-- an inner join, because BigQuery makes no outer join without an equality
named as (

    select
        scored.customer_key,
        rfm_segments.rfm_segment

    from scored
    inner join rfm_segments
        on scored.r_score between rfm_segments.r_min and rfm_segments.r_max
        and scored.f_score between rfm_segments.f_min and rfm_segments.f_max
        and scored.m_score between rfm_segments.m_min and rfm_segments.m_max

),

joined as (

    select
        -- ids
        customers.customer_key,

        -- strings
        customers.market_segment,
        customers.nation_name,
        customers.region_name,

        -- numerics
        customers.account_balance,
        scored.customer_key is not null as is_buyer,

        -- dates
        scored.first_order_date,
        scored.last_order_date,

        -- numerics
        cast(coalesce(scored.orders, 0) as {{ dbt.type_bigint() }}) as orders,
        cast(coalesce(scored.revenue, 0) as numeric(28, 4)) as revenue,
        cast(coalesce(scored.revenue_with_tax, 0) as numeric(28, 6)) as revenue_with_tax,
        cast(coalesce(scored.returned_revenue, 0) as numeric(28, 4)) as returned_revenue,
        cast(coalesce(scored.lines, 0) as {{ dbt.type_bigint() }}) as lines,
        cast(coalesce(scored.quantity, 0) as numeric(28, 2)) as quantity,
        {{ round_to(divide('scored.revenue', 'scored.orders'), 4) }} as avg_order_value,
        cast({{ recency }} as {{ dbt.type_int() }}) as recency_days,
        cast({{ tenure }} as {{ dbt.type_int() }}) as tenure_days,
        cast(coalesce(scored.orders_365d, 0) as {{ dbt.type_bigint() }}) as orders_365d,
        cast(coalesce(scored.revenue_365d, 0) as numeric(28, 4)) as revenue_365d,

        -- value and RFM
        scored.r_score,
        scored.f_score,
        scored.m_score,
        cast(scored.value_rank as {{ dbt.type_bigint() }}) as value_rank,
        coalesce(scored.is_top_20_percent, false) as is_top_20_percent,
        cast(case
            when scored.customer_key is null then 'prospect'
            when {{ recency }} <= {{ var('lifecycle_active_days') }} then 'active'
            when {{ recency }} <= {{ var('lifecycle_lapsing_days') }} then 'lapsing'
            else 'churned'
        end as {{ dbt.type_string() }}) as lifecycle_state,

        -- categories
        category_profile.top_category,
        {{ round_to(
            divide('category_profile.top_category_revenue', 'category_profile.revenue'), 6
        ) }} as top_category_share,
        {{ round_to('category_profile.category_hhi', 6) }} as category_hhi,

        -- named after the scores, returns, cohort
        named.rfm_segment,
        {{ round_to(divide('scored.returned_lines', 'scored.lines'), 6) }} as return_rate,
        cast({{ dbt.date_trunc('quarter', 'scored.first_order_date') }} as date)
            as acquisition_cohort

    from customers
    cross join as_of
    left join scored
        on customers.customer_key = scored.customer_key
    left join category_profile
        on customers.customer_key = category_profile.customer_key
    left join named
        on customers.customer_key = named.customer_key

)

select * from joined

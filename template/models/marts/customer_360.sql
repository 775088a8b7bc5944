{% set recency = dbt.datediff('totals.last_order_date', 'as_of.as_of_date', 'day') %}
{% set tenure = dbt.datediff('totals.first_order_date', 'as_of.as_of_date', 'day') %}

with

as_of as (

    select {{ as_of_date() }} as as_of_date

),

customers as (

    select * from {{ ref('dim_customers') }}

),

totals as (

    select * from {{ ref('customer_totals') }}

),

category_profile as (

    select * from {{ ref('customer_category_profile') }}
    where scheme = '{{ var("category_scheme", "type_material") }}'

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

-- Positions are ranks, so that customers who did the same get the same score. Only the order by
-- value has no ties, because the top fifth has to end somewhere.
positioned as (

    select
        customer_key,
        rank() over (order by last_order_date asc) as recency_position,
        rank() over (order by orders asc) as frequency_position,
        rank() over (order by basis_revenue asc) as monetary_position,
        row_number() over (
            order by basis_revenue desc, {{ by_key('customer_key') }} asc
        ) as value_rank,
        count(*) over () as buyers

    from totals
    where is_buyer

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
        totals.is_buyer,

        -- dates
        totals.first_order_date,
        totals.last_order_date,

        -- numerics
        totals.orders,
        {{ round_exact('totals.revenue', 4) }} as revenue,
        {{ round_exact('totals.revenue_with_tax', 6) }} as revenue_with_tax,
        {{ round_exact('totals.returned_revenue', 4) }} as returned_revenue,
        totals.lines,
        totals.quantity,
        {{ round_to(divide('totals.basis_revenue', 'totals.orders'), 4) }} as avg_order_value,
        cast({{ recency }} as {{ dbt.type_int() }}) as recency_days,
        cast({{ tenure }} as {{ dbt.type_int() }}) as tenure_days,
        totals.orders_365d,
        {{ round_exact('totals.basis_revenue_365d', 4) }} as revenue_365d,

        -- value and RFM
        scored.r_score,
        scored.f_score,
        scored.m_score,
        cast(scored.value_rank as {{ dbt.type_bigint() }}) as value_rank,
        coalesce(scored.is_top_20_percent, false) as is_top_20_percent,
        cast(case
            when not totals.is_buyer then 'prospect'
            when {{ recency }} <= {{ var('lifecycle_active_days', 90) }}
                then 'active'
            when {{ recency }} <= {{ var('lifecycle_lapsing_days', 365) }}
                then 'lapsing'
            else 'churned'
        end as {{ dbt.type_string() }}) as lifecycle_state,

        -- categories
        category_profile.top_category,
        {{ round_to(
            divide('category_profile.top_category_revenue', 'category_profile.positive_revenue'), 6
        ) }} as top_category_share,
        {{ round_to('category_profile.category_hhi', 6) }} as category_hhi,

        -- named after the scores, returns, cohort
        named.rfm_segment,
        {{ round_to(divide('totals.returned_lines', 'totals.lines'), 6) }} as return_rate,
        cast({{ dbt.date_trunc('quarter', 'totals.first_order_date') }} as date)
            as acquisition_cohort,

        -- after returns
        {{ round_exact('totals.net_revenue', 4) }} as net_revenue

    from customers
    cross join as_of
    inner join totals
        on customers.customer_key = totals.customer_key
    left join scored
        on customers.customer_key = scored.customer_key
    left join category_profile
        on customers.customer_key = category_profile.customer_key
    left join named
        on customers.customer_key = named.customer_key

)

select * from joined

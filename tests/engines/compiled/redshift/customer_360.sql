with

as_of as (

    select (select max(order_date) from "analytics"."dev_yourname_core"."fct_orders") as as_of_date

),

customers as (

    select * from "analytics"."dev_yourname_core"."dim_customers"

),

orders as (

    select * from "analytics"."dev_yourname_core"."fct_orders"
    where order_date <= (select max(order_date) from "analytics"."dev_yourname_core"."fct_orders")

),

category_profile as (

    select * from "analytics"."dev_yourname_marts"."customer_category_profile"
    where scheme = 'type_material'

),

rfm_segments as (

    select * from "analytics"."dev_yourname_seeds"."rfm_segments"

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
        sum(case when datediff(
        day,
        orders.order_date,
        as_of.as_of_date
        ) < 365 then 1 else 0 end) as orders_365d,
        sum(
            case when datediff(
        day,
        orders.order_date,
        as_of.as_of_date
        ) < 365 then orders.revenue else 0 end
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

        1 + cast(
            floor(cast(5 * (recency_position - 1) as double precision) / nullif(buyers, 0))
            as integer
        ) as r_score,

        1 + cast(
            floor(cast(5 * (frequency_position - 1) as double precision) / nullif(buyers, 0))
            as integer
        ) as f_score,

        1 + cast(
            floor(cast(5 * (monetary_position - 1) as double precision) / nullif(buyers, 0))
            as integer
        ) as m_score,

        value_rank <= ceil(cast(buyers as double precision) / nullif(5, 0)) as is_top_20_percent

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
        cast(coalesce(scored.orders, 0) as bigint) as orders,
        cast(coalesce(scored.revenue, 0) as numeric(28, 4)) as revenue,
        cast(coalesce(scored.revenue_with_tax, 0) as numeric(28, 6)) as revenue_with_tax,
        cast(coalesce(scored.returned_revenue, 0) as numeric(28, 4)) as returned_revenue,
        cast(coalesce(scored.lines, 0) as bigint) as lines,
        cast(coalesce(scored.quantity, 0) as numeric(28, 2)) as quantity,
        cast(round(cast(cast(scored.revenue as double precision) / nullif(scored.orders, 0) as numeric(38, 9)), 4) as numeric(28, 4)) as avg_order_value,
        cast(datediff(
        day,
        scored.last_order_date,
        as_of.as_of_date
        ) as integer) as recency_days,
        cast(datediff(
        day,
        scored.first_order_date,
        as_of.as_of_date
        ) as integer) as tenure_days,
        cast(coalesce(scored.orders_365d, 0) as bigint) as orders_365d,
        cast(coalesce(scored.revenue_365d, 0) as numeric(28, 4)) as revenue_365d,

        -- value and RFM
        scored.r_score,
        scored.f_score,
        scored.m_score,
        cast(scored.value_rank as bigint) as value_rank,
        coalesce(scored.is_top_20_percent, false) as is_top_20_percent,
        cast(case
            when scored.customer_key is null then 'prospect'
            when datediff(
        day,
        scored.last_order_date,
        as_of.as_of_date
        ) <= 90 then 'active'
            when datediff(
        day,
        scored.last_order_date,
        as_of.as_of_date
        ) <= 365 then 'lapsing'
            else 'churned'
        end as TEXT) as lifecycle_state,

        -- categories
        category_profile.top_category,
        cast(round(cast(cast(category_profile.top_category_revenue as double precision) / nullif(category_profile.revenue, 0) as numeric(38, 9)), 6) as numeric(28, 6)) as top_category_share,
        cast(round(cast(category_profile.category_hhi as numeric(38, 9)), 6) as numeric(28, 6)) as category_hhi,

        -- named after the scores, returns, cohort
        named.rfm_segment,
        cast(round(cast(cast(scored.returned_lines as double precision) / nullif(scored.lines, 0) as numeric(38, 9)), 6) as numeric(28, 6)) as return_rate,
        cast(date_trunc('quarter', scored.first_order_date) as date)
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

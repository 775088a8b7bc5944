with

segments as (

    select distinct market_segment from {{ ref('dim_customers') }}

),

schemes as (

    select distinct scheme from {{ ref('customer_category_revenue') }}

),

-- a buyer whose orders have no lines has no category, but is a buyer
buyers as (

    select
        schemes.scheme,
        customers.market_segment,
        profiles.revenue,
        profiles.top_category_revenue,
        coalesce(profiles.categories, 0) as categories,
        profiles.category_hhi,
        {{ divide('profiles.top_category_revenue', 'profiles.revenue') }} as top_share

    from {{ ref('customer_360') }} as customers
    cross join schemes
    left join {{ ref('customer_category_profile') }} as profiles
        on customers.customer_key = profiles.customer_key
        and schemes.scheme = profiles.scheme
    where customers.is_buyer

),

segment_totals as (

    select
        scheme,
        market_segment,
        count(*) as buyers,
        avg(top_share) as mean_top_share,
        {{ divide('stddev_samp(top_share)', 'sqrt(count(*))') }} as stderr_top_share,
        {{ divide('sum(top_category_revenue)', 'sum(revenue)') }} as revenue_weighted_top_share,
        avg(category_hhi) as mean_hhi,
        {{ divide('sum(categories)', 'count(*)') }} as mean_categories

    from buyers
    group by scheme, market_segment

),

final as (

    select
        -- strings
        schemes.scheme,
        segments.market_segment,

        -- numerics
        cast(coalesce(totals.buyers, 0) as {{ dbt.type_bigint() }}) as buyers,
        {{ round_to('totals.mean_top_share', 6) }} as mean_top_share,
        {{ round_to('totals.stderr_top_share', 6) }} as stderr_top_share,
        {{ round_to('totals.revenue_weighted_top_share', 6) }} as revenue_weighted_top_share,
        {{ round_to('totals.mean_hhi', 6) }} as mean_hhi,
        {{ round_to('totals.mean_categories', 4) }} as mean_categories,
        {% for rank, measure in [('loyalty_rank', 'mean_top_share'), ('hhi_rank', 'mean_hhi')] %}
        case when totals.{{ measure }} is not null then cast(row_number() over (
            partition by schemes.scheme, case when totals.{{ measure }} is null then 1 else 0 end
            order by totals.{{ measure }} desc, segments.market_segment asc
        ) as {{ dbt.type_int() }}) end as {{ rank }}{{ ',' if not loop.last }}
        {% endfor %}

    from schemes
    cross join segments
    left join segment_totals as totals
        on schemes.scheme = totals.scheme
        and segments.market_segment = totals.market_segment

)

select * from final

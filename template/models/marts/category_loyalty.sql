with

segments as (

    select distinct market_segment from {{ ref('dim_customers') }}

),

schemes as (

    {% for scheme in category_schemes() %}
    select '{{ scheme }}' as scheme {{ 'union all' if not loop.last }}
    {% endfor %}

),

buyers as (

    select
        schemes.scheme,
        customers.market_segment,
        profiles.positive_revenue,
        profiles.top_category_revenue,
        coalesce(profiles.categories, 0) as categories,
        profiles.category_hhi,
        {{ divide('profiles.top_category_revenue', 'profiles.positive_revenue') }} as top_share

    from {{ ref('customer_totals') }} as customers
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
        {{ divide('stddev_samp(top_share)', 'sqrt(count(top_share))') }} as stderr_top_share,
        {{ divide('sum(top_category_revenue)', 'sum(positive_revenue)') }}
            as revenue_weighted_top_share,
        avg(category_hhi) as mean_hhi,
        {{ divide('sum(categories)', 'count(*)') }} as mean_categories

    from buyers
    group by scheme, market_segment

),

joined as (

    select
        schemes.scheme,
        segments.market_segment,
        totals.buyers,
        totals.mean_top_share,
        totals.stderr_top_share,
        totals.revenue_weighted_top_share,
        totals.mean_hhi,
        totals.mean_categories,
        case when totals.mean_top_share is null then 1 else 0 end as has_no_share,
        case when totals.mean_hhi is null then 1 else 0 end as has_no_hhi

    from schemes
    cross join segments
    left join segment_totals as totals
        on schemes.scheme = totals.scheme
        and segments.market_segment = totals.market_segment

),

-- what has no value comes last, and gets no rank below
ranked as (

    select
        *,
        row_number() over (
            partition by scheme
            order by
                has_no_share asc,
                mean_top_share desc,
                {{ by_code_point('market_segment') }} asc
        ) as share_position,
        row_number() over (
            partition by scheme
            order by
                has_no_hhi asc,
                mean_hhi desc,
                {{ by_code_point('market_segment') }} asc
        ) as hhi_position

    from joined

),

final as (

    select
        -- strings
        cast(scheme as {{ dbt.type_string() }}) as scheme,
        market_segment,

        -- numerics
        cast(coalesce(buyers, 0) as {{ dbt.type_bigint() }}) as buyers,
        {{ round_to('mean_top_share', 6) }} as mean_top_share,
        {{ round_to('stderr_top_share', 6) }} as stderr_top_share,
        {{ round_to('revenue_weighted_top_share', 6) }} as revenue_weighted_top_share,
        {{ round_to('mean_hhi', 6) }} as mean_hhi,
        {{ round_to('mean_categories', 4) }} as mean_categories,
        cast(case when has_no_share = 0 then share_position end as {{ dbt.type_int() }})
            as loyalty_rank,
        cast(case when has_no_hhi = 0 then hhi_position end as {{ dbt.type_int() }}) as hhi_rank

    from ranked

)

select * from final

with buyers as (
    select
        customer_key,
        count(*) over () as buyers,
        row_number() over (order by revenue desc, customer_key) as value_rank,
        1 + 5 * (rank() over (order by last_order) - 1) // buyers as r_score,
        1 + 5 * (rank() over (order by orders) - 1) // buyers as f_score,
        1 + 5 * (rank() over (order by revenue) - 1) // buyers as m_score
    from customer_totals
    where orders > 0
),

categories as (
    select
        customer_key,
        first(category order by revenue desc, category) filter (revenue > 0) as top_category,
        ratio(max(positive(revenue)), sum(positive(revenue)), 6) as top_category_share,
        rounded(
            sum(positive(revenue)::double ^ 2) / nullif(sum(positive(revenue))::double ^ 2, 0), 6
        ) as category_hhi
    from category_totals
    join buyers using (customer_key)
    where scheme = getvariable('category_scheme')
    group by all
)

select
    customer_key,
    market_segment,
    nation_name,
    region_name,
    account_balance,
    orders > 0 as is_buyer,
    first_order as first_order_date,
    last_order as last_order_date,
    orders,
    round(gross_revenue, 4) as revenue,
    round(revenue_with_tax, 6) as revenue_with_tax,
    round(returned_revenue, 4) as returned_revenue,
    lines,
    quantity,
    ratio(revenue, orders, 4) as avg_order_value,
    as_of_date - last_order as recency_days,
    as_of_date - first_order as tenure_days,
    orders_365d,
    round(revenue_365d, 4) as revenue_365d,
    r_score,
    f_score,
    m_score,
    value_rank,
    coalesce(value_rank <= ceil(buyers / 5), false) as is_top_20_percent,
    case
        when orders = 0 then 'prospect'
        when as_of_date - last_order <= getvariable('lifecycle_active_days') then 'active'
        when as_of_date - last_order <= getvariable('lifecycle_lapsing_days') then 'lapsing'
        else 'churned'
    end as lifecycle_state,
    top_category,
    top_category_share,
    category_hhi,
    rfm_segment,
    ratio(returned_lines, lines, 6) as return_rate,
    quarter_of(first_order) as acquisition_cohort,
    round(net_revenue, 4) as net_revenue
from customer_totals
cross join as_of
left join buyers using (customer_key)
left join categories using (customer_key)
left join rfm_segments
    on r_score between r_min and r_max
    and f_score between f_min and f_max
    and m_score between m_min and m_max
order by customer_key

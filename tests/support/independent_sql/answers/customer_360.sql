with activity as (
    select
        customer_key,
        sum(revenue_with_tax) as revenue_with_tax,
        sum(returned_revenue) as returned_revenue,
        sum(lines) as lines,
        sum(returned_lines) as returned_lines,
        sum(quantity) as quantity,
        count(*) filter (order_date > as_of_date - 365) as orders_365d,
        sum(revenue) filter (order_date > as_of_date - 365) as revenue_365d
    from order_totals, as_of
    group by all
),

buyers as (
    select
        customer_key,
        count(*) over () as buyers,
        row_number() over (order by revenue desc, customer_key) as value_rank,
        1 + 5 * (row_number() over (order by last_order, customer_key desc) - 1) // buyers as r_score,
        1 + 5 * (row_number() over (order by orders, customer_key desc) - 1) // buyers as f_score,
        1 + 5 * (row_number() over (order by revenue, customer_key desc) - 1) // buyers as m_score
    from customer_totals
    where orders > 0
),

categories as (
    select
        customer_key,
        first(category order by revenue desc, category) as top_category,
        ratio(max(revenue), sum(revenue), 6) as top_category_share,
        rounded(sum(revenue::double ^ 2) / nullif(sum(revenue)::double ^ 2, 0), 6) as category_hhi
    from category_totals
    where scheme = 'type_material'
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
    revenue,
    coalesce(revenue_with_tax, 0) as revenue_with_tax,
    coalesce(returned_revenue, 0) as returned_revenue,
    coalesce(lines, 0) as lines,
    coalesce(quantity, 0) as quantity,
    ratio(revenue, orders, 4) as avg_order_value,
    as_of_date - last_order as recency_days,
    as_of_date - first_order as tenure_days,
    coalesce(orders_365d, 0) as orders_365d,
    coalesce(revenue_365d, 0) as revenue_365d,
    r_score,
    f_score,
    m_score,
    value_rank,
    coalesce(value_rank <= ceil(buyers / 5), false) as is_top_20_percent,
    case
        when orders = 0 then 'prospect'
        when as_of_date - last_order <= 90 then 'active'
        when as_of_date - last_order <= 365 then 'lapsing'
        else 'churned'
    end as lifecycle_state,
    top_category,
    top_category_share,
    category_hhi,
    rfm_segment,
    ratio(returned_lines, lines, 6) as return_rate,
    quarter_of(first_order) as acquisition_cohort
from customer_totals
cross join as_of
left join activity using (customer_key)
left join buyers using (customer_key)
left join categories using (customer_key)
left join rfm_segments
    on r_score between r_min and r_max
    and f_score between f_min and f_max
    and m_score between m_min and m_max
order by customer_key

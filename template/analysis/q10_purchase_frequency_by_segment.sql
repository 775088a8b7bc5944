select
    market_segment,
    buyers,
    orders,
    orders_median,
    orders_mean,
    orders_per_year_median,
    orders_per_year_mean,
    days_between_median,
    days_between_mean,
    customer_gap_median,
    one_order_buyers,
    buyers_without_rate

from {{ ref('purchase_frequency') }}
order by {{ by_code_point('market_segment') }}

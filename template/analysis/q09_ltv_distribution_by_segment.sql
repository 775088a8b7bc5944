select
    population,
    market_segment,
    customers,
    ltv_min,
    ltv_p10,
    ltv_p25,
    ltv_median,
    ltv_p75,
    ltv_p90,
    ltv_max,
    ltv_mean,
    ltv_stddev

from {{ ref('lifetime_value_distribution') }}
order by population desc, {{ by_code_point('market_segment') }} asc

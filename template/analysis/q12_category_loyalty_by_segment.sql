select
    scheme,
    market_segment,
    buyers,
    mean_top_share,
    stderr_top_share,
    revenue_weighted_top_share,
    mean_hhi,
    mean_categories,
    loyalty_rank,
    hhi_rank

from {{ ref('category_loyalty') }}
order by scheme, loyalty_rank

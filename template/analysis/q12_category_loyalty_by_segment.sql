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
order by
    case scheme when 'type_material' then 1 when 'type_class' then 2 when 'mfgr' then 3 else 4 end,
    {{ by_code_point('market_segment') }}

select
    market_segment,
    new_customers,
    spend,
    cac_direct,
    cac_loaded

from {{ ref('acquisition_cost') }}
order by {{ by_code_point('market_segment') }}

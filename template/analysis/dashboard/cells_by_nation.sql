{#- What the dashboard sums up when a reader picks a segment or a region. Never a customer. -#}

select
    region_name,
    nation_name,
    market_segment,
    count(*) as customers,
    sum(case when is_buyer then 1 else 0 end) as buyers,
    {{ round_exact('sum(basis_revenue)', 4) }} as revenue

from {{ ref('customer_totals') }}
group by region_name, nation_name, market_segment
order by
    {{ by_code_point('region_name') }},
    {{ by_code_point('nation_name') }},
    {{ by_code_point('market_segment') }}

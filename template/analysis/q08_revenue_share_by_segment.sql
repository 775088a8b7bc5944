{#- a segment where refunds exceed the sales has no share in the whole -#}
{%- set part = 'case when revenue > 0 then revenue else 0 end' -%}

select
    market_segment,
    {{ round_exact('revenue', 4) }} as revenue,
    {{ round_to(divide(part, 'sum(' ~ part ~ ') over ()'), 6) }} as revenue_share,
    orders

from {{ ref('segment_summary') }} as segment_summary
order by segment_summary.revenue desc, {{ by_code_point('market_segment') }} asc

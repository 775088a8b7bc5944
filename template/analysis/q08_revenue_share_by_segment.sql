{#- a segment where refunds exceed the sales has no share in the whole -#}
{%- set part = 'case when segments.revenue > 0 then segments.revenue else 0 end' -%}

select
    segments.market_segment,
    {{ round_exact('segments.revenue', 4) }} as revenue,
    {{ round_to(divide(part, 'sum(' ~ part ~ ') over ()'), 6) }} as revenue_share,
    segments.orders

from {{ ref('segment_summary') }} as segments
order by segments.revenue desc, {{ by_code_point('segments.market_segment') }} asc

select
    region_name,
    sum(customers) as customers,
    {{ round_to(divide('sum(customers)', 'sum(sum(customers)) over ()'), 6) }}
        as share_of_customers,
    sum(buyers) as buyers,
    sum(case when customers > 0 then 1 else 0 end) as nations,
    {{ round_exact('sum(revenue)', 4) }} as revenue

from {{ ref('nation_summary') }}
group by region_name
order by customers desc, {{ by_code_point('region_name') }} asc

select
    region_name,
    sum(customers) as customers,
    {{ round_to(divide('sum(customers)', 'sum(sum(customers)) over ()'), 6) }}
        as share_of_customers,
    sum(buyers) as buyers,
    sum(case when customers > 0 then 1 else 0 end) as nations,
    sum(revenue) as revenue

from {{ ref('nation_summary') }}
group by region_name
order by customers desc, region_name asc

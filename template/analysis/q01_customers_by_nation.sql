select
    region_name,
    nation_name,
    customers,
    {{ round_to(divide('customers', 'sum(customers) over ()'), 6) }} as share_of_customers,
    buyers,
    revenue

from {{ ref('nation_summary') }}
order by customers desc, nation_name asc

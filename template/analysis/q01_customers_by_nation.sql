select
    region_name,
    nation_name,
    customers,
    {{ round_to(divide('customers', 'sum(customers) over ()'), 6) }} as share_of_customers,
    buyers,
    {{ round_exact('revenue', 4) }} as revenue

from {{ ref('nation_summary') }}
order by customers desc, {{ by_code_point('nation_name') }} asc, {{ by_key('nation_key') }} asc

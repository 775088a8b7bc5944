select
    market_segment,
    customers,
    {{ round_to(divide('customers', 'sum(customers) over ()'), 6) }} as share_of_customers,
    buyers,
    row_number() over (order by customers desc, {{ by_code_point('market_segment') }} asc)
        as customer_rank

from {{ ref('segment_summary') }}
order by customer_rank

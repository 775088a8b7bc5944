select
    region_name,
    first_year,
    last_full_year,
    customers_end_first_year,
    customers_end_last_year,
    customers_added,
    cagr,
    growth_rank,
    customers_end_of_data

from {{ ref('region_growth') }}
order by coalesce(growth_rank, 1000), {{ by_code_point('region_name') }}

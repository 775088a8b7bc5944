-- The first year is that of the first order of all the data, so a region may have nobody in it: then it has no rate
-- and no rank. A year is complete when the as-of date is its last day or later.
with years as (
    select
        (select year(min(first_order)) from customer_totals) as first_year,
        year(as_of_date + 1) - 1 as last_full_year
    from as_of
),

by_region as (
    select
        region_name,
        first_year,
        last_full_year,
        count(*) filter (year(first_order) <= first_year) as customers_end_first_year,
        count(*) filter (year(first_order) <= last_full_year) as customers_end_last_year,
        count(first_order) as customers_end_of_data
    from regions
    cross join years
    left join customer_totals using (region_name)
    group by all
),

grown as (
    select
        *,
        case
            when customers_end_first_year > 0 and last_full_year > first_year
                then (customers_end_last_year / customers_end_first_year) ^ (1 / (last_full_year - first_year)) - 1
        end as growth
    from by_region
)

select
    region_name,
    first_year,
    last_full_year,
    customers_end_first_year,
    customers_end_last_year,
    customers_end_last_year - customers_end_first_year as customers_added,
    rounded(growth, 6) as cagr,
    case
        when growth is not null then row_number() over (order by growth desc nulls last, region_name)
    end as growth_rank,
    customers_end_of_data
from grown
order by growth_rank nulls last, region_name

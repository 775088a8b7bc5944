-- The first year is that of the first order of any customer, so a region may have nobody in it: then it has no rate
-- and no rank. A year is complete when the as-of date is its last day or later; one that isn't after the first year
-- is no last year to compare with.
with first_orders as (
    select year(min(first_order)) as first_year
    from customer_totals
),

years as (
    select
        first_year,
        case when year(as_of_date + 1) - 1 > first_year then year(as_of_date + 1) - 1 end as last_full_year
    from first_orders
    cross join as_of
),

by_region as (
    select
        region_name,
        first_year,
        last_full_year,
        count(*) filter (year(first_order) <= first_year) as customers_end_first_year,
        count(*) filter (year(first_order) <= last_full_year) as counted_last_year,
        count(first_order) as customers_end_of_data
    from regions
    cross join years
    left join customer_totals using (region_name)
    group by all
),

grown as (
    select
        *,
        case when last_full_year is not null then counted_last_year end as customers_end_last_year,
        case
            when customers_end_first_year > 0
                then (counted_last_year / customers_end_first_year) ^ (1 / (last_full_year - first_year)) - 1
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

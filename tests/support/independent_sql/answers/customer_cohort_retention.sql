with cohorts as (
    select quarter_of(first_order) as cohort_quarter, count(*) as cohort_size
    from customer_totals
    where orders > 0
    group by all
),

grid as (
    select
        cohort_quarter,
        cohort_size,
        unnest(range(datediff('quarter', cohort_quarter, as_of_date) + 1)) as quarter_number
    from cohorts, as_of
),

activity as (
    select
        quarter_of(first_order) as cohort_quarter,
        datediff('quarter', first_order, order_date) as quarter_number,
        count(distinct customer_key) as retained
    from sales
    join customer_totals using (customer_key)
    group by all
)

select
    cohort_quarter,
    cohort_size,
    quarter_number,
    coalesce(retained, 0) as retained,
    ratio(coalesce(retained, 0), cohort_size, 6) as retention_rate
from grid
left join activity using (cohort_quarter, quarter_number)
order by cohort_quarter, quarter_number

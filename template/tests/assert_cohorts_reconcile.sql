-- Every buyer is in one cohort, and every cohort ordered in its own quarter.
with

cohorts as (

    select * from {{ ref('customer_cohort_retention') }}
    where quarter_number = 0

),

buyers as (

    select count(*) as buyer_count from {{ ref('customer_totals') }}
    where is_buyer

)

select
    buyers.buyer_count,
    sum(cohorts.cohort_size) as in_cohorts,
    sum(cohorts.retained) as retained_in_own_quarter

from buyers
-- a left join, so that the row of the buyers stays where no cohort is
left join cohorts
    on cohorts.quarter_number = 0
group by buyers.buyer_count
having
    coalesce(sum(cohorts.cohort_size), 0) <> buyers.buyer_count
    or coalesce(sum(cohorts.retained), 0) <> buyers.buyer_count

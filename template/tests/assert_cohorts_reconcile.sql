-- Every buyer is in one cohort, and every cohort ordered in its own quarter.
with

cohorts as (

    select * from {{ ref('customer_cohort_retention') }}
    where quarter_number = 0

),

buyers as (

    select count(*) as buyers from {{ ref('customer_360') }}
    where is_buyer

)

select
    buyers.buyers,
    sum(cohorts.cohort_size) as in_cohorts,
    sum(cohorts.retained) as retained_in_own_quarter

from buyers
cross join cohorts
group by buyers.buyers
having
    sum(cohorts.cohort_size) <> buyers.buyers
    or sum(cohorts.retained) <> buyers.buyers

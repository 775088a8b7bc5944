-- A customer has exactly one current version, and each version ends when the next one begins.
with

versions as (

    select
        customer_key,
        is_current,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by customer_key order by valid_from, valid_to
        ) as next_valid_from

    from {{ ref('dim_customers_history') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

current_versions as (

    select
        customers.customer_key,
        sum(case when versions.is_current then 1 else 0 end) as version_count

    from customers
    left join versions
        on customers.customer_key = versions.customer_key
    group by customers.customer_key

)

select
    customer_key,
    'current versions other than one' as fault
from current_versions
where version_count <> 1 or version_count is null

union all

select
    customer_key,
    'a version that does not end where the next begins' as fault
from versions
where
    valid_to < valid_from
    or (next_valid_from is not null and (valid_to is null or valid_to > next_valid_from))

-- No customer is lost or doubled between the source and the marts, with or without orders.
with

source_total as (

    select count(*) as customers from {{ source('tpch', 'customer') }}

),

totals as (

    select
        'customer_360' as place,
        count(*) as customers
    from {{ ref('customer_360') }}

    union all

    select
        'current versions in dim_customers_history' as place,
        count(*) as customers
    from {{ ref('dim_customers_history') }}
    where is_current

    {% for mart in ['nation_summary', 'segment_summary'] %}

    union all

    select
        '{{ mart }}' as place,
        sum(customers) as customers
    from {{ ref(mart) }}

    {% endfor %}

)

select
    totals.place,
    totals.customers,
    source_total.customers as source_customers

from totals
cross join source_total
where totals.customers <> source_total.customers

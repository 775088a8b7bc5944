-- No customer is lost or doubled between the source and the marts, with or without orders.
with

customers as (

    select * from {{ ref('dim_customers') }}

),

customer_total as (

    select count(*) as customers from customers

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

    {% if not sets_aside() %}
    union all

    -- the customer `unknown` is the only one that the source does not have (var missing_customers)
    select
        'the source' as place,
        sum(counts.customers) as customers
    from (
        select count(*) as customers
        from customers
        where customer_key = {{ unknown_key() }}
        {% for system in systems_with('customers') %}
        union all
        select count(*) as customers
        from (
            {{ delivered_rows(system, 'customers', ['customer_key']) | indent(12) }}
        ) as delivered
        {% endfor %}
    ) as counts
    {% endif %}

    {% for mart in ['nation_summary', 'segment_summary'] %}

    union all

    select
        '{{ mart }}' as place,
        coalesce(sum(customers), 0) as customers
    from {{ ref(mart) }}

    {% endfor %}

)

select
    totals.place,
    totals.customers,
    customer_total.customers as core_customers

from totals
cross join customer_total
where totals.customers <> customer_total.customers

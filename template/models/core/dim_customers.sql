{%- do after('int_input_checks') -%}

with

customers as (

    select * from {{ ref('int_customers') }}

),

geography as (

    select * from {{ ref('dim_geography') }}

),

joined as (

    select
        -- ids
        customers.customer_key,
        customers.nation_key,

        -- strings
        customers.customer_name,
        customers.market_segment,
        geography.nation_name,
        geography.region_name,
        customers.address,
        customers.phone,
        -- here and not later, because the number itself may be masked for readers
        {{ dbt.split_part('customers.phone', "'-'", 1) }} as phone_country_code,
        customers.comment,

        -- numerics
        customers.account_balance,

        -- timestamps
        customers.loaded_at,

        -- where the row comes from
        customers.source_system

    from customers
    left join geography
        on customers.nation_key = geography.nation_key

)

select * from joined

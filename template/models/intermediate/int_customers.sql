{% set unknown_customers = var('missing_customers', 'refuse') == 'unknown' %}

with

customers as (

    select * from {{ ref('stg_tpch__customers') }}
    {% if sets_aside() %}where {{ set_aside_reason() }} is null{% endif %}

),

nations as (

    select * from {{ ref('stg_tpch__nations') }}

),

delivered as (

    select
        -- ids
        customers.customer_key,
        coalesce(nations.nation_key, {{ unknown_key() }}) as nation_key,

        -- strings
        customers.customer_name,
        {{ known('customers.market_segment') }} as market_segment,
        customers.address,
        customers.phone,
        customers.comment,

        -- numerics
        customers.account_balance,

        -- timestamps
        customers.loaded_at

    from customers
    left join nations
        on customers.nation_key = nations.nation_key

)
{% if unknown_customers %}
,

-- one customer for the orders of all customers that were not delivered, if there are any
missing as (

    select min(loaded_at) as loaded_at
    from {{ ref('int_orders') }}
    where customer_key = {{ unknown_key() }}

),

final as (

    select * from delivered

    union all

    select
        {{ unknown_key() }} as customer_key,
        {{ unknown_key() }} as nation_key,
        cast('unknown' as {{ dbt.type_string() }}) as customer_name,
        cast('unknown' as {{ dbt.type_string() }}) as market_segment,
        cast(null as {{ dbt.type_string() }}) as address,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as comment,
        cast(null as {{ amount_type() }}) as account_balance,
        loaded_at

    from missing
    where loaded_at is not null

)

select * from final
{% else %}

select * from delivered
{% endif %}

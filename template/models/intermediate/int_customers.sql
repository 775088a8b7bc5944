{%- set unknown_customers = var('missing_customers', 'refuse') == 'unknown' -%}

with

customers as (

    select
        *,
        {{ known('nation_name') }} as country

    from ({{ united('customers') | indent(4) }}) as customers
    {% if sets_aside() %}where {{ set_aside_reason() }} is null{% endif %}

),

nations as (

    select * from ({{ united('nations') | indent(4) }}) as nations

),

-- where one system has keys of nations and another their names
nations_by_name as (

    select
        {{ known('nation_name') }} as nation_name,
        min(nation_key) as nation_key

    from nations
    where {{ known('nation_name') }} <> 'unknown'
    group by {{ known('nation_name') }}

),

delivered as (

    select
        -- ids
        customers.customer_key,
        coalesce(
            nations.nation_key,
            nations_by_name.nation_key,
            case
                when customers.country <> 'unknown' then {{ key_of_name('customers.country') }}
            end,
            {{ unknown_key() }}
        ) as nation_key,

        -- strings
        customers.customer_name,
        {{ known('customers.market_segment') }} as market_segment,
        customers.address,
        customers.phone,
        customers.comment,
        customers.source_system,

        -- numerics
        customers.account_balance,

        -- timestamps
        customers.loaded_at

    from customers
    left join nations
        on customers.nation_key = nations.nation_key
    left join nations_by_name
        on customers.country = nations_by_name.nation_name

)
{% if unknown_customers %}
,

-- one customer for the orders of all customers that were not delivered, if there are any
missing as (

    select
        min(loaded_at) as loaded_at,
        min(source_system) as source_system
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
        source_system,
        cast(null as {{ amount_type() }}) as account_balance,
        loaded_at

    from missing
    where loaded_at is not null

)

select * from final
{% else %}

select * from delivered
{% endif %}

{%- do after('int_input_checks') -%}
{% set snapshots = ref('customers_snapshot') %}
{% set customers = ref('int_customers') %}

with

versions as (

    {% if not execute or dbt.load_relation(snapshots) %}

    select * from {{ snapshots }}

    {% else %}

    -- `dbt run` before the first snapshot: the present is all the history there is
    select
        *,
        loaded_at as dbt_valid_from,
        cast(null as {{ dbt.type_timestamp() }}) as dbt_valid_to

    from {{ customers }}

    {% endif %}

),

final as (

    select
        -- ids
        customer_key,
        nation_key,

        -- strings
        market_segment,

        -- numerics
        cast(account_balance as {{ amount_type() }}) as account_balance,

        -- booleans
        dbt_valid_to is null as is_current,

        -- timestamps
        cast(dbt_valid_from as {{ dbt.type_timestamp() }}) as valid_from,
        cast(dbt_valid_to as {{ dbt.type_timestamp() }}) as valid_to

    from versions

)

select * from final

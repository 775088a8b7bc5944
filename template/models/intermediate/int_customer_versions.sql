{#- What the snapshot reads: customers, and since when a changed one is valid. -#}
{%- set versions = built_snapshot('customers_snapshot') -%}
{%- set tracked = tracked_columns('customers_snapshot') | join(',') -%}
{%- set loaded_at = load_time_or_now('customers') -%}
{%- do after('int_input_checks') -%}

with

customers as (

    select * from {{ ref('int_customers') }}

),

-- where the newest version begins, or where it ended, for a customer who had gone
boundaries as (

    {{ snapshot_boundaries(versions, 'customer_key') }}

),

final as (

    select
        -- ids
        customers.customer_key,
        customers.nation_key,

        -- strings
        customers.customer_name,
        customers.market_segment,
        customers.address,
        customers.phone,
        customers.comment,
        cast('{{ tracked }}' as {{ dbt.type_string() }}) as tracked_columns,

        -- numerics
        customers.account_balance,

        -- timestamps
        customers.loaded_at,
        -- a load time that is tied with the version before, or older, begins right after it
        cast(case
            when boundaries.last_boundary >= {{ loaded_at }}
                then {{ plus_microseconds('boundaries.last_boundary', 1) }}
            else {{ loaded_at }}
        end as {{ dbt.type_timestamp() }}) as changed_at

    from customers
    left join boundaries
        on customers.customer_key = boundaries.customer_key

)

select * from final

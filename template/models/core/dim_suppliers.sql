{%- do after('int_input_checks') -%}

with

suppliers as (

    select * from {{ ref('int_suppliers') }}

),

geography as (

    select * from {{ ref('dim_geography') }}

),

joined as (

    select
        -- ids
        suppliers.supplier_key,
        suppliers.nation_key,

        -- strings
        suppliers.supplier_name,
        coalesce(geography.nation_name, 'unknown') as nation_name,
        coalesce(geography.region_name, 'unknown') as region_name,
        suppliers.address,
        suppliers.phone,
        suppliers.comment,

        -- numerics
        suppliers.account_balance,

        -- timestamps
        suppliers.loaded_at

    from suppliers
    left join geography
        on suppliers.nation_key = geography.nation_key

)

select * from joined

with

suppliers as (

    select * from {{ ref('stg_tpch__suppliers') }}

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
        geography.nation_name,
        geography.region_name,
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

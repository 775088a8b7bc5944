with

customers as (

    select * from `analytics`.`dev_yourname_staging`.`stg_tpch__customers`

),

geography as (

    select * from `analytics`.`dev_yourname_core`.`dim_geography`

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

    split(
        customers.phone,
        '-'
        )[safe_offset(0)]

 as phone_country_code,
        customers.comment,

        -- numerics
        customers.account_balance,

        -- timestamps
        customers.loaded_at

    from customers
    left join geography
        on customers.nation_key = geography.nation_key

)

select * from joined

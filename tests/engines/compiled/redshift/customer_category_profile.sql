with

category_revenue as (

    select
        *,
        -- exact, so that the sum of squares does not depend on the order of the rows; of 19 digits,
        -- because the product of two decimals with 18 overflows on DuckDB
        cast(revenue as numeric(19, 4)) * cast(revenue as numeric(19, 4)) as squared_revenue,
        max(revenue) over (partition by customer_key, scheme) as top_category_revenue

    from "analytics"."dev_yourname_marts"."customer_category_revenue"

),

summed as (

    select
        customer_key,
        scheme,
        count(*) as categories,
        sum(revenue) as revenue,
        sum(squared_revenue) as squared_revenue,
        max(top_category_revenue) as top_category_revenue,
        -- on a tie the first by name
        min(case when revenue = top_category_revenue then category end) as top_category

    from category_revenue
    group by customer_key, scheme

),

final as (

    select
        -- ids
        customer_key,

        -- strings
        scheme,
        top_category,

        -- numerics
        cast(categories as bigint) as categories,
        cast(revenue as numeric(28, 4)) as revenue,
        cast(top_category_revenue as numeric(28, 4)) as top_category_revenue,
        cast(squared_revenue as double precision) / nullif(cast(revenue as double precision) * cast(revenue as double precision), 0) as category_hhi

    from summed

)

select * from final

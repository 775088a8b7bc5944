with

category_revenue as (

    select * from {{ ref('customer_category_revenue') }}

),

ranked as (

    select
        customer_key,
        scheme,
        category,
        revenue,
        sum(revenue) over (partition by customer_key, scheme) as customer_revenue,
        row_number() over (
            partition by customer_key, scheme
            order by revenue desc, category asc
        ) as category_rank

    from category_revenue

),

final as (

    select
        -- ids
        customer_key,

        -- strings
        scheme,
        max(case when category_rank = 1 then category end) as top_category,

        -- numerics
        cast(count(*) as {{ dbt.type_bigint() }}) as categories,
        cast(max(customer_revenue) as numeric(28, 4)) as revenue,
        cast(max(case when category_rank = 1 then revenue end) as numeric(28, 4)) as top_category_revenue,
        -- squares of exact amounts first, one division last
        {{ divide('sum(cast(revenue as ' ~ type_double() ~ ') * cast(revenue as ' ~ type_double() ~ '))', 'max(cast(customer_revenue as ' ~ type_double() ~ ') * cast(customer_revenue as ' ~ type_double() ~ '))') }} as category_hhi

    from ranked
    group by customer_key, scheme

)

select * from final

{% set share = divide('part', 'positive_revenue') %}

with

-- a category of zero or less, where refunds exceed the sales, is no part of any share
category_revenue as (

    select
        *,
        case when revenue > 0 then revenue end as part

    from {{ ref('customer_category_revenue') }}

),

with_totals as (

    select
        *,
        sum(part) over (partition by customer_key, scheme) as positive_revenue,
        max(part) over (partition by customer_key, scheme) as top_category_revenue

    from category_revenue

),

summed as (

    select
        customer_key,
        scheme,
        sum(case when lines > 0 then 1 else 0 end) as categories,
        sum(revenue) as revenue,
        max(positive_revenue) as positive_revenue,
        max(top_category_revenue) as top_category_revenue,
        -- on a tie the first by name
        min(case when part = top_category_revenue then {{ by_code_point('category') }} end)
            as top_category,
        sum({{ as_decimal(share ~ ' * ' ~ share) }}) as category_hhi

    from with_totals
    group by customer_key, scheme
    -- a customer with refunds only is no buyer
    having sum(lines) > 0

),

final as (

    select
        -- ids
        customer_key,

        -- strings
        scheme,
        top_category,

        -- numerics
        cast(categories as {{ dbt.type_bigint() }}) as categories,
        cast(revenue as {{ revenue_total_type() }}) as revenue,
        cast(top_category_revenue as {{ revenue_total_type() }}) as top_category_revenue,
        cast(category_hhi as {{ type_double() }}) as category_hhi,
        cast(positive_revenue as {{ revenue_total_type() }}) as positive_revenue

    from summed

)

select * from final

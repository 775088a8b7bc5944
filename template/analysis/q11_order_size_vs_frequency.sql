select
    scope,
    buyers,
    pearson_orders_aov,
    spearman_orders_aov,
    pearson_orders_avg_quantity,
    mean_of_customer_aov

from {{ ref('order_size_frequency') }}
order by case when scope = 'ALL' then 0 else 1 end, {{ by_code_point('scope') }}

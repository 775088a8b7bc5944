-- The revenue of every mart = the revenue of the orders that count, which the model reconciliation
-- has compared with the source before.
with

orders as (

    select * from {{ ref('fct_orders') }}
    where not is_cancelled and order_date <= {{ as_of_date() }}

),

expected as (

    select
        coalesce(sum({{ basis_revenue() }}), 0) as revenue,
        coalesce(sum(case when customer_key is not null then {{ basis_revenue() }} else 0 end), 0)
            as revenue_without_guests

    from orders

),

totals as (

    select
        'monthly_growth' as place,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('monthly_growth') }}

    union all

    select
        'customer_totals' as place,
        coalesce(sum(basis_revenue), 0) as revenue
    from {{ ref('customer_totals') }}

    {# rounded to 4 places, where the sources may have more #}
    {% if var('amount_places', 2) + var('rate_places', 2) <= 4 %}
    union all

    select
        'customer_360' as place,
        coalesce(sum({{ basis_revenue() }}), 0) as revenue
    from {{ ref('customer_360') }}
    {% endif %}

    {# after returns it lacks the months in which a customer only gave something back #}
    {% if basis_revenue() == 'revenue' %}
    union all

    select
        'customer_monthly_activity' as place,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('customer_monthly_activity') }}
    {% endif %}

    {% for mart in ['nation_summary', 'segment_summary'] %}
    union all

    select
        '{{ mart }}' as place,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref(mart) }}
    {% endfor %}

    {# each scheme splits the whole revenue #}
    {% for scheme in category_schemes() %}
    union all

    select
        '{{ scheme }}' as place,
        coalesce(sum(case when scheme = '{{ scheme }}' then revenue else 0 end), 0) as revenue
    from {{ ref('customer_category_revenue') }}
    {% endfor %}

)

select
    totals.place,
    totals.revenue,
    expected.revenue as revenue_of_orders,
    expected.revenue_without_guests

from totals
cross join expected
where
    totals.revenue <> case
        when totals.place = 'monthly_growth' then expected.revenue
        else expected.revenue_without_guests
    end

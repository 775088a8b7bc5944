{#-
    What is wrong with the input, a row per kind of fault; empty for good data. The post-hook ends
    the run where there is a row. All of core and the snapshot depend on this model, so bad input
    stops before anything that people read has changed.
-#}
{{
    config(
        materialized='table',
        pre_hook=[
            "{{ refuse_local_time() }}",
            "{{ refuse_changed_settings() }}",
            "{{ refuse_old_types() }}",
            "{{ refuse_unreadable_keys() }}",
        ],
        post_hook={
            'sql': "{{ refuse_if_any('The input has faults. Correct them at the source, '
                ~ 'or choose the setting that is named.') }}",
            'transaction': false
        }
    )
}}
{%- set text = dbt.type_string() -%}

{#-
    Each entity: its rows, what they are called, their key, and faults of its own, which are a
    name for the rows that have it, the condition, and what to do.
-#}
{%- set entities = {
    'customers': {
        'from': rows_of('customers'),
        'rows': 'Customers',
        'key': ['customer_key'],
        'faults': [
            ('in the segment ALL', "trim(market_segment) = 'ALL'",
                'Rename it: q11 uses ALL for all segments together.'),
        ],
    },
    'orders': {
        'from': rows_of('orders'), 'rows': 'Orders', 'key': ['order_key'], 'faults': [
            ('without an order date', 'order_date is null', 'Deliver it.'),
        ],
    },
    'order_lines': {
        'from': rows_of('order_lines'), 'rows': 'Order lines',
        'key': ['order_key', 'line_number'], 'faults': [
            ('without a quantity', 'quantity is null', 'Deliver it.'),
            ('without a price', 'extended_price is null', 'Deliver it.'),
            ('without a discount', 'discount is null', 'Deliver 0 where there is none.'),
            ('without a tax', 'tax is null', 'Deliver 0 where there is none.'),
            ('with a discount below 0 or above 1', 'discount < 0 or discount > 1',
                'Deliver fractions: 12.5 % is 0.125.'),
            ('with a tax below 0 or above 10', 'tax < 0 or tax > 10',
                'Deliver fractions: 8.1 % is 0.081.'),
        ],
    },
    'products': {'from': rows_of('products'), 'rows': 'Products', 'key': ['product_key']},
    'suppliers': {'from': rows_of('suppliers'), 'rows': 'Suppliers', 'key': ['supplier_key']},
    'part_supply': {
        'from': rows_of('part_supply'), 'rows': 'Offers of suppliers',
        'key': ['product_key', 'supplier_key'],
    },
    'nations': {'from': rows_of('nations'), 'rows': 'Nations', 'key': ['nation_key']},
    'regions': {'from': rows_of('regions'), 'rows': 'Regions', 'key': ['region_key']},
} -%}

{%- do add_faults(entities) -%}
{%- set differing_groups = count_differing_groups() | trim -%}

with

{% for name, entity in entities.items() if systems_with(name) %}
{{ count_faults(name, entity) }}

{% endfor %}
{% if var('missing_customers', 'refuse') == 'refuse' %}
orders_without_customer as (

    select
        count(*) as faulty_rows,
        min(cast(orders.order_key as {{ text }})) as example

    from {{ ref('int_orders') }} as orders
    left join {{ ref('int_customers') }} as customers
        on orders.customer_key = customers.customer_key
    where orders.customer_key is not null and customers.customer_key is null

),

{% endif %}
{% if not var('returns', none) %}
returns_in_two_forms as (

    select
        sum(case when line_kind = 'refund' then 1 else 0 end) as faulty_rows,
        min(case when line_kind = 'refund' then cast(order_key as {{ text }}) end) as example,
        sum(case when is_returned then 1 else 0 end) as flagged_rows

    from {{ ref('int_order_lines') }}

),

{% endif %}
cut_numbers as (

    {{ count_cut_numbers() | indent(4) }}

),

{% if differing_groups %}
differing_groups as (

    {{ differing_groups | indent(4) }}

),

{% endif %}
faults as (

    {% for name, entity in entities.items() if systems_with(name) %}
    {{ list_faults(name, entity) }}
    union all
    {% endfor %}

    {% if var('missing_customers', 'refuse') == 'refuse' %}
    select
        'orders' as entity,
        faulty_rows,
        example,
        'Orders of customers that were not delivered' as fault,
        'Deliver the customers, or set the var missing_customers to unknown.' as advice
    from orders_without_customer
    where faulty_rows > 0

    union all

    {% endif %}
    {% if not var('returns', none) %}
    select
        'order_lines' as entity,
        faulty_rows,
        example,
        'Order lines with a negative price, beside ' || cast(flagged_rows as {{ text }})
        || ' with the return flag R' as fault,
        'Returns come in one form: set the var returns to lines or to flag.' as advice
    from returns_in_two_forms
    where faulty_rows > 0 and flagged_rows > 0

    union all

    {% endif %}
    {% if differing_groups %}
    select
        entity,
        faulty_rows,
        example,
        'Rows that are one in ' || entity || ' and differ in ' || column_name as fault,
        'Write in the mapping which counts, such as max(...), and run make source.' as advice
    from differing_groups
    where faulty_rows > 0

    union all

    {% endif %}
    select
        column_name as entity,
        faulty_rows,
        example,
        'Rows with more than ' || cast(places as {{ text }}) || ' decimal places in '
        || column_name as fault,
        'Raise the var ' || setting || ' in dbt_project.yml and build once with --full-refresh.'
            as advice
    from cut_numbers
    where faulty_rows > 0

),

final as (

    select
        cast(entity as {{ text }}) as entity,
        cast(faulty_rows as {{ dbt.type_bigint() }}) as faulty_rows,
        cast(
            fault || ': ' || cast(faulty_rows as {{ text }}) || ' (such as '
            || coalesce(example, 'null') || '). ' || advice as {{ text }}
        ) as sentence

    from faults

)

select * from final

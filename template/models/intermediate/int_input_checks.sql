{#-
    What is wrong with the input, a row per kind of fault; empty for good data. The post-hook ends the
    run where there is a row. All of core and the snapshot depend on this model, so bad input stops
    before anything that people read has changed.
-#}
{{
    config(
        pre_hook=[
            "{{ refuse_local_time() }}",
            "{{ refuse_changed_settings() }}",
            "{{ refuse_old_types() }}",
            "{{ refuse_unreadable_keys() }}",
        ],
        post_hook={
            'sql': "{{ refuse_if_any('The input has faults. Correct them at the source, or choose the setting that is named.') }}",
            'transaction': false
        }
    )
}}
{%- set refuses_future = not sets_aside() -%}
{%- set text = dbt.type_string() -%}

{#- label: what a row is called in a sentence. key: its key columns. Each fault has a condition and what to do. -#}
{%- set entities = {
    'customers': {
        'from': ref('stg_tpch__customers'), 'label': 'customer', 'key': ['customer_key'], 'faults': {
            "have the segment ALL, which q11 uses for all segments together. Rename it.":
                "trim(market_segment) = 'ALL'",
        },
    },
    'orders': {
        'from': ref('stg_tpch__orders'), 'label': 'order', 'key': ['order_key'], 'faults': {
            'have no order date.': 'order_date is null',
        },
    },
    'order_lines': {
        'from': ref('stg_tpch__line_items'), 'label': 'order line', 'key': ['order_key', 'line_number'],
        'faults': {
            'have no quantity.': 'quantity is null',
            'have no price.': 'extended_price is null',
            'have no discount. Deliver 0 where there is none.': 'discount is null',
            'have no tax. Deliver 0 where there is none.': 'tax is null',
            'have a discount below 0 or above 1. 12.5 % is 0.125.': 'discount < 0 or discount > 1',
            'have a tax below 0 or above 10. 8.1 % is 0.081.': 'tax < 0 or tax > 10',
        },
    },
    'products': {'from': ref('stg_tpch__parts'), 'label': 'product', 'key': ['product_key'], 'faults': {}},
    'suppliers': {
        'from': ref('stg_tpch__suppliers'), 'label': 'supplier', 'key': ['supplier_key'], 'faults': {}
    },
    'part_supply': {
        'from': ref('stg_tpch__part_supply'), 'label': 'offer', 'key': ['product_key', 'supplier_key'],
        'faults': {}
    },
    'nations': {'from': ref('stg_tpch__nations'), 'label': 'nation', 'key': ['nation_key'], 'faults': {}},
    'regions': {'from': ref('stg_tpch__regions'), 'label': 'region', 'key': ['region_key'], 'faults': {}},
} -%}

{%- if refuses_future -%}
    {%- do entities.orders.faults.update({
        'have an order date in the future. Correct them, or set the var future_rows to set_aside.':
            'order_date > ' ~ present_limit_date(),
        'have an order date before ' ~ var('earliest_order_date', '1970-01-01')
        ~ '. Correct them, change the var earliest_order_date, or set the var future_rows to set_aside.':
            'order_date < ' ~ earliest_order_date(),
    }) -%}
{%- endif -%}
{%- if var('returns', none) == 'flag' -%}
    {%- do entities.order_lines.faults.update({
        'have a negative price, but the var returns says that returns come by flag.': 'extended_price < 0',
    }) -%}
{%- endif -%}
{%- for name, entity in entities.items() -%}
    {%- for column in entity.key -%}
        {%- do entity.faults.update({'have no ' ~ column ~ '.': column ~ ' is null'}) -%}
    {%- endfor -%}
    {%- if source_loaded_at() -%}
        {%- do entity.faults.update({'have no load time.': 'loaded_at is null'}) -%}
        {%- if refuses_future -%}
            {%- do entity.faults.update({
                'have a load time in the future. Correct them, or set the var future_rows to set_aside.':
                    'loaded_at > ' ~ present_limit(),
            }) -%}
        {%- endif -%}
    {%- endif -%}
{%- endfor -%}

with

{% for name, entity in entities.items() %}
{% set example -%}
    {%- for column in entity.key -%}
        coalesce(cast({{ column }} as {{ text }}), 'null'){{ " || '-' || " if not loop.last }}
    {%- endfor -%}
{%- endset %}

-- one pass over the rows for all conditions
{{ name }}_counts as (

    select
        {% for condition in entity.faults.values() %}
        sum(case when {{ condition }} then 1 else 0 end) as rows_{{ loop.index }},
        min(case when {{ condition }} then {{ example }} end) as example_{{ loop.index }}
            {{- ',' if not loop.last }}
        {% endfor %}

    from {{ entity.from }}

),

{{ name }}_faults as (

    select
        {% for column in ['rows', 'example'] %}
        case fault_numbers.fault_number
            {% for condition in entity.faults.values() %}
            when {{ loop.index }} then {{ name }}_counts.{{ column }}_{{ loop.index }}
            {% endfor %}
        end as {{ 'faulty_rows' if column == 'rows' else column }},
        {% endfor %}
        case fault_numbers.fault_number
            {% for sentence in entity.faults %}
            when {{ loop.index }} then '{{ sentence }}'
            {% endfor %}
        end as advice

    from {{ name }}_counts
    cross join (
        {% for condition in entity.faults.values() %}
        select {{ loop.index }} as fault_number {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as fault_numbers

),

{{ name }}_twice as (

    select
        count(*) as faulty_rows,
        min({{ example }}) as example

    from (
        select {{ entity.key | join(', ') }}
        from {{ entity.from }}
        group by {{ entity.key | join(', ') }}
        having count(*) > 1
    ) as keys_in_use

),

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
places as (

    {% for table, column, kind, key in [
        ('lineitem', 'l_extendedprice', 'amount', 'l_orderkey'),
        ('lineitem', 'l_quantity', 'amount', 'l_orderkey'),
        ('lineitem', 'l_discount', 'rate', 'l_orderkey'),
        ('lineitem', 'l_tax', 'rate', 'l_orderkey'),
        ('orders', 'o_totalprice', 'amount', 'o_orderkey'),
        ('customer', 'c_acctbal', 'amount', 'c_custkey'),
        ('part', 'p_retailprice', 'amount', 'p_partkey'),
        ('partsupp', 'ps_supplycost', 'amount', 'ps_partkey'),
    ] %}
    select
        '{{ table }}.{{ column }}' as column_name,
        '{{ kind }}_places' as setting,
        {{ var(kind ~ '_places', 2) }} as places,
        count(*) as faulty_rows,
        min(cast({{ key }} as {{ text }})) as example

    from {{ source('tpch', table) }}
    where
        cast({{ column }} as {{ type_double() }}) <> cast(
            cast({{ column }} as {{ amount_type() if kind == 'amount' else rate_type() }})
            as {{ type_double() }}
        )
    {{ 'union all' if not loop.last }}

    {% endfor %}
),

faults as (

    {% for name, entity in entities.items() %}
    select
        '{{ name }}' as entity,
        faulty_rows,
        cast(faulty_rows as {{ text }}) || ' {{ entity.label }}s ' || advice || ' Example: ' || coalesce(example, 'null') || '.'
            as sentence
    from {{ name }}_faults
    where faulty_rows > 0

    union all

    select
        '{{ name }}' as entity,
        faulty_rows,
        cast(faulty_rows as {{ text }}) || ' keys of {{ entity.label }}s occur more than once ({{ entity.key | join(", ") }}). Example: '
            || coalesce(example, 'null') || '.' as sentence
    from {{ name }}_twice
    where faulty_rows > 0

    union all

    {% endfor %}
    {% if var('missing_customers', 'refuse') == 'refuse' %}
    select
        'orders' as entity,
        faulty_rows,
        cast(faulty_rows as {{ text }}) || ' orders belong to customers that were not delivered. Deliver them, or set the var missing_customers to unknown. Example: order '
            || example || '.' as sentence
    from orders_without_customer
    where faulty_rows > 0

    union all

    {% endif %}
    {% if not var('returns', none) %}
    select
        'order_lines' as entity,
        faulty_rows,
        'Returns come in two forms: ' || cast(faulty_rows as {{ text }}) || ' lines have a negative price and '
            || cast(flagged_rows as {{ text }}) || ' have the return flag R. Set the var returns to lines or to flag. Example: order '
            || example || '.' as sentence
    from returns_in_two_forms
    where faulty_rows > 0 and flagged_rows > 0

    union all

    {% endif %}
    select
        column_name as entity,
        faulty_rows,
        cast(faulty_rows as {{ text }}) || ' rows have more than ' || cast(places as {{ text }})
            || ' decimal places in ' || column_name || '. Raise the var ' || setting
            || ' in dbt_project.yml and build once with --full-refresh. Example: key '
            || example || '.' as sentence
    from places
    where faulty_rows > 0

),

final as (

    select
        cast(entity as {{ text }}) as entity,
        cast(faulty_rows as {{ dbt.type_bigint() }}) as faulty_rows,
        cast(sentence as {{ text }}) as sentence

    from faults

)

select * from final

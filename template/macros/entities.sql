{#
    What the models of intermediate/ read of every system: the columns of each entity, and what kind
    each is. A mapping may lack any but the keys; mappings/mapping.schema.json says what each means.
#}
{% macro entity_columns(entity) %}
    {% do return({
        'customers': {
            'customer_key': 'key', 'nation_key': 'key', 'customer_name': 'string',
            'market_segment': 'string', 'nation_name': 'string', 'region_name': 'string',
            'address': 'string', 'phone': 'string', 'comment': 'string',
            'account_balance': 'amount',
        },
        'orders': {
            'order_key': 'key', 'customer_key': 'key', 'order_status': 'string',
            'order_state': 'string', 'order_priority': 'string', 'clerk': 'string',
            'comment': 'string', 'ship_priority': 'integer', 'total_price': 'amount',
            'order_date': 'date',
        },
        'order_lines': {
            'order_key': 'key', 'line_number': 'integer', 'product_key': 'key',
            'supplier_key': 'key', 'line_kind': 'string', 'return_flag': 'string',
            'line_status': 'string', 'ship_mode': 'string', 'ship_instructions': 'string',
            'comment': 'string', 'quantity': 'amount', 'extended_price': 'amount',
            'discount': 'rate', 'tax': 'rate', 'ship_date': 'date', 'commit_date': 'date',
            'receipt_date': 'date',
        },
        'products': {
            'product_key': 'key', 'product_name': 'string', 'manufacturer': 'string',
            'brand': 'string', 'product_type': 'string', 'container': 'string',
            'comment': 'string', 'size': 'integer', 'retail_price': 'amount',
        },
        'nations': {
            'nation_key': 'key', 'region_key': 'key', 'nation_name': 'string',
            'region_name': 'string', 'comment': 'string',
        },
        'regions': {'region_key': 'key', 'region_name': 'string', 'comment': 'string'},
        'suppliers': {
            'supplier_key': 'key', 'nation_key': 'key', 'supplier_name': 'string',
            'address': 'string', 'phone': 'string', 'comment': 'string',
            'account_balance': 'amount',
        },
        'part_supply': {
            'product_key': 'key', 'supplier_key': 'key', 'comment': 'string',
            'available_quantity': 'integer', 'supply_cost': 'amount',
        },
    }[entity]) %}
{% endmacro %}


{# The SQL type of a kind of column. #}
{% macro type_of_kind(kind) -%}
    {%- if kind == 'key' -%} {{ key_type() }}
    {%- elif kind == 'string' -%} {{ dbt.type_string() }}
    {%- elif kind == 'integer' -%} {{ dbt.type_int() }}
    {%- elif kind == 'amount' -%} {{ amount_type() }}
    {%- elif kind == 'rate' -%} {{ rate_type() }}
    {%- else -%} {{ kind }}
    {%- endif -%}
{%- endmacro %}


{# What each system that has an entity says of it, by system. #}
{% macro systems_with(entity) %}
    {% set found = {} %}
    {% for system, entities in mappings().items() if entity in entities %}
        {% do found.update({system: entities[entity]}) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{# Does any system have a column of an entity? #}
{% macro has_column(entity, column) %}
    {% for about in systems_with(entity).values() if column in about.columns %}
        {% do return(true) %}
    {% endfor %}
    {% do return(false) %}
{% endmacro %}


{# A column that a mapping lacks: null, or what is meant where nothing is said. #}
{% macro lacking(entity, name, kind, renamed) -%}
    {%- set price = renamed.get('extended_price', 'extended_price') -%}
    {%- set values = {
        'line_number': '1', 'discount': '0', 'tax': '0',
        'quantity': 'case when ' ~ price ~ ' < 0 then -1 else 1 end',
    } if entity == 'order_lines' else {} -%}
    cast({{ values.get(name, 'null') }} as {{ type_of_kind(kind) }})
{%- endmacro %}


{#
    The rows of an entity from every system that has it, as a query: the same columns in the same
    order, null or a default where a mapping lacks one, and source_system, which names the system.
    Without rows where no system has the entity.
#}
{% macro united(entity) -%}
    {%- set columns = entity_columns(entity) -%}
    {%- for system, about in systems_with(entity).items() -%}
    {%- set renamed = about.get('renamed', {}) -%}
    select
        {%- for name, kind in columns.items() %}
        {{ (renamed[name] ~ ' as ' ~ name if name in renamed else name) if name in about.columns
            else lacking(entity, name, kind, renamed) ~ ' as ' ~ name }},
        {%- endfor %}
        loaded_at,
        cast('{{ system }}' as {{ dbt.type_string() }}) as source_system
    from {{ ref(about.model) }}
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- else -%}
    select
        {%- for name, kind in columns.items() %}
        cast(null as {{ type_of_kind(kind) }}) as {{ name }},
        {%- endfor %}
        cast(null as {{ dbt.type_timestamp() }}) as loaded_at,
        cast(null as {{ dbt.type_string() }}) as source_system
    from (select 1 as nothing) as nowhere
    where nothing = 0
    {%- endfor -%}
{%- endmacro %}


{# The same as a table of that name, to read from. #}
{% macro rows_of(entity) -%}
    ({{ united(entity) }}) as {{ entity }}
{%- endmacro %}


{#
    Rows of an entity as the source delivered them: the expressions of the mapping without any cast,
    by the names of our columns, as a query. What a check compares with may not share the casts of
    what it checks.
    columns: our names, of those that the mapping has. more: further columns, from name to SQL.
#}
{% macro delivered_rows(system, entity, columns, more={}) -%}
    {%- set about = mappings()[system][entity] -%}
    {%- if 'query' in about -%}
    with
    {%- for table in about.tables %}

    {{ table }} as (select * from {{ source(system, table) }}),
    {%- endfor %}

    delivered as (

        {{ about.query | indent(8) }}

    )

    {% endif -%}
    select
        {%- for column in columns %}
        {{ about.sql[column] }} as {{ column }}{{ ',' if not loop.last or more }}
        {%- endfor %}
        {%- for name, sql in more.items() %}
        {{ sql }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ 'delivered' if 'query' in about else source(system, about.table) }}
    {%- if about.where %}
    where {{ about.where }}
    {%- endif %}
    {%- if about.group_by %}
    group by {{ about.group_by }}
    {%- endif %}
{%- endmacro %}


{# Is the country of a customer in more than one region? A SQL condition on rows of customers. #}
{% macro in_two_regions(customers) -%}
    {{ known('nation_name') }} <> 'unknown'
    and {{ known('nation_name') }} in (
        select {{ known('nation_name') }}
        from {{ customers }}
        group by {{ known('nation_name') }}
        having min({{ known('region_name') }}) <> max({{ known('region_name') }})
    )
{%- endmacro %}


{# Do the rows of an entity have load times in a system? In any system, where none is named. #}
{% macro has_load_times(system=none, entity='orders') %}
    {% for name, entities in mappings().items() if system in (none, name) %}
        {% set given = entities[entity].loaded_at %}
        {% if given != false and (given or source_loaded_at()) %}
            {% do return(true) %}
        {% endif %}
    {% endfor %}
    {% do return(false) %}
{% endmacro %}


{# The load time of a row as it was delivered, as a SQL expression (delivered_rows). #}
{% macro delivered_load_time(about) -%}
    {%- if about.loaded_at -%}
    cast({{ about.loaded_at }} as {{ dbt.type_timestamp() }})
    {%- elif about.loaded_at == false -%}
    cast('1970-01-01 00:00:00' as {{ dbt.type_timestamp() }})
    {%- else -%}
    {{ 'max(' ~ loaded_at() ~ ')' if about.group_by else loaded_at() }}
    {%- endif -%}
{%- endmacro %}


{#
    When a row is valid from: its load time, or the time of the run where its system has none.
    rows: alias of rows with source_system and loaded_at.
#}
{% macro load_time_or_now(rows) -%}
    {%- set with_time = [] -%}
    {%- for system in mappings() if has_load_times(system) -%}
        {%- do with_time.append("'" ~ system ~ "'") -%}
    {%- endfor -%}
    {%- if with_time | length == mappings() | length -%}
    {{ rows }}.loaded_at
    {%- elif with_time -%}
    case
        when {{ rows }}.source_system in ({{ with_time | join(', ') }}) then {{ rows }}.loaded_at
        else {{ dbt.snapshot_get_time() }}
    end
    {%- else -%}
    {{ dbt.snapshot_get_time() }}
    {%- endif -%}
{%- endmacro %}


{#
    A key for something that a source knows by its name only, such as a country: the name where keys
    are text (var key_type), else a number of 40 bits made from it.
#}
{% macro key_of_name(name) -%}
    {{ name if var('key_type', 'bigint') == 'string' else row_fingerprint([name]) }}
{%- endmacro %}

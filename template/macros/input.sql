{#
    The newest moment that counts as the present: the start of the run (UTC) plus one day. Only rows
    later than this are "in the future"; no mart reads the clock.
#}
{% macro present_limit() -%}
    {%- set limit = run_started_at + modules.datetime.timedelta(days=1) -%}
    cast('{{ limit.strftime("%Y-%m-%d %H:%M:%S") }}' as {{ dbt.type_timestamp() }})
{%- endmacro %}

{% macro present_limit_date() -%}
    cast('{{ (run_started_at + modules.datetime.timedelta(days=1)).strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}

{% macro earliest_order_date() -%}
    cast('{{ var("earliest_order_date", "1970-01-01") }}' as date)
{%- endmacro %}


{# Are rows whose dates cannot be true left out (var future_rows: set_aside), or refused? #}
{% macro sets_aside() %}
    {% do return(var('future_rows', 'refuse') == 'set_aside') %}
{% endmacro %}


{#
    Why a row of staging cannot be true yet, as a SQL expression; null where nothing is wrong.
    dated: the row has an order_date beside its load time.
#}
{% macro set_aside_reason(dated=false) -%}
    case
        when loaded_at > {{ present_limit() }} then 'load time in the future'
        {% if dated %}
        when order_date > {{ present_limit_date() }} then 'order date in the future'
        when order_date < {{ earliest_order_date() }}
            then 'order date before {{ var("earliest_order_date", "1970-01-01") }}'
        {% endif %}
    end
{%- endmacro %}


{# A name from the source; `unknown` where it is null or blank. #}
{% macro known(column) -%}
    coalesce(nullif(trim({{ column }}), ''), 'unknown')
{%- endmacro %}

{# The key of the customer or nation that nobody delivered. #}
{% macro unknown_key() -%}
    cast({{ "'unknown'" if var('key_type', 'bigint') == 'string' else -1 }} as {{ key_type() }})
{%- endmacro %}


{#
    Does an order count nowhere? A SQL condition: its status in our words says so (order_state, from
    the mapping), or it is one of the var cancelled_statuses.
#}
{% macro is_cancelled(status, state) -%}
    {%- set statuses = var('cancelled_statuses', []) -%}
    {%- set mapped = has_column('orders', 'order_state') -%}
    {%- if mapped -%}
    coalesce({{ state }} = 'cancelled', false)
    {%- endif -%}
    {%- if mapped and statuses %} or {% endif -%}
    {%- if statuses -%}
    coalesce({{ status }} in (
        {%- for word in statuses -%}
        '{{ word | string | replace("'", "''") }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
    ), false)
    {%- elif not mapped -%}
    false
    {%- endif -%}
{%- endmacro %}


{# Says in the run's output how many rows were set aside. A post-hook of rows_set_aside. #}
{% macro count_set_aside() %}
    {% if execute %}
        {% set counts = run_query(
            'select entity, reason, count(*) from ' ~ this
            ~ ' group by entity, reason order by entity, reason'
        ) %}
        {% for row in counts.rows %}
            {% do log(
                'Set aside: ' ~ row[2] ~ ' rows (' ~ row[0] ~ ', ' ~ row[1]
                ~ '). They are listed in ' ~ this ~ '.', info=true
            ) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{# The settings that facts depend on, as text: what int_settings remembers. #}
{% macro fact_settings() %}
    {% set settings = {} %}
    {% for setting, default in {
        'key_type': 'bigint', 'amount_places': 2, 'rate_places': 2, 'cancelled_statuses': [],
        'returns': none, 'future_rows': 'refuse', 'earliest_order_date': '1970-01-01',
        'missing_customers': 'refuse', 'time_zone': 'UTC',
    }.items() %}
        {% do settings.update({setting: var(setting, default) | string}) %}
    {% endfor %}
    {% for system, entities in mappings().items() %}
        {% set rows = tojson([entities.orders, entities.order_lines], sort_keys=true) %}
        {% do settings.update({'the mapping of ' ~ system: local_md5(rows)}) %}
    {% endfor %}
    {% do return(settings) %}
{% endmacro %}


{# The key of a row as text; the parts of a key of several columns are joined by hyphens. #}
{% macro row_key(columns) -%}
    {%- for column in columns -%}
    coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'null')
    {{- " || '-' || " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#
    The customer of an order; where that customer was not delivered and the var missing_customers
    says `unknown`, the key of the one unknown customer.
#}
{% macro delivered_customer(customer_key) -%}
    {%- if var('missing_customers', 'refuse') == 'unknown' -%}
    case
        when {{ customer_key }} in (
            select delivered.customer_key from ({{ united('customers') }}) as delivered
            where delivered.customer_key is not null
                {%- if sets_aside() %} and {{ set_aside_reason() }} is null{% endif %}
        ) then {{ customer_key }}
        when {{ customer_key }} is not null then {{ unknown_key() }}
    end
    {%- else -%}
    {{ customer_key }}
    {%- endif -%}
{%- endmacro %}

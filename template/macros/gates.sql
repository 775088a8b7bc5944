{#
    Has a model built after a gate that it doesn't read, so that bad input stops before anything
    downstream changes. Named only while dbt parses: unit tests need no rows for it.
#}
{% macro after(gate) %}
    {% if not execute %}
        {% do ref(gate) %}
    {% endif %}
{% endmacro %}


{#
    Ends the run with the sentences of a gate: a model with one row per fault and a column
    `sentence`. A post-hook outside the transaction, so that the table stays and can be read.
#}
{% macro refuse_if_any(what) %}
    {% if execute %}
        {% set faults = run_query('select sentence from ' ~ this ~ ' order by sentence') %}
        {% if faults | length %}
            {% set sentences = [] %}
            {% for sentence in faults.columns[0].values() %}
                {% do sentences.append(visible(sentence)) %}
            {% endfor %}
            {{ exceptions.raise_compiler_error(
                what ~ '\n\n- ' ~ sentences[:20] | join('\n- ')
                ~ ('\n- and ' ~ (sentences | length - 20) ~ ' more'
                    if sentences | length > 20 else '')
                ~ '\n\nNo mart was changed. The faults are in ' ~ this ~ '.'
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}


{# A text from the data for a message: what a terminal would obey is written as a question mark. #}
{% macro visible(text) %}
    {% set obeyed = '[\\x00-\\x1f\\x7f-\\x9f\\u200b\\u200e\\u200f\\u2028-\\u202e'
        ~ '\\u2060-\\u2069\\ufeff]' %}
    {{ return(modules.re.sub(obeyed, '?', text)) }}
{% endmacro %}


{#
    Ends the run with a sentence where a key of the source is text, not a whole number, although the
    var key_type is bigint: the casts of staging would fail with the engine's own words.
    A pre-hook of int_input_checks, which is the first to read staging.
#}
{% macro refuse_unreadable_keys() %}
    {% if execute and var('key_type', 'bigint') == 'bigint' %}
        {% for system, entities in mappings().items() %}
            {% for entity, about in entities.items() if not about.renamed %}
                {% do refuse_unreadable_keys_of(system, entity, about) %}
            {% endfor %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{% macro refuse_unreadable_keys_of(system, entity, about) %}
    {% set keys = [] %}
    {% for name, kind in entity_columns(entity).items() if kind == 'key' and name in about.sql %}
        {% do keys.append(name) %}
    {% endfor %}
    {% set rows %}{{ delivered_rows(system, entity, keys) }}{% endset %}
    {% set found = adapter.get_column_schema_from_query(
        'select * from (' ~ rows ~ ') as delivered where 1 = 0'
    ) if keys else [] %}
    {% for column in found if column.data_type | lower in
        ('text', 'varchar', 'string', 'character varying', 'bpchar', 'char') %}
        {% set unreadable = run_query(
            'select min(' ~ column.name ~ ') from (' ~ rows ~ ') as delivered where not ('
            ~ is_whole_number(column.name) ~ ')'
        ).columns[0].values()[0] %}
        {% if unreadable is not none %}
            {{ exceptions.raise_compiler_error(
                'The key ' ~ about.sql[column.name | lower] ~ ' of ' ~ (about.table or entity)
                ~ " has values that aren't whole numbers, such as '" ~ visible(unreadable)
                ~ "'. Set the var key_type to string in dbt_project.yml and build once "
                ~ 'with --full-refresh. No mart was changed.'
            ) }}
        {% endif %}
    {% endfor %}
{% endmacro %}


{# Does a text hold a whole number? A SQL condition. #}
{% macro is_whole_number(column) -%}
    {{ return(adapter.dispatch('is_whole_number')(column)) }}
{%- endmacro %}

{% macro default__is_whole_number(column) -%}
    regexp_like({{ column }}, '^-?[0-9]{1,18}$')
{%- endmacro %}

{% macro duckdb__is_whole_number(column) -%}
    regexp_full_match({{ column }}, '-?[0-9]{1,18}')
{%- endmacro %}

{% macro postgres__is_whole_number(column) -%}
    {{ column }} ~ '^-?[0-9]{1,18}$'
{%- endmacro %}

{% macro bigquery__is_whole_number(column) -%}
    regexp_contains({{ column }}, '^-?[0-9]{1,18}$')
{%- endmacro %}

{% macro redshift__is_whole_number(column) -%}
    {{ column }} ~ '^-?[0-9]{1,18}$'
{%- endmacro %}


{#
    Ends the run where a table that is written incrementally has other types than its contract, or
    lacks a column: the engine would round or cut what does not fit, in silence.
#}
{% macro refuse_old_types() %}
    {% if execute and not flags.FULL_REFRESH %}
        {% set outdated = [] %}
        {% for node in graph.nodes.values()
            if node.resource_type == 'model' and node.package_name == project_name
            and node.config.materialized == 'incremental' and node.config.contract.enforced %}
            {% set built = built_before(node.name) %}
            {% set found = {} %}
            {% for column in (adapter.get_columns_in_relation(built) if built else []) %}
                {% do found.update({column.name | lower: column.data_type | lower}) %}
            {% endfor %}
            {% for name, column in node.columns.items() if found %}
                {% set old = found.get(name | lower) %}
                {% set new = contract_type(column.data_type) | lower %}
                {% set sized = '[0-9]+(?=[^(]*\\))' %}
                {% set old_size = modules.re.findall(sized, old or '') %}
                {% set new_size = modules.re.findall(sized, new) %}
                {% if not old %}
                    {% do outdated.append(node.name ~ ' has no column ' ~ name) %}
                {% elif old_size and new_size and old_size != new_size
                    and ('num' in old or 'dec' in old) %}
                    {% do outdated.append(node.name ~ '.' ~ name ~ ' is ' ~ old ~ ', not ' ~ new) %}
                {% elif is_text_type(old) != is_text_type(new)
                    or (old != new and [old, new] | sort == ['bignumeric', 'numeric']) %}
                    {% do outdated.append(node.name ~ '.' ~ name ~ ' is ' ~ old ~ ', not ' ~ new) %}
                {% endif %}
            {% endfor %}
        {% endfor %}
        {% if outdated %}
            {{ exceptions.raise_compiler_error(
                'Tables of earlier runs do not fit their contracts:\n\n- ' ~ outdated | join('\n- ')
                ~ '\n\nNo table was changed. '
                ~ 'Build once with --full-refresh, which makes them again.'
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}

{% macro is_text_type(type) %}
    {% do return(modules.re.match('(text|varchar|string|char)', type | lower) is not none) %}
{% endmacro %}


{# Ends the run where the facts were built with other settings. A pre-hook of int_input_checks. #}
{% macro refuse_changed_settings() %}
    {% set remembered = built_before('int_settings') %}
    {% if remembered %}
        {% set now = fact_settings() %}
        {% set changed = [] %}
        {% for row in run_query('select setting, setting_value from ' ~ remembered).rows
            if now.get(row[0]) != row[1] %}
            {% if row[0].startswith('the mapping of ') %}
                {% do changed.append(row[0] ~ (' changed' if row[0] in now else ' is gone')) %}
            {% elif row[0] in now %}
                {% do changed.append(row[0] ~ ' is ' ~ now[row[0]] ~ ', was ' ~ row[1]) %}
            {% endif %}
        {% endfor %}
        {% if changed %}
            {{ exceptions.raise_compiler_error(
                'Settings changed since the facts were built:\n\n- ' ~ changed | sort | join('\n- ')
                ~ '\n\nNo table was changed. Build once with --full-refresh, or set them back.'
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}


{#
    Ends the run where a test of the var required_tests is not there: dbt drops a test without a
    failure when what it reads is disabled or gone. A pre-hook of reconciliation.
#}
{% macro refuse_missing_tests() %}
    {% if execute %}
        {% set missing = var('required_tests', []) | reject('in', graph.nodes.values()
            | selectattr('resource_type', 'equalto', 'test')
            | map(attribute='name') | list) | list %}
        {% if missing %}
            {{ exceptions.raise_compiler_error(
                'Tests that guard the numbers are missing or disabled: ' ~ missing | join(', ')
                ~ '. Bring them back, or take them out of the var required_tests in '
                ~ 'dbt_project.yml. No mart was changed.'
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}


{#
    Ends the run where the session is in another time zone than UTC: load times with a zone would be
    cast to local time.
#}
{% macro refuse_local_time() %}
    {{ return(adapter.dispatch('refuse_local_time')()) }}
{% endmacro %}

{% macro default__refuse_local_time() %}{% endmacro %}

{% macro postgres__refuse_local_time() %}
    {% if execute %}
        {% set found = run_query("select current_setting('TimeZone') as zone") %}
        {% set zone = found.columns[0].values()[0] %}
        {% set name = (zone | lower).removeprefix('etc/') %}
        {% if name not in ('utc', 'gmt', 'zulu', 'universal', 'uct') %}
            {{ exceptions.raise_compiler_error(
                "The session's time zone is " ~ zone
                ~ ', and load times are compared in UTC. Set the time zone of the '
                ~ 'connection to UTC: settings: {TimeZone: UTC} in the profile on DuckDB, '
                ~ 'alter database ... set timezone to UTC on PostgreSQL '
                ~ '(warehouse/bootstrap.sql does).'
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}

{% macro duckdb__refuse_local_time() %}
    {{ return(postgres__refuse_local_time()) }}
{% endmacro %}

{% macro redshift__refuse_local_time() %}{% endmacro %}


{#
    Adds the faults to the entities of int_input_checks that depend on settings and on what the
    mappings have.
#}
{% macro add_faults(entities) %}
    {% if not sets_aside() %}
        {% do entities.orders.faults.append((
            'with an order date in the future', 'order_date > ' ~ present_limit_date(),
            'Correct them, or set the var future_rows to set_aside.'
        )) %}
        {% do entities.orders.faults.append((
            'with an order date before ' ~ var('earliest_order_date', '1970-01-01'),
            'order_date < ' ~ earliest_order_date(),
            'Correct them, set the var earliest_order_date, or set the var future_rows to '
                ~ 'set_aside.'
        )) %}
    {% endif %}
    {% if has_column('orders', 'order_state') %}
        {% do entities.orders.faults.append((
            'with a status that the mapping does not know',
            "order_state not in ('placed', 'cancelled')",
            'Add it to the values of order_status, and run make source.',
            "case when order_state = '' then 'no status' else order_state end"
        )) %}
    {% endif %}
    {% if has_column('order_lines', 'line_kind') %}
        {% do entities.order_lines.faults.append((
            'of a kind that the mapping does not know',
            "line_kind not in ('sale', 'refund')",
            'Add it to the values of line_kind, and run make source.',
            "case when line_kind = '' then 'no kind' else line_kind end"
        )) %}
        {% do entities.order_lines.faults.append((
            'that are a refund with a positive price',
            "line_kind = 'refund' and extended_price > 0",
            'Deliver the price of a refund below 0.'
        )) %}
    {% endif %}
    {% if has_column('customers', 'region_name') %}
        {% do entities.customers.faults.append((
            'whose country is in another region elsewhere', in_two_regions(rows_of('customers')),
            'Deliver one region per country.'
        )) %}
    {% endif %}
    {% if var('returns', none) == 'flag' %}
        {% do entities.order_lines.faults.append((
            'with a negative price', 'extended_price < 0',
            'The var returns is flag: correct the negative lines, or set it to lines.'
        )) %}
    {% endif %}
{% endmacro %}


{#
    Two CTEs of int_input_checks for an entity: <name>_faults with a row per kind of fault, counted
    in one pass over the rows, and <name>_twice with the number of keys that occur more than once.
    entity: `from`, its rows; `key`, its columns; `faults`, a list of (fault, condition, advice)
    where it has some of its own, with a column to show in place of the key as a fourth where that
    says more; missing keys and wrong load times are added.
#}
{% macro count_faults(name, entity) -%}
    {%- set example = row_key(entity.key) -%}
    {%- set faults = entity.get('faults', []) + [] -%}
    {%- for column in entity.key -%}
        {%- do faults.append(('without ' ~ column, column ~ ' is null', 'Deliver it.')) -%}
    {%- endfor -%}
    {%- if has_load_times() -%}
        {%- do faults.append(('without a load time', 'loaded_at is null', 'Deliver it.')) -%}
        {%- if not sets_aside() -%}
            {%- do faults.append((
                'with a load time in the future', 'loaded_at > ' ~ present_limit(),
                'Correct them, or set the var future_rows to set_aside.'
            )) -%}
        {%- endif -%}
    {%- endif -%}
    {{ name }}_counts as (

        select
            {% for fault in faults %}
            sum(case when {{ fault[1] }} then 1 else 0 end) as rows_{{ loop.index }},
            min(case when {{ fault[1] }} then {{ fault[3] or example }} end)
                as example_{{ loop.index }}
            {{- ',' if not loop.last }}
            {% endfor %}

        from {{ entity.from }}

    ),

    {{ name }}_numbers as (

        {% for fault in faults %}
        select {{ loop.index }} as fault_number {{ 'union all' if not loop.last }}
        {% endfor %}

    ),

    {{ name }}_faults as (

        select
            {% for column in ['rows', 'example'] %}
            case numbers.fault_number
                {% for fault in faults %}
                when {{ loop.index }} then counts.{{ column }}_{{ loop.index }}
                {% endfor %}
            end as {{ 'faulty_rows' if column == 'rows' else column }},
            {% endfor %}
            {% for column in ['fault', 'advice'] %}
            case numbers.fault_number
                {% for fault in faults %}
                when {{ loop.index }} then '{{ fault[0] if column == "fault" else fault[2] }}'
                {% endfor %}
            end as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}

        from {{ name }}_counts as counts
        cross join {{ name }}_numbers as numbers

    ),

    {{ name }}_keys as (

        select {{ entity.key | join(', ') }}
        from {{ entity.from }}
        group by {{ entity.key | join(', ') }}
        having count(*) > 1

    ),

    {{ name }}_twice as (

        select
            count(*) as faulty_rows,
            min({{ example }}) as example

        from {{ name }}_keys

    ),
{%- endmacro %}

{# The faults of an entity as rows of int_input_checks, from the CTEs of count_faults. #}
{% macro list_faults(name, entity) -%}
    select
        '{{ name }}' as entity,
        faulty_rows,
        example,
        '{{ entity.rows }} ' || fault as fault,
        advice
    from {{ name }}_faults
    where faulty_rows > 0

    union all

    select
        '{{ name }}' as entity,
        faulty_rows,
        example,
        '{{ entity.rows }} with a key that occurs more than once ({{ entity.key | join(", ") }})'
            as fault,
        'Deliver each once.' as advice
    from {{ name }}_twice
    where faulty_rows > 0
{%- endmacro %}


{#
    Has a source's number more decimal places than staging keeps? A SQL condition, in floating
    point.
#}
{% macro is_cut(column, places) -%}
    {%- set kept = 'cast(' ~ column ~ ' as ' ~ decimal_type(13 + places, places) ~ ')' -%}
    cast({{ column }} as {{ type_double() }})
    <> cast({{ round_exact(kept, places) }} as {{ type_double() }})
{%- endmacro %}


{#
    How many rows have more places in a number than staging keeps: a query with a row per number of
    the mappings. A price made of quantity and unit price may need the places of both.
#}
{% macro count_cut_numbers() %}
    {%- set counts = [] -%}
    {%- for system, entities in mappings().items() -%}
    {%- for entity, about in entities.items() -%}
    {%- set numbers = {'unit_price': 'amount'} -%}
    {%- for name, kind in entity_columns(entity).items() if kind in ('amount', 'rate') -%}
        {%- do numbers.update({name: kind}) -%}
    {%- endfor -%}
    {%- set key = 'order_key' if entity == 'order_lines' else entity_columns(entity) | first -%}
    {%- for name, kind in numbers.items() if name in about.sql -%}
        {%- do counts.append(count_cut_number(system, entity, about, name, kind, key)) -%}
    {%- endfor -%}
    {%- if 'unit_price' in about.sql -%}
        {%- do counts.append(count_cut_products(system, entity, about, key)) -%}
    {%- endif -%}
    {%- endfor -%}
    {%- endfor -%}
    {{ counts | join('\nunion all\n') }}
{% endmacro %}

{#
    How many groups of rows that make one row of an entity (`grouped` in a mapping) differ in a
    column that the mapping doesn't aggregate: a query with a row per such column.
#}
{% macro count_differing_groups() %}
    {%- set counts = [] -%}
    {%- for system, entities in mappings().items() -%}
    {%- for entity, about in entities.items() if not about.renamed -%}
    {%- for name, sql in about.get('same', {}).items() -%}
    {%- set key = entity_columns(entity) | first -%}
    {%- set differing -%}
    select
        '{{ system }}.{{ entity }}' as entity,
        '{{ name }}' as column_name,
        count(*) as faulty_rows,
        min(cast({{ key }} as {{ dbt.type_string() }})) as example
    from (
        {{ delivered_rows(system, entity, [key], {
            'different_values': 'count(distinct ' ~ sql ~ ')', 'filled': 'count(' ~ sql ~ ')',
            'rows_in_group': 'count(*)'
        }) | indent(8) }}
    ) as delivered
    where {{ key }} is not null and (different_values > 1 or filled not in (0, rows_in_group))
    {%- endset -%}
    {%- do counts.append(differing) -%}
    {%- endfor -%}
    {%- endfor -%}
    {%- endfor -%}
    {{ counts | join('\nunion all\n') }}
{% endmacro %}

{# The name of a number in a sentence: that of the source, where it is a plain column. #}
{% macro name_of_number(system, entity, about, name) -%}
    {%- set plain = modules.re.match('[A-Za-z_]\\w*$', about.sql[name]) -%}
    {{ about.table ~ '.' ~ about.sql[name] if plain and about.table
        else system ~ '.' ~ entity ~ '.' ~ name }}
{%- endmacro %}

{% macro count_cut_number(system, entity, about, name, kind, key) %}
    select
        '{{ name_of_number(system, entity, about, name) }}' as column_name,
        '{{ kind }}_places' as setting,
        {{ var(kind ~ '_places', 2) }} as places,
        count(*) as faulty_rows,
        min(cast({{ key if key in about.sql else "'a row'" }} as {{ dbt.type_string() }}))
            as example
    from (
        {{ delivered_rows(system, entity, [key, name] if key in about.sql else [name])
            | indent(8) }}
    ) as delivered
    where {{ is_cut(name, var(kind ~ '_places', 2)) }}
{% endmacro %}

{% macro count_cut_products(system, entity, about, key) %}
    {%- set places = var('amount_places', 2) -%}
    {%- set product = 'cast(quantity as ' ~ amount_type() ~ ') * cast(unit_price as '
        ~ amount_type() ~ ')' -%}
    select
        '{{ system }}.{{ entity }}: quantity x unit_price' as column_name,
        'amount_places' as setting,
        {{ places }} as places,
        count(*) as faulty_rows,
        min(cast({{ key }} as {{ dbt.type_string() }})) as example
    from (
        {{ delivered_rows(system, entity, [key, 'quantity', 'unit_price']) | indent(8) }}
    ) as delivered
    where {{ product }} <> {{ round_exact(product, places) }}
{% endmacro %}

{# The table of a snapshot as earlier runs left it; none where there is no such table. #}
{% macro built_snapshot(snapshot_name) %}
    {% for node in (graph.nodes.values() if execute else [])
        if node.name == snapshot_name and node.package_name == project_name %}
        {% do return(load_relation(api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.alias
        ))) %}
    {% endfor %}
    {% do return(none) %}
{% endmacro %}


{#
    Per key, where its newest version in a snapshot begins, or where it ended; a query. Empty where
    there are no `versions` yet (built_snapshot).
#}
{% macro snapshot_boundaries(versions, key) %}
    select
        {{ key }},
        {%- set boundary = 'coalesce(dbt_valid_to, dbt_valid_from)' if versions else 'loaded_at' %}
        max({{ boundary }}) as last_boundary
    from {{ versions or ref('int_customers') }}
    where {{ 'dbt_valid_from is not null' if versions else '1 = 0' }}
    group by {{ key }}
{% endmacro %}


{# The columns of which a snapshot keeps history, from its check_cols. #}
{% macro tracked_columns(snapshot_name) %}
    {% for node in (graph.nodes.values() if execute else [])
        if node.name == snapshot_name and node.package_name == project_name %}
        {% do return(node.config.check_cols) %}
    {% endfor %}
    {% do return([]) %}
{% endmacro %}


{# A time and a number of microseconds. #}
{% macro plus_microseconds(time, number) -%}
    {{ return(adapter.dispatch('plus_microseconds')(time, number)) }}
{%- endmacro %}

{% macro default__plus_microseconds(time, number) -%}
    {{ dbt.dateadd('microsecond', number, time) }}
{%- endmacro %}

{% macro duckdb__plus_microseconds(time, number) -%}
    ({{ time }} + to_microseconds({{ number }}))
{%- endmacro %}

{% macro bigquery__plus_microseconds(time, number) -%}
    timestamp_add(cast({{ time }} as timestamp), interval {{ number }} microsecond)
{%- endmacro %}

{% macro spark__plus_microseconds(time, number) -%}
    timestampadd(microsecond, {{ number }}, {{ time }})
{%- endmacro %}

{% macro databricks__plus_microseconds(time, number) -%}
    {{ return(spark__plus_microseconds(time, number)) }}
{%- endmacro %}


{#
    Before a snapshot runs: its numbers get the places that the source has now, and a column that
    it did not track until now takes today's value in the current versions, so that tracking it
    creates no version. The column tracked_columns says which
    columns a version was compared by.
#}
{% macro start_tracking(source_name, key) %}
    {% set versions = load_relation(this) if execute else none %}
    {% if versions %}
        {% set columns = {} %}
        {% for column in adapter.get_columns_in_relation(versions) %}
            {% do columns.update({column.name | lower: column}) %}
        {% endfor %}
        {% set tracked = config.get('check_cols') %}
        {% if 'tracked_columns' in columns %}
            {% set before = run_query(
                'select max(tracked_columns) from ' ~ this ~ ' where dbt_valid_to is null'
            ).columns[0].values()[0] %}
        {% else %}
            {# a snapshot of release 1.0.0 #}
            {% set before = 'market_segment,nation_key,account_balance' %}
        {% endif %}
        {% set added = tracked | reject('in', (before or '').split(',')) | list %}
        {% set source = ref(source_name) %}
        {% for column in adapter.get_columns_in_relation(source)
            if column.name | lower in added + ['tracked_columns']
            and column.name | lower not in columns %}
            {% do alter_relation_add_remove_columns(versions, [column], none) %}
        {% endfor %}
        {# a number that is now delivered with more places would be rounded into the old column #}
        {% for column in adapter.get_columns_in_relation(source)
            if column.name | lower in columns and column.is_numeric()
            and columns[column.name | lower].is_numeric()
            and column.data_type | lower != columns[column.name | lower].data_type | lower %}
            {% do run_query(
                'alter table ' ~ this ~ ' alter column ' ~ column.name ~ ' type ' ~ column.data_type
            ) if adapter.type() in ('duckdb', 'postgres')
                else alter_column_type(versions, column.name, column.data_type) %}
        {% endfor %}
        {% if before and added %}
            {% do run_query(adapter.dispatch('copy_columns')(source, this, key, added)) %}
            {% do log(
                'Tracking ' ~ added | join(', ') ~ ' from now on; no version was made for that.',
                info=true
            ) %}
        {% endif %}
        {% if before != tracked | join(',') or 'tracked_columns' not in columns %}
            {% do run_query(
                "update " ~ this ~ " set tracked_columns = '" ~ tracked | join(',')
                ~ "' where dbt_valid_to is null"
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# Statement that copies columns into the current versions of a snapshot. #}
{% macro default__copy_columns(source, snapshot, key, columns) -%}
    update {{ snapshot }}
    set
        {% for column in columns %}
        {{ column }} = (
            select source_rows.{{ column }} from {{ source }} as source_rows
            where source_rows.{{ key }} = {{ snapshot }}.{{ key }}
        ){{ ',' if not loop.last }}
        {% endfor %}
    where dbt_valid_to is null
{%- endmacro %}

{% macro postgres__copy_columns(source, snapshot, key, columns) -%}
    update {{ snapshot }} as versions
    set
        {% for column in columns %}
        {{ column }} = source_rows.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ source }} as source_rows
    where versions.dbt_valid_to is null and source_rows.{{ key }} = versions.{{ key }}
{%- endmacro %}

{% macro duckdb__copy_columns(source, snapshot, key, columns) -%}
    {{ return(postgres__copy_columns(source, snapshot, key, columns)) }}
{%- endmacro %}

{% macro databricks__copy_columns(source, snapshot, key, columns) -%}
    merge into {{ snapshot }} as versions
    using {{ source }} as source_rows
    on versions.dbt_valid_to is null and source_rows.{{ key }} = versions.{{ key }}
    when matched then update set
        {% for column in columns %}
        versions.{{ column }} = source_rows.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
{%- endmacro %}


{#
    After a snapshot ran: a version that ends with the clock, because its row has gone, ends after
    it began, also where the load time is ahead of the clock.
#}
{% macro end_after_beginning() -%}
    update {{ this }}
    set dbt_valid_to = {{ plus_microseconds('dbt_valid_from', 1) }}
    where dbt_valid_to <= dbt_valid_from
{%- endmacro %}


{#
    Repairs a history that has empty, negative or overlapping periods, as releases before 2.0.0
    could leave it: `dbt run-operation repair_history`. Keeps every version and their order; moves
    the beginnings of those that are not later than the one before by a microsecond each.
#}
{% macro repair_history(snapshot_name='customers_snapshot', key='customer_key') %}
    {% set snapshot = built_snapshot(snapshot_name) %}
    {% if not snapshot %}
        {{ exceptions.raise_compiler_error(
            'This target has no ' ~ snapshot_name ~ ' yet. Run dbt snapshot first.'
        ) }}
    {% endif %}
    {% set columns = adapter.get_columns_in_relation(snapshot) | map(attribute='name') | list %}
    {% set repaired = api.Relation.create(
        database=snapshot.database,
        schema=snapshot.schema,
        identifier=snapshot.identifier ~ '_repaired'
    ) %}
    {% do run_query('drop table if exists ' ~ repaired) %}
    {% do run_query(
        'create table ' ~ repaired ~ ' as ' ~ repaired_periods(snapshot, key, columns)
    ) %}
    {% set moved = run_query(
        'select count(*) from ' ~ repaired ~ ' as repaired inner join ' ~ snapshot
        ~ ' as versions on repaired.dbt_scd_id = versions.dbt_scd_id'
        ~ ' where repaired.dbt_valid_from <> versions.dbt_valid_from'
        ~ ' or coalesce(repaired.dbt_valid_to, repaired.dbt_valid_from)'
        ~ ' <> coalesce(versions.dbt_valid_to, repaired.dbt_valid_from)'
    ).columns[0].values()[0] %}
    {% if moved %}
        {% do run_query('delete from ' ~ snapshot ~ ' where true') %}
        {% do run_query(
            'insert into ' ~ snapshot ~ ' (' ~ columns | join(', ') ~ ')'
            ~ ' select ' ~ columns | join(', ')
            ~ ' from ' ~ repaired
        ) %}
    {% endif %}
    {% do run_query('drop table ' ~ repaired) %}
    {% do adapter.commit() if adapter.type() in ('postgres', 'redshift', 'duckdb') %}
    {% do log(moved ~ ' versions of ' ~ snapshot ~ ' have new periods.', info=true) %}
{% endmacro %}

{% macro repaired_periods(snapshot, key, columns) %}
    with

    -- a closed version comes before the open one, and closed ones in the order in which they ended
    numbered as (

        select
            *,
            row_number() over (
                partition by {{ key }}
                order by
                    case when dbt_valid_to is null then 1 else 0 end asc,
                    dbt_valid_to asc,
                    dbt_valid_from asc
            ) as version_number

        from {{ snapshot }}

    ),

    -- each begins a microsecond after the one before, or later
    begun as (

        select
            *,
            max({{ plus_microseconds('dbt_valid_from', '-version_number') }}) over (
                partition by {{ key }} order by version_number rows unbounded preceding
            ) as earliest

        from numbered

    ),

    bounded as (

        select
            *,
            {{ plus_microseconds('earliest', 'version_number') }} as new_from,
            lead({{ plus_microseconds('earliest', 'version_number') }}) over (
                partition by {{ key }} order by version_number
            ) as next_from,
            lead(dbt_valid_from) over (partition by {{ key }} order by version_number)
                as old_next_from

        from begun

    )

    select
        {% for column in columns %}
        {% if column | lower == 'dbt_valid_from' %}
        new_from as dbt_valid_from
        {%- elif column | lower == 'dbt_valid_to' %}
        case
            when dbt_valid_to is null then dbt_valid_to
            -- a customer who had gone for a while
            when dbt_valid_to > new_from
                and dbt_valid_to < old_next_from
                and dbt_valid_to < next_from
                then dbt_valid_to
            when next_from is not null then next_from
            when dbt_valid_to > new_from then dbt_valid_to
            else {{ plus_microseconds('new_from', 1) }}
        end as dbt_valid_to
        {%- else %}
        {{ column }}
        {%- endif %}{{ ',' if not loop.last }}
        {% endfor %}
    from bounded
{% endmacro %}


{# The time of a snapshot in UTC, whatever the time zone of the session. #}
{% macro postgres__snapshot_get_time() -%}
    cast(now() at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro duckdb__snapshot_get_time() -%}
    cast(timezone('UTC', now()) as timestamp)
{%- endmacro %}

{# Sessions of Redshift are in UTC, and it has no now() of PostgreSQL's kind. #}
{% macro redshift__snapshot_get_time() -%}
    cast(getdate() as timestamp)
{%- endmacro %}

{% macro snowflake__snapshot_get_time() -%}
    cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz)
{%- endmacro %}

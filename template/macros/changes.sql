{#
    How a run finds what changed: rows newer than all that a fact has seen are new; rows in the
    overlap before that (var late_arrival, in days) are compared, first by load time, then by key.
#}

{#
    The table of a model as an earlier run left it; none where there is no such table, or where this
    run rebuilds everything. Without ref(), because what asks is upstream of that model.
#}
{% macro built_before(model_name) %}
    {% if not execute or flags.FULL_REFRESH %}
        {% do return(none) %}
    {% endif %}
    {% for node in graph.nodes.values()
        if node.name == model_name and node.package_name == project_name %}
        {% do return(load_relation(api.Relation.create(
            database=node.database, schema=node.schema, identifier=node.alias
        ))) %}
    {% endfor %}
    {% do return(none) %}
{% endmacro %}


{#
    A number of 40 bits made from the values of some columns. Two rows that differ get the same one
    once in 10^12 times. Sums of a million of them fit into 64 bits.
#}
{% macro row_fingerprint(columns) -%}
    {{ return(adapter.dispatch('row_fingerprint')(columns)) }}
{%- endmacro %}

{% macro default__row_fingerprint(columns) -%}
    cast(hash({{ columns | join(', ') }}) & 1099511627775 as bigint)
{%- endmacro %}

{% macro postgres__row_fingerprint(columns) -%}
    (hashtextextended(cast(row({{ columns | join(', ') }}) as text), 0) & 1099511627775)
{%- endmacro %}

{% macro snowflake__row_fingerprint(columns) -%}
    cast(bitand(hash({{ columns | join(', ') }}), 1099511627775) as bigint)
{%- endmacro %}

{% macro bigquery__row_fingerprint(columns) -%}
    (farm_fingerprint(to_json_string(struct({{ columns | join(', ') }}))) & 1099511627775)
{%- endmacro %}

{# Nulls leave Spark's hash as it was, so each column says whether it is one. #}
{% macro spark__row_fingerprint(columns) -%}
    (xxhash64(
        {%- for column in columns -%}
        {{ column }}, {{ column }} is null{{ ', ' if not loop.last }}
        {%- endfor -%}
    ) & 1099511627775)
{%- endmacro %}

{% macro databricks__row_fingerprint(columns) -%}
    {{ return(spark__row_fingerprint(columns)) }}
{%- endmacro %}

{# Redshift hashes one text; control characters mark nulls and the ends of values. #}
{% macro redshift__row_fingerprint(columns) -%}
    (farmfingerprint64(
        {%- for column in columns -%}
        coalesce(cast({{ column }} as varchar(65535)), chr(1)) || chr(2)
        {{- ' || ' if not loop.last }}
        {%- endfor -%}
    ) & 1099511627775)
{%- endmacro %}


{#
    Keys of rows that differ between what the source has now and what a fact has, as a query.
    entity: what the rows are, as in the mappings.
    incoming, built: relations with the same columns; built is the fact of the runs before.
    key: the column whose rows are replaced as a whole.
    compared: the columns that are compared, load time included.
    Each system has a newest load time of its own. Where one has no load times, rows since
    lookback_start() are compared by `dated`, a condition on both relations.
#}
{% macro changed_keys(entity, incoming, built, key, compared, dated=none) %}
    {% set windows = [] %}
    {% set news = [] %}
    {% set several = mappings() | length > 1 %}
    {% for system in mappings() %}
        {% set only = "source_system = '" ~ system ~ "' and " if several else '' %}
        {% set newest = newest_seen('loaded_at', built, system if several else none) %}
        {% set since_overlap -%}
            cast(
                {{ dbt.dateadd('day', -var('late_arrival', 3), newest) }}
                as {{ dbt.type_timestamp() }}
            )
        {%- endset %}
        {% if has_load_times(system, entity) %}
            {% do windows.append(only ~ 'loaded_at >= ' ~ since_overlap) %}
            {% do news.append(only ~ 'loaded_at > ' ~ newest) %}
        {% else %}
            {% do windows.append(only ~ dated) %}
        {% endif %}
    {% endfor %}
    {% set window = '((' ~ windows | join(') or (') ~ '))' if several else windows[0] %}
    {% set arrived = 'select ' ~ key ~ ' from ' ~ incoming ~ ' where '
        ~ news | join(' or ') if news else none %}

    {% set both_sides %}
        select
            {{ key }} as changed_key,
            loaded_at as compared_at,
            {{ row_fingerprint(compared) }} as fingerprint,
            1 as occurrences
        from {{ incoming }}
        where {{ window }}
            {% if arrived %}and {{ key }} not in ({{ arrived }}){% endif %}

        union all

        select
            {{ key }} as changed_key,
            loaded_at as compared_at,
            -{{ row_fingerprint(compared) }} as fingerprint,
            -1 as occurrences
        from {{ built }}
        where {{ window }}
            {% if arrived %}and {{ key }} not in ({{ arrived }}){% endif %}
    {% endset %}

    {% if arrived %}
    {{ arrived }}

    union all
    {% endif %}

    -- a load time of which both sides hold the same is not looked at row by row
    select both_sides.changed_key as {{ key }}
    from ({{ both_sides }}) as both_sides
    {% if arrived %}
    where
        both_sides.compared_at in (
            select by_load_time.compared_at
            from ({{ both_sides }}) as by_load_time
            group by by_load_time.compared_at
            having sum(by_load_time.fingerprint) <> 0 or sum(by_load_time.occurrences) <> 0
        )
    {% endif %}
    group by both_sides.changed_key
    having sum(both_sides.fingerprint) <> 0 or sum(both_sides.occurrences) <> 0
{% endmacro %}


{# Keys of which one of two relations has more rows than the other, as a query. #}
{% macro one_sided_keys(incoming, built, key) %}
    select sides.{{ key }}
    from (
        select {{ key }}, 1 as occurrences from {{ incoming }}
        union all
        select {{ key }}, -1 as occurrences from {{ built }}
    ) as sides
    group by sides.{{ key }}
    having sum(sides.occurrences) <> 0
{% endmacro %}


{#
    Deletes the rows of customers who have to be counted again from customer_category_revenue: an
    order changed that is or was theirs, a product that they bought changed, or the number of their
    lines or their revenue differs (then the as-of date moved, or the var revenue_basis changed).
#}
{% macro forget_changed_customers() %}
    delete from {{ this }}
    where
        customer_key in (
            select changed.customer_key from {{ ref('int_changed_orders') }} as changed
            where changed.customer_key is not null

            union all

            select orders.customer_key from {{ ref('fct_orders') }} as orders
            where
                orders.customer_key is not null
                and orders.order_key in (
                    select changed.order_key from {{ ref('int_changed_orders') }} as changed
                )

            union all

            select bought.customer_key from {{ ref('fct_order_lines') }} as bought
            where
                bought.customer_key is not null
                and bought.product_key in (
                    select changed.product_key from {{ ref('int_changed_products') }} as changed
                )

            union all

            select counts.customer_key
            from (
                select
                    customer_key,
                    lines,
                    {{ basis_revenue() }} as revenue
                from {{ ref('fct_orders') }}
                where
                    not is_cancelled
                    and customer_key is not null
                    and order_date <= {{ as_of_date() }}

                union all

                -- each line counts once in each scheme
                select
                    customer_key,
                    -lines as lines,
                    -revenue as revenue
                from {{ this }}
                where scheme = 'mfgr'
            ) as counts
            group by counts.customer_key
            having sum(counts.lines) <> 0 or sum(counts.revenue) <> 0
        )
{% endmacro %}

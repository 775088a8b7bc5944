{#
    Drops the schemas that pull requests built: those of the pull request in DBT_SCHEMA (pr_7), or
    of all of them (pr_all). An open one that is built again makes its schemas anew.
    Refuses any target but ci, and any prefix that is not a pull request's.
#}
{% macro drop_pull_request_schemas() %}
    {% set prefix = target.schema | lower %}
    {% if target.name != 'ci' or not modules.re.match('^pr_([0-9]+|all)$', prefix) %}
        {{ exceptions.raise_compiler_error(
            'Only for the target ci with DBT_SCHEMA=pr_<number> or pr_all, not for '
            ~ target.name ~ ' with ' ~ target.schema
        ) }}
    {% endif %}
    {% set pattern = '^pr_[0-9]+_' if prefix == 'pr_all' else '^' ~ prefix ~ '_' %}
    {% for row in dbt.list_schemas(target.database) %}
        {# a name, or a row: its column `name` (Snowflake's start with a time), else its first #}
        {% set schema = row if row is string else row.get('name', row[0]) %}
        {% if modules.re.match(pattern, schema | lower) %}
            {% do log('dropping ' ~ schema, info=true) %}
            {% set relation = api.Relation.create(database=target.database, schema=schema) %}
            {% do adapter.drop_schema(relation) %}
        {% endif %}
    {% endfor %}
{% endmacro %}

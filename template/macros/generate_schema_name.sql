{#
    The schema of every model, seed, snapshot and Elementary table.
    prod and local: exactly the configured name (local is a file that nobody shares).
    Every other target: the configured name behind the target's own schema (DBT_SCHEMA) as a prefix,
    so developers and pull requests never write where production or a colleague does.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- elif target.name in ('prod', 'local') -%}
        {{ custom_schema_name | trim }}
    {%- else -%}
        {{ target.schema }}_{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}

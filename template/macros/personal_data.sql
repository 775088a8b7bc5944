{#
    Hides the columns of a table that are tagged pii, by the policy that warehouse/bootstrap.sql
    made (var personal_data_policy). A post-hook, because a table built anew has lost its masks.
    Does nothing on a target without a policy, and to views: those show what their tables show.
#}
{% macro mask_personal_data() %}
    {% set policies = var('personal_data_policy', none) %}
    {% set policy = policies.get(target.name) if policies is mapping else policies %}
    {% set personal = {} %}
    {% for column in model.columns.values() if 'pii' in column.tags %}
        {% do personal.update({column.name: column}) %}
    {% endfor %}
    {% if policy and personal and model.config.materialized != 'view' %}
        {% do adapter.dispatch('mask_columns')(this, personal, policy) %}
    {% endif %}
{% endmacro %}


{% macro default__mask_columns(relation, columns, policy) %}
    {% for column in columns %}
        {% do run_query(adapter.dispatch('mask_column')(relation, column, policy)) %}
    {% endfor %}
{% endmacro %}

{# BigQuery's policy tags are set through its API, all columns of a table at once. #}
{% macro bigquery__mask_columns(relation, columns, policy) %}
    {% set tagged = {} %}
    {% for name, column in columns.items() %}
        {% do tagged.update({name: dict(column, policy_tags=[policy])}) %}
    {% endfor %}
    {% do adapter.update_columns(relation, tagged) %}
{% endmacro %}


{% macro default__mask_column(relation, column, policy) %}
    {{ exceptions.raise_compiler_error(
        adapter.type() ~ ' has no masks: take the target ' ~ target.name
        ~ ' out of the var personal_data_policy'
    ) }}
{% endmacro %}

{# force: in place of the mask that an incremental table still has #}
{% macro snowflake__mask_column(relation, column, policy) -%}
    alter table {{ relation }} modify column {{ column }} set masking policy {{ policy }} force
{%- endmacro %}

{% macro databricks__mask_column(relation, column, policy) -%}
    alter table {{ relation }} alter column {{ column }} set mask {{ policy }}
{%- endmacro %}

{# Here the policy is a procedure: Redshift lets nobody but security administrators attach one. #}
{% macro redshift__mask_column(relation, column, policy) -%}
    call {{ policy }}('{{ relation.schema }}', '{{ relation.identifier }}', '{{ column }}')
{%- endmacro %}

{#-
    The settings that the facts were built with. A later run compares them with its own, and asks
    for a full refresh where they differ: facts are not rewritten by a changed setting.
-#}
{{ config(materialized='table') }}
{%- do after('int_input_checks') -%}

with

settings as (

    {% for setting, value in fact_settings().items() %}
    select
        '{{ setting }}' as setting,
        '{{ value | replace("'", "''") }}' as setting_value
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        cast(setting as {{ dbt.type_string() }}) as setting,
        cast(setting_value as {{ dbt.type_string() }}) as setting_value

    from settings

)

select * from final

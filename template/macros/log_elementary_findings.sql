{#
    Ends a run with what Elementary's tests found, one line per finding: the table and a sentence.
    dbt's own warning only counts the rows. A hook of on-run-end; dbt runs it after Elementary's
    own, which writes the results that it reads.
#}
{% macro log_elementary_findings(results) %}
    {% if execute and flags.WHICH in ('build', 'test') %}
        {% set noticed = [] %}
        {% for result in results if result.status in ('warn', 'fail') %}
            {% set test = result.node.test_metadata %}
            {% if test and test.namespace == 'elementary' %}
                {% do noticed.append(result.node.unique_id) %}
            {% endif %}
        {% endfor %}
        {% if noticed %}
            {% set findings = run_query(
                "select table_name, test_results_description from "
                ~ elementary.get_elementary_relation('elementary_test_results')
                ~ " where invocation_id = '" ~ invocation_id ~ "' and status in ('warn', 'fail')"
                ~ " and test_unique_id in ('" ~ noticed | join("', '") ~ "')"
                ~ " order by table_name, test_results_description"
            ) %}
            {% for finding in findings.rows %}
                {% do log(
                    'Elementary noticed in ' ~ finding[0] | lower ~ ': ' ~ finding[1], info=true
                ) %}
            {% endfor %}
        {% endif %}
    {% endif %}
{% endmacro %}

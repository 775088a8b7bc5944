{#
    Ends a run with what Elementary's tests found, one line per finding: the table and a sentence.
    dbt's own warning only counts the rows. A hook of on-run-end: dbt runs a project's hook before
    those of packages, so the results are still in Elementary's memory, and not yet in its tables.
#}
{% macro log_elementary_findings(results) %}
    {% if execute and flags.WHICH in ('build', 'test') %}
        {% set found = elementary.get_cache('elementary_test_results', {}) %}
        {% for result in results if result.status in ('warn', 'fail') %}
            {% set test = result.node.test_metadata %}
            {% if test and test.namespace == 'elementary' %}
                {% for row in found.get(result.node.unique_id, []) %}
                    {% if elementary.get_normalized_test_status(result, row) != 'pass' %}
                        {% do log(
                            'Elementary noticed in ' ~ row.table_name | lower ~ ': '
                            ~ row.test_results_description.split() | join(' '), info=true
                        ) %}
                    {% endif %}
                {% endfor %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

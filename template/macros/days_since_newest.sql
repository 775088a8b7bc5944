{#
    How many whole days lie between the newest date in a column of the tested model (or the var
    as_of_date) and now. Tests that look back from the clock take it as a delay, and so look back
    from the as-of date. 0 while dbt only parses, and for a model that is empty or not there.
#}
{% macro days_since_newest(column) %}
    {% set as_of = var('as_of_date', none) %}
    {% if execute and not as_of %}
        {% set node = graph.nodes[model.attached_node] %}
        {% set relation = adapter.get_relation(node.database, node.schema, node.alias) %}
        {% if relation %}
            {% set newest = run_query('select max(' ~ column ~ ') as newest from ' ~ relation) %}
            {% set as_of = newest.columns[0].values()[0] %}
        {% endif %}
    {% endif %}
    {% if not as_of %}
        {% do return(0) %}
    {% endif %}
    {% set as_of = modules.datetime.date.fromisoformat((as_of | string)[:10]) %}
    {% do return([(run_started_at.date() - as_of).days, 0] | max) %}
{% endmacro %}

{#
    Fails for every combination of the key columns that occurs twice or holds a null.
    columns: the key. nullable: those of them that may be null (a null counts as a value then).
#}
{% test primary_key(model, columns, nullable=[]) %}

select
    {{ columns | join(', ') }},
    count(*) as occurrences

from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns if column not in nullable %}
    or {{ column }} is null
    {% endfor %}

{% endtest %}

{#-
    What is wrong with the seed marketing_spend, a sentence per kind of fault; empty where all is
    well. The post-hook ends the run where there is a row, and every mart depends on this model.
    Without customers there is nothing to check: a shop that has not opened, or `dbt build
    --empty`.
-#}
{{
    config(
        post_hook=[
            {
                'sql': "{{ refuse_if_any('The seed marketing_spend has faults. '
                    ~ 'Correct the file seeds/marketing_spend.csv.') }}",
                'transaction': false
            },
            {
                'sql': "{{ warn_of_brand_spend_only() }}",
                'transaction': false
            }
        ]
    )
}}
{%- set text = dbt.type_string() -%}

with

spend as (

    select * from {{ ref('marketing_spend') }}

),

segments as (

    select distinct market_segment from {{ ref('dim_customers') }}

),

spend_totals as (

    select
        count(*) as spend_rows,
        sum(case when extract(day from spend_month) <> 1 then 1 else 0 end) as odd_months,
        min(case when extract(day from spend_month) <> 1 then spend_month end) as odd_month

    from spend

),

strangers as (

    select
        count(*) as spend_rows,
        min(spend.market_segment) as market_segment

    from spend
    left join segments
        on spend.market_segment = segments.market_segment
    where spend.market_segment is not null and segments.market_segment is null

),

sentences as (

    {% if 'spend' in var('left_out', []) %}
    select
        'It has ' || cast(spend_rows as {{ text }}) || ' rows, but the var left_out lists spend. '
        || 'Remove spend from left_out in dbt_project.yml.' as sentence

    from spend_totals
    where spend_rows > 0
    {% else %}
    select
        'It has no rows. Add the spend of at least one month; an amount of 0 is enough where you '
        || 'spent nothing. Or add spend to the var left_out to skip q06.' as sentence

    from spend_totals
    where spend_rows = 0
    {% endif %}

    union all

    select
        cast(odd_months as {{ text }}) || ' rows have a spend_month that is not the first day '
        || 'of its month, such as ' || cast(odd_month as {{ text }})
        || '. Write the first day.' as sentence

    from spend_totals
    where odd_months > 0

    union all

    select
        cast(spend_rows as {{ text }}) || ' rows name a market_segment that no customer has, such '
        || 'as "' || market_segment || '". Write a segment of your customers, or leave it empty '
        || 'for brand spend.' as sentence

    from strangers
    where spend_rows > 0

),

final as (

    select cast(sentence as {{ text }}) as sentence

    from sentences
    where exists (select segments.market_segment from segments)

)

select * from final

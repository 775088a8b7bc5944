-- Every combination of the three scores lies in exactly one range of the seed: no gap, no overlap.
with

scores as (

    {% for score in range(1, 6) %}
    select {{ score }} as score {{ 'union all' if not loop.last }}
    {% endfor %}

),

combinations as (

    select
        recency_scores.score as r_score,
        frequency_scores.score as f_score,
        monetary_scores.score as m_score

    from scores as recency_scores
    cross join scores as frequency_scores
    cross join scores as monetary_scores

),

ranges as (

    select
        combinations.r_score,
        combinations.f_score,
        combinations.m_score,
        sum(case
            when
                combinations.r_score between segments.r_min and segments.r_max
                and combinations.f_score between segments.f_min and segments.f_max
                and combinations.m_score between segments.m_min and segments.m_max
                then 1
            else 0
        end) as matching_ranges

    from combinations
    cross join {{ ref('rfm_segments') }} as segments
    group by combinations.r_score, combinations.f_score, combinations.m_score

)

select *
from ranges
where matching_ranges <> 1

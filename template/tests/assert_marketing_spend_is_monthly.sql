-- A spend month is the first day of its month: another day would cut or stretch the period that
-- q06 counts.
select spend_month
from {{ ref('marketing_spend') }}
where extract(day from spend_month) <> 1

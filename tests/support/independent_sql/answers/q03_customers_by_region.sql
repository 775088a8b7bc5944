select
    region_name,
    count(customer_key) as customers,
    ratio(count(customer_key), (select count(*) from customer_totals), 6) as share_of_customers,
    count(customer_key) filter (orders > 0) as buyers,
    -- nations with customers; `unknown` has no key
    count(distinct nation_key) + count(distinct nation_name) filter (nation_key is null) as nations,
    round(coalesce(sum(revenue), 0), 4) as revenue
from regions
left join customer_totals using (region_name)
group by region_name
order by customers desc, region_name

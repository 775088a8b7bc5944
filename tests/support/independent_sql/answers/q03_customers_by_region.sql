select
    region_name,
    count(customer_key) as customers,
    ratio(count(customer_key), (select count(*) from customer_totals), 6) as share_of_customers,
    count(customer_key) filter (orders > 0) as buyers,
    count(distinct nation_name) as nations,
    coalesce(sum(revenue), 0) as revenue
from regions
left join customer_totals using (region_name)
group by region_name
order by customers desc, region_name

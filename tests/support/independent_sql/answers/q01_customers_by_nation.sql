select
    region_name,
    nation_name,
    count(customer_key) as customers,
    ratio(count(customer_key), (select count(*) from customer_totals), 6) as share_of_customers,
    count(customer_key) filter (orders > 0) as buyers,
    coalesce(sum(revenue), 0) as revenue
from nations
left join customer_totals using (region_name, nation_name)
group by region_name, nation_name
order by customers desc, nation_name

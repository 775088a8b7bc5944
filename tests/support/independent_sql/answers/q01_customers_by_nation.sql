select
    nations.region_name,
    nations.nation_name,
    count(customer_key) as customers,
    ratio(count(customer_key), (select count(*) from customer_totals), 6) as share_of_customers,
    count(customer_key) filter (orders > 0) as buyers,
    round(coalesce(sum(revenue), 0), 4) as revenue
from nations
left join customer_totals on customer_totals.nation_key is not distinct from nations.nation_key
group by nations.nation_key, nations.region_name, nations.nation_name
order by customers desc, nations.nation_name, nations.nation_key

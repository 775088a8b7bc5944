select
    customers.customer_key as c_custkey,
    customers.customer_name as c_name,
    sum(lines.revenue) as revenue,
    customers.account_balance as c_acctbal,
    customers.nation_name as n_name,
    customers.address as c_address,
    customers.phone as c_phone,
    customers.comment as c_comment
from core.fct_order_lines as lines
join core.dim_customers as customers on customers.customer_key = lines.customer_key
join core.dim_dates as dates on dates.date_day = lines.order_date
where dates.quarter_start = date '1993-10-01' and lines.return_flag = 'R'
group by
    customers.customer_key,
    customers.customer_name,
    customers.account_balance,
    customers.nation_name,
    customers.address,
    customers.phone,
    customers.comment
order by revenue desc, c_custkey
limit 20

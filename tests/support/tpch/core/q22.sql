with customers as (
    select *
    from core.dim_customers
    where phone_country_code in ('13', '31', '23', '29', '30', '18', '17')
)

select
    phone_country_code as cntrycode,
    count(*) as numcust,
    sum(account_balance) as totacctbal
from customers
where
    account_balance > (select avg(account_balance) from customers where account_balance > 0.00)
    and customer_key not in (select customer_key from core.fct_orders)
group by phone_country_code
order by cntrycode

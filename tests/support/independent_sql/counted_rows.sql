-- Raw TPC-H, whatever its faults, as the tables that shared_tables.sql counts: orders and lines that are there, customers,
-- nations, products. Keys keep the type that they are delivered with. Settings are DuckDB variables (queries.py).

-- Later than the start of the run plus one day: the date is wrong, and so is what the row says.
create or replace macro in_the_future(moment) as
    coalesce(moment::timestamp > getvariable('run_started') + interval 1 day, false);

create or replace table delivered_orders as
select
    o_orderkey as order_key,
    o_custkey as customer_key,
    o_orderdate::date as order_date,
    coalesce(list_contains(getvariable('cancelled_statuses')::varchar[], o_orderstatus), false) as is_cancelled
from orders
where
    not in_the_future(o_orderdate)
    and not in_the_future(_loaded_at)
    and o_orderdate::date >= getvariable('earliest_order_date');

create or replace table as_of as
select
    coalesce(
        getvariable('as_of_date')::date, (select max(order_date) from delivered_orders where not is_cancelled)
    ) as as_of_date;

-- Orders that count: cancelled ones and those after the as-of date do not. An order without a customer is a guest's.
create or replace table counted_orders as
select
    order_key,
    customer_key is null as is_guest,
    case when c_custkey is null and customer_key is not null then getvariable('unknown_key') else customer_key end
        as customer_key,
    order_date
from delivered_orders
cross join as_of
left join (select c_custkey from customer where not in_the_future(_loaded_at)) on c_custkey = customer_key
where not is_cancelled and order_date <= as_of_date;

-- Money is an exact decimal: 4 places in an amount, 6 in a rate, so 10 in a line's revenue; with tax it has 16 and is
-- rounded, once, to 12.
create or replace table counted_lines as
with amounts as (
    select
        l_orderkey as order_key,
        l_partkey as product_key,
        l_quantity::decimal(30, 4) as quantity,
        l_extendedprice::decimal(30, 4) as price,
        price * (1 - l_discount::decimal(8, 6)) as revenue,
        round(price * (1 - l_discount::decimal(8, 6)) * (1 + l_tax::decimal(8, 6)), 12) as revenue_with_tax,
        l_returnflag as return_flag,
        getvariable('returns') as returns
    from lineitem
    where not in_the_future(_loaded_at)
)

select
    order_key,
    is_guest,
    customer_key,
    order_date,
    product_key,
    quantity,
    revenue,
    revenue_with_tax,
    case when price < 0 and returns is distinct from 'flag' then 'refund' else 'sale' end as line_kind,
    line_kind = 'sale' and return_flag is not distinct from 'R' and returns is distinct from 'lines' as is_returned
from amounts
join counted_orders using (order_key);

create or replace table products as
select
    p_partkey as product_key,
    split_part(trim(p_type), ' ', -1) as type_material,
    split_part(trim(p_type), ' ', 1) as type_class,
    p_mfgr as mfgr,
    p_brand as brand
from part
where not in_the_future(_loaded_at);

create or replace table customers as
with all_nations as (
    select n_nationkey as nation_key, named(n_name) as nation_name, named(r_name) as region_name
    from nation
    left join region on r_regionkey = n_regionkey
)

select
    c_custkey as customer_key,
    named(c_mktsegment) as market_segment,
    nation_key,
    coalesce(nation_name, 'unknown') as nation_name,
    coalesce(region_name, 'unknown') as region_name,
    c_acctbal as account_balance
from customer
left join all_nations on nation_key = c_nationkey
where not in_the_future(_loaded_at)
union all by name
select distinct customer_key, 'unknown' as market_segment, 'unknown' as nation_name, 'unknown' as region_name
from counted_orders
where customer_key = getvariable('unknown_key');

-- Two nations may have one name; `unknown` has no key and is there only where a customer is in it.
create or replace table nations as
select n_nationkey as nation_key, named(n_name) as nation_name, named(r_name) as region_name
from nation
left join region on r_regionkey = n_regionkey
union all by name
select distinct nation_name, region_name from customers where nation_key is null;

create or replace table regions as
select named(r_name) as region_name from region
union
select region_name from customers;

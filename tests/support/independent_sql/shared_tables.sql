-- The words that every answer uses, computed once from the raw TPC-H tables (revenue, buyer, acquired, as-of date).
-- Money stays an exact decimal here; only the answers round.

create or replace table order_totals as
select
    o_orderkey as order_key,
    o_custkey as customer_key,
    o_orderdate as order_date,
    coalesce(sum(l_extendedprice * (1 - l_discount)), 0) as revenue,
    coalesce(sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), 0) as revenue_with_tax,
    coalesce(sum(l_extendedprice * (1 - l_discount)) filter (l_returnflag = 'R'), 0) as returned_revenue,
    count(l_orderkey) as lines,
    count(l_orderkey) filter (l_returnflag = 'R') as returned_lines,
    coalesce(sum(l_quantity), 0) as quantity
from orders
left join lineitem on l_orderkey = o_orderkey
group by all;

create or replace table customer_totals as
select
    c_custkey as customer_key,
    c_mktsegment as market_segment,
    n_name as nation_name,
    r_name as region_name,
    c_acctbal as account_balance,
    count(order_key) as orders,
    min(order_date) as first_order,
    max(order_date) as last_order,
    coalesce(sum(revenue), 0) as revenue
from customer
left join nation on n_nationkey = c_nationkey
left join region on r_regionkey = n_regionkey
left join order_totals on customer_key = c_custkey
group by all;

-- One row for each buyer, category scheme and category bought.
create or replace table category_totals as
with purchases as (
    select
        o_custkey as customer_key,
        split_part(p_type, ' ', -1) as type_material,
        split_part(p_type, ' ', 1) as type_class,
        p_mfgr as mfgr,
        p_brand as brand,
        l_extendedprice * (1 - l_discount) as revenue
    from lineitem
    join orders on o_orderkey = l_orderkey
    join part on p_partkey = l_partkey
)
select
    customer_key,
    case
        when grouping(type_material) = 0 then 'type_material'
        when grouping(type_class) = 0 then 'type_class'
        when grouping(mfgr) = 0 then 'mfgr'
        else 'brand'
    end as scheme,
    coalesce(type_material, type_class, mfgr, brand) as category,
    sum(revenue) as revenue
from purchases
group by grouping sets (
    (customer_key, type_material), (customer_key, type_class), (customer_key, mfgr), (customer_key, brand)
);

create or replace view segments as
select distinct c_mktsegment as market_segment from customer;

create or replace view nations as
select n_name as nation_name, r_name as region_name
from nation
join region on r_regionkey = n_regionkey;

create or replace view regions as
select r_name as region_name from region;

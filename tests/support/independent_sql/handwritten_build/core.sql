-- The core by hand: what the template's eight core models hold, straight from the raw tables.

create schema core;

create table core.dim_geography as
select
    n_nationkey as nation_key,
    n_name as nation_name,
    r_regionkey as region_key,
    r_name as region_name,
    n_comment as nation_comment,
    r_comment as region_comment
from nation
join region on r_regionkey = n_regionkey;

create table core.dim_customers as
select
    c_custkey as customer_key,
    c_name as customer_name,
    c_mktsegment as market_segment,
    nation_key,
    nation_name,
    region_name,
    c_acctbal as account_balance,
    c_address as address,
    c_phone as phone,
    left(c_phone, 2) as phone_country_code,
    c_comment as comment
from customer
left join core.dim_geography on nation_key = c_nationkey;

create table core.dim_suppliers as
select
    s_suppkey as supplier_key,
    s_name as supplier_name,
    nation_key,
    nation_name,
    region_name,
    s_acctbal as account_balance,
    s_address as address,
    s_phone as phone,
    s_comment as comment
from supplier
left join core.dim_geography on nation_key = s_nationkey;

create table core.dim_products as
select
    p_partkey as product_key,
    p_name as product_name,
    p_mfgr as manufacturer,
    p_brand as brand,
    p_type as product_type,
    split_part(p_type, ' ', 1) as type_class,
    split_part(p_type, ' ', 2) as type_finish,
    split_part(p_type, ' ', 3) as type_material,
    p_size as size,
    p_container as container,
    p_retailprice as retail_price,
    p_comment as comment
from part;

create table core.fct_part_supply as
select
    ps_partkey as product_key,
    ps_suppkey as supplier_key,
    ps_availqty as available_quantity,
    ps_supplycost as supply_cost,
    ps_comment as comment
from partsupp;

create table core.fct_order_lines as
select
    l_orderkey as order_key,
    l_linenumber as line_number,
    l_partkey as product_key,
    l_suppkey as supplier_key,
    o_custkey as customer_key,
    o_orderdate as order_date,
    l_shipdate as ship_date,
    l_commitdate as commit_date,
    l_receiptdate as receipt_date,
    l_returnflag as return_flag,
    l_linestatus as line_status,
    l_shipmode as ship_mode,
    l_shipinstruct as ship_instructions,
    l_quantity as quantity,
    l_extendedprice as extended_price,
    l_discount as discount,
    l_tax as tax,
    l_extendedprice * (1 - l_discount) as revenue,
    l_extendedprice * (1 - l_discount) * (1 + l_tax) as revenue_with_tax,
    l_comment as comment
from lineitem
join orders on o_orderkey = l_orderkey;

create table core.fct_orders as
with lines as (
    select
        order_key,
        count(*) as lines,
        count(*) filter (return_flag = 'R') as returned_lines,
        sum(quantity) as quantity,
        sum(revenue) as revenue,
        sum(revenue_with_tax) as revenue_with_tax,
        sum(revenue) filter (return_flag = 'R') as returned_revenue
    from core.fct_order_lines
    group by all
)

select
    o_orderkey as order_key,
    o_custkey as customer_key,
    o_orderdate as order_date,
    o_orderstatus as order_status,
    o_orderpriority as order_priority,
    o_clerk as clerk,
    o_shippriority as ship_priority,
    o_totalprice as total_price,
    o_comment as comment,
    coalesce(lines, 0) as lines,
    coalesce(returned_lines, 0) as returned_lines,
    coalesce(quantity, 0) as quantity,
    coalesce(revenue, 0) as revenue,
    coalesce(revenue_with_tax, 0) as revenue_with_tax,
    coalesce(returned_revenue, 0) as returned_revenue
from orders
left join lines on order_key = o_orderkey;

create table core.dim_dates as
with days as (
    select unnest(generate_series(
        date_trunc('year', least(min(order_date), min(ship_date))),
        date_trunc('year', max(receipt_date)) + interval 1 year - interval 1 day,
        interval 1 day
    ))::date as date_day
    from core.fct_order_lines
)

select
    date_day,
    date_trunc('month', date_day)::date as month_start,
    date_trunc('quarter', date_day)::date as quarter_start,
    date_trunc('year', date_day)::date as year_start,
    year(date_day) as year_number,
    quarter(date_day) as quarter_number,
    month(date_day) as month_number
from days;

-- The tables that the answers share, over the core: the same tables as ../shared_tables.sql, which the answers read.

create table as_of as
select max(order_date) as as_of_date from core.fct_orders;

create view order_totals as
from core.fct_orders;

create table customer_totals as
with bought as (
    select
        customer_key,
        count(*) as orders,
        min(order_date) as first_order,
        max(order_date) as last_order,
        sum(revenue) as revenue
    from core.fct_orders
    group by all
)

select
    customer_key,
    market_segment,
    nation_name,
    region_name,
    account_balance,
    coalesce(orders, 0) as orders,
    first_order,
    last_order,
    coalesce(revenue, 0) as revenue
from core.dim_customers
left join bought using (customer_key);

create table category_totals as
with purchases as (
    select customer_key, type_material, type_class, manufacturer as mfgr, brand, sum(revenue) as revenue
    from core.fct_order_lines
    join core.dim_products using (product_key)
    group by grouping sets (
        (customer_key, type_material),
        (customer_key, type_class),
        (customer_key, mfgr),
        (customer_key, brand)
    )
)

select
    customer_key,
    case
        when type_material is not null then 'type_material'
        when type_class is not null then 'type_class'
        when mfgr is not null then 'mfgr'
        else 'brand'
    end as scheme,
    coalesce(type_material, type_class, mfgr, brand) as category,
    revenue
from purchases;

create view segments as
select distinct market_segment from core.dim_customers;

create view nations as
select nation_name, region_name from core.dim_geography;

create view regions as
select distinct region_name from core.dim_geography;

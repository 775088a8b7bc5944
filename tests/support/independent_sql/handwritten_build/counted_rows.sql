-- What shared_tables.sql counts, over the core: the same tables as counted_rows.sql of the folder above makes of the raw ones. It serves TPC-H
-- alone, which has no guests, no refunds and nothing cancelled.

create table as_of as
select max(order_date) as as_of_date from core.fct_orders;

create view counted_orders as
select order_key, false as is_guest, customer_key, order_date from core.fct_orders;

create view counted_lines as
select
    *,
    false as is_guest,
    'sale' as line_kind,
    return_flag = 'R' as is_returned
from core.fct_order_lines;

create view products as
select product_key, type_material, type_class, manufacturer as mfgr, brand from core.dim_products;

create view customers as
select customer_key, market_segment, nation_key, nation_name, region_name, account_balance from core.dim_customers;

create view nations as
select nation_key, nation_name, region_name from core.dim_geography;

create view regions as
select distinct region_name from core.dim_geography;

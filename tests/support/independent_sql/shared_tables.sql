-- The words that every answer uses, computed once (revenue, buyer, acquired). Money stays an exact decimal here; only
-- the answers round. Under the setting revenue_basis = net, `revenue` is net revenue here and in every answer, but
-- for `gross_revenue`.

-- One row for each order that counts, refunds and guests included.
create or replace table order_totals as
select
    order_key,
    is_guest,
    customer_key,
    order_date,
    count(*) filter (line_kind = 'sale') as lines,
    lines > 0 as is_sale,
    count(*) filter (is_returned) as returned_lines,
    coalesce(sum(quantity) filter (line_kind = 'sale'), 0) as quantity,
    coalesce(sum(revenue) filter (line_kind = 'sale'), 0) as gross_revenue,
    coalesce(sum(revenue_with_tax) filter (line_kind = 'sale'), 0) as revenue_with_tax,
    coalesce(sum(abs(revenue)) filter (is_returned or line_kind = 'refund'), 0) as returned_revenue,
    gross_revenue - returned_revenue as net_revenue,
    case when getvariable('revenue_basis') = 'net' then net_revenue else gross_revenue end as revenue
from counted_orders
left join (select * exclude (is_guest, customer_key, order_date) from counted_lines) using (order_key)
group by all;

-- Orders of customers with something sold: what is counted, and what gaps and dates are taken from.
create or replace view sales as
from order_totals where is_sale and not is_guest;

-- One row for each customer. A buyer has orders; a customer with refunds alone has money only.
create or replace table customer_totals as
with totals as (
    select
        customer_key,
        count(*) filter (is_sale) as orders,
        min(order_date) filter (is_sale) as first_order,
        max(order_date) filter (is_sale) as last_order,
        sum(lines) as lines,
        sum(returned_lines) as returned_lines,
        sum(quantity) as quantity,
        sum(revenue) as revenue,
        sum(gross_revenue) as gross_revenue,
        sum(revenue_with_tax) as revenue_with_tax,
        sum(returned_revenue) as returned_revenue,
        sum(net_revenue) as net_revenue,
        count(*) filter (is_sale and order_date > as_of_date - 365) as orders_365d,
        sum(revenue) filter (order_date > as_of_date - 365) as revenue_365d
    from order_totals
    cross join as_of
    where not is_guest
    group by all
)

select
    customers.*,
    first_order,
    last_order,
    coalesce(columns(totals.* exclude (customer_key, first_order, last_order)), 0)
from customers
left join totals using (customer_key);

-- One row for each customer, category scheme and category bought (or given back); `lines` counts what was sold.
create or replace table category_totals as
with purchases as (
    select
        customer_key,
        named(type_material) as type_material,
        named(type_class) as type_class,
        named(mfgr) as mfgr,
        named(brand) as brand,
        line_kind = 'sale' as is_sale,
        case
            when line_kind = 'sale' and (getvariable('revenue_basis') = 'gross' or not is_returned) then revenue
            when line_kind = 'refund' and getvariable('revenue_basis') = 'net' then revenue
            else 0
        end as revenue
    from counted_lines
    left join products using (product_key)
    where not is_guest
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
    sum(revenue) as revenue,
    count(*) filter (is_sale) as lines
from purchases
group by grouping sets (
    (customer_key, type_material), (customer_key, type_class), (customer_key, mfgr), (customer_key, brand)
);

create or replace view segments as
select distinct market_segment from customers;

-- Orders that several suppliers served and only one served late.
with served as (
    select
        order_key,
        count(distinct supplier_key) as suppliers,
        min(supplier_key) filter (where receipt_date > commit_date) as first_late,
        max(supplier_key) filter (where receipt_date > commit_date) as last_late,
        count(*) filter (where receipt_date > commit_date) as late_lines
    from core.fct_order_lines
    group by order_key
)

select suppliers.supplier_name as s_name, sum(served.late_lines) as numwait
from served
join core.fct_orders as orders on orders.order_key = served.order_key
join core.dim_suppliers as suppliers on suppliers.supplier_key = served.first_late
where
    orders.order_status = 'F'
    and served.first_late = served.last_late
    and served.suppliers > 1
    and suppliers.nation_name = 'SAUDI ARABIA'
group by suppliers.supplier_name
order by numwait desc, s_name
limit 100

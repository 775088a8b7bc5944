select
    return_flag as l_returnflag,
    line_status as l_linestatus,
    sum(quantity) as sum_qty,
    sum(extended_price) as sum_base_price,
    sum(revenue) as sum_disc_price,
    sum(revenue_with_tax) as sum_charge,
    avg(quantity) as avg_qty,
    avg(extended_price) as avg_price,
    avg(discount) as avg_disc,
    count(*) as count_order
from core.fct_order_lines
where ship_date <= date '1998-09-02'
group by return_flag, line_status
order by return_flag, line_status

"""Small shops in the shapes that clients' exports have, made here: `write(shape, folder)`.

Every one has faults that a profile has to show; the names of people are made up by number.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

LOADED = "timestamp '2026-01-05 02:00:00' as _loaded_at"

# customers, orders, payments; no lines and no products
CLASSIC = {
    "customers": f"""
        select i as id, 'First' || i as first_name, 'Last' || i as last_name,
            'Person' || i || '@Example.com' as email, ['Chile', 'Kenya', null][1 + i % 3] as country,
            {LOADED}
        from range(1, 121) as t(i)""",
    "orders": f"""
        select i as id, nullif(1 + i * 7 % 130, 130) as user_id,
            (date '2024-01-01' + interval (i) day)::date as order_date,
            ['completed', 'returned', 'Void'][1 + i % 3] as status, {LOADED}
        from range(1, 401) as t(i)""",
    "payments": f"""
        select i as id, 1 + i * 3 % 400 as order_id, ['card', 'voucher'][1 + i % 2] as payment_method,
            (i % 90 + 0.25)::decimal(9, 2) as amount, {LOADED}
        from range(1, 601) as t(i)""",
}
# a till: invoices of several lines, cancellations as documents of their own, guests
TILL = {
    "sales": """
        select case when i % 50 = 0 then 'C' else '' end || (536000 + i // 4) as InvoiceNo,
            'P' || (i * 13 % 40) as StockCode, 'Thing ' || (i * 13 % 40) as Description,
            case when i % 50 = 0 then -1 else 1 + i % 5 end as Quantity,
            timestamp '2024-03-01 08:26:00' + interval (i // 4 * 7) hour as InvoiceDate,
            (1.25 + i % 7)::double as UnitPrice,
            case when i // 4 % 5 > 0 then 12000 + i // 4 % 60 end as CustomerID,
            ['France', 'EIRE'][1 + i // 4 % 2] as Country
        from range(0, 1200) as t(i)"""
}
# a plain log: no ids, and rows that are equal
LOG = {
    "log": """
        select 'member' || (i % 30) || '@example.org' as customer,
            (date '2025-01-01' + interval (i // 3 % 200) day)::date as sold_on,
            (5 + i // 3 % 4)::decimal(9, 2) as amount
        from (select unnest([i, i]) as i from range(0, 300) as t(i))"""
}
# an online shop: UUIDs, JSON, soft deletes, placeholder dates and dates ahead
ONLINE = {
    "users": """
        select md5('u' || i)::uuid as user_id, 'User ' || i as full_name,
            '+49 30 ' || (1000000 + i) as phone, date '1980-01-01' + interval (i) day as birth_date,
            json_object('tier', ['gold', 'basic'][1 + i % 2]) as attributes,
            case when i % 40 = 0 then timestamp '2025-05-01' end as deleted_at,
            timestamp '2026-01-05 02:00:00' as _fivetran_synced
        from range(1, 81) as t(i)""",
    "shop_orders": """
        select md5('o' || i)::uuid as order_id, md5('u' || (1 + i % 80))::uuid as user_id,
            case i when 7 then timestamp '2062-08-02' when 8 then timestamp '1900-01-01'
                else timestamp '2025-01-01 10:00:00' + interval (i * 5) hour end as created_at,
            ['paid', 'cancelled'][1 + (i % 9 = 0)::int] as status, 'EUR' as currency,
            timestamp '2026-01-05 02:00:00' as _fivetran_synced
        from range(1, 301) as t(i)""",
    "order_items": """
        select md5('o' || (1 + i % 300))::uuid as order_id, 1 + i // 300 as line_no,
            md5('p' || (i % 20))::uuid as product_id, 1 + i % 3 as quantity,
            (10 + i % 8 + 0.99)::decimal(9, 2) as price,
            timestamp '2026-01-05 02:00:00' as _fivetran_synced
        from range(0, 900) as t(i)""",
    "products": """
        select md5('p' || i)::uuid as product_id, 'Product ' || i as product_name,
            ['Shoes', 'Hats'][1 + i % 2] as category, timestamp '2026-01-05 02:00:00' as _fivetran_synced
        from range(0, 20) as t(i)""",
}
# names and values that mean harm to a terminal, to YAML and to SQL
HOSTILE = {
    "customers": r"""
        select i as "id", chr(27) || '[31mred' as "na""me: #x", repeat('Q', 200000) as notes,
            chr(27) || ']0;owned' || chr(7) as kind
        from range(1, 6) as t(i)""",
    "orders": r"""
        select i as order_id, i as "customer id", date '2025-01-01' as "order",
            date '2025-01-01' as order_date, 9.5 as amount,
            case when i = 1 then chr(27) || '[2J' || chr(10) || 'a: b' when i = 2 then chr(8238) || 'evil'
                when i = 3 then '{{ 7 }}' when i = 4 then '[red]x[/red]' else 'it''s' end as status
        from range(1, 6) as t(i)""",
}
SHAPES = {"classic": CLASSIC, "till": TILL, "log": LOG, "online": ONLINE, "hostile": HOSTILE}


def write(shape: str, folder: Path, ending: str = "parquet") -> Path:
    """Write the tables of a shape into a folder, one file each; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for table, sql in SHAPES[shape].items():
            connection.execute(f"copy ({sql}) to '{folder / table}.{ending}' (format {ending})")
    return folder

{#
    What the mappings hold, by system and entity. `make source` writes this file from mappings/.
#}
{% macro mappings() %}
    {% do return({
        "tpch": {
            "customers": {
                "model": "stg_tpch__customers",
                "columns": [
                    "customer_key",
                    "nation_key",
                    "customer_name",
                    "market_segment",
                    "address",
                    "phone",
                    "comment",
                    "account_balance"
                ],
                "table": "customer",
                "sql": {
                    "customer_key": "c_custkey",
                    "nation_key": "c_nationkey",
                    "customer_name": "c_name",
                    "market_segment": "c_mktsegment",
                    "address": "c_address",
                    "phone": "c_phone",
                    "comment": "c_comment",
                    "account_balance": "c_acctbal"
                }
            },
            "orders": {
                "model": "stg_tpch__orders",
                "columns": [
                    "order_key",
                    "customer_key",
                    "order_status",
                    "order_priority",
                    "clerk",
                    "comment",
                    "ship_priority",
                    "total_price",
                    "order_date"
                ],
                "table": "orders",
                "sql": {
                    "order_key": "o_orderkey",
                    "customer_key": "o_custkey",
                    "order_status": "o_orderstatus",
                    "order_priority": "o_orderpriority",
                    "clerk": "o_clerk",
                    "comment": "o_comment",
                    "ship_priority": "o_shippriority",
                    "total_price": "o_totalprice",
                    "order_date": "o_orderdate"
                }
            },
            "order_lines": {
                "model": "stg_tpch__line_items",
                "columns": [
                    "order_key",
                    "line_number",
                    "product_key",
                    "supplier_key",
                    "return_flag",
                    "line_status",
                    "ship_mode",
                    "ship_instructions",
                    "comment",
                    "quantity",
                    "extended_price",
                    "discount",
                    "tax",
                    "ship_date",
                    "commit_date",
                    "receipt_date"
                ],
                "table": "lineitem",
                "sql": {
                    "order_key": "l_orderkey",
                    "line_number": "l_linenumber",
                    "product_key": "l_partkey",
                    "supplier_key": "l_suppkey",
                    "return_flag": "l_returnflag",
                    "line_status": "l_linestatus",
                    "ship_mode": "l_shipmode",
                    "ship_instructions": "l_shipinstruct",
                    "comment": "l_comment",
                    "quantity": "l_quantity",
                    "extended_price": "l_extendedprice",
                    "discount": "l_discount",
                    "tax": "l_tax",
                    "ship_date": "l_shipdate",
                    "commit_date": "l_commitdate",
                    "receipt_date": "l_receiptdate"
                }
            },
            "products": {
                "model": "stg_tpch__parts",
                "columns": [
                    "product_key",
                    "product_name",
                    "manufacturer",
                    "brand",
                    "product_type",
                    "container",
                    "comment",
                    "size",
                    "retail_price"
                ],
                "table": "part",
                "sql": {
                    "product_key": "p_partkey",
                    "product_name": "p_name",
                    "manufacturer": "p_mfgr",
                    "brand": "p_brand",
                    "product_type": "p_type",
                    "container": "p_container",
                    "comment": "p_comment",
                    "size": "p_size",
                    "retail_price": "p_retailprice"
                }
            },
            "part_supply": {
                "model": "stg_tpch__part_supply",
                "columns": [
                    "product_key",
                    "supplier_key",
                    "comment",
                    "available_quantity",
                    "supply_cost"
                ],
                "table": "partsupp",
                "sql": {
                    "product_key": "ps_partkey",
                    "supplier_key": "ps_suppkey",
                    "comment": "ps_comment",
                    "available_quantity": "ps_availqty",
                    "supply_cost": "ps_supplycost"
                }
            },
            "suppliers": {
                "model": "stg_tpch__suppliers",
                "columns": [
                    "supplier_key",
                    "nation_key",
                    "supplier_name",
                    "address",
                    "phone",
                    "comment",
                    "account_balance"
                ],
                "table": "supplier",
                "sql": {
                    "supplier_key": "s_suppkey",
                    "nation_key": "s_nationkey",
                    "supplier_name": "s_name",
                    "address": "s_address",
                    "phone": "s_phone",
                    "comment": "s_comment",
                    "account_balance": "s_acctbal"
                }
            },
            "nations": {
                "model": "stg_tpch__nations",
                "columns": [
                    "nation_key",
                    "region_key",
                    "nation_name",
                    "comment"
                ],
                "table": "nation",
                "sql": {
                    "nation_key": "n_nationkey",
                    "region_key": "n_regionkey",
                    "nation_name": "n_name",
                    "comment": "n_comment"
                }
            },
            "regions": {
                "model": "stg_tpch__regions",
                "columns": [
                    "region_key",
                    "region_name",
                    "comment"
                ],
                "table": "region",
                "sql": {
                    "region_key": "r_regionkey",
                    "region_name": "r_name",
                    "comment": "r_comment"
                }
            }
        }
    }) %}
{% endmacro %}

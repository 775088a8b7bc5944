"""Which functions the SQL of the project may call, by dialect, and what it does call.

A name in front of a parenthesis is a call, whatever a parser makes of it. Types with a length
(numeric(15, 2)) look the same, so they are listed as well. The lists hold what the project uses and
is known to exist there; they catch a name that slips in, and prove nothing about one that is listed.
A name that is not here is either foreign to the engine or has yet to be looked up in its reference.

How each name of COMMON and of three of the lists was looked up, in November 2026:

- bigquery: by its heading in the reference of GoogleSQL (github.com/google/zetasql, docs/), but for
  safe_offset and struct, which are in the text on arrays and on types there.
- redshift: by its page in Amazon's developer guide (github.com/awsdocs/amazon-redshift-developer-guide,
  doc_source/; varchar is a type), which also lists corr among the functions that Redshift does not have.
- databricks: by `show functions` of Spark 4.3, and timestampadd and timestampdiff, which its grammar
  knows, by a query; Databricks has what Spark has.

The others run in the tests: PostgreSQL itself, and Snowflake's by an emulator, which proves less.
"""

from __future__ import annotations

import itertools

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokens import TokenType

# words of SQL itself that a parenthesis can follow
WORDS = [
    "and",
    "as",
    "between",
    "by",
    "case",
    "distinct",
    "else",
    "exists",
    "except",
    "from",
    "group",
    "having",
    "in",
    "inner",
    "into",
    "join",
    "key",
    "left",
    "not",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "recursive",
    "select",
    "then",
    "union",
    "unnest",
    "using",
    "values",
    "when",
    "where",
    "with",
    "within",
]

# in all of these engines, with the meaning that the project uses
COMMON = [
    "abs",
    "avg",
    "cast",
    "ceil",
    "coalesce",
    "count",
    "extract",
    "floor",
    "lag",
    "lead",
    "max",
    "md5",
    "min",
    "mod",
    "nullif",
    "numeric",
    "power",
    "rank",
    "round",
    "row_number",
    "sqrt",
    "stddev_samp",
    "sum",
    "trim",
]

FUNCTIONS = {
    "bigquery": [
        "array_agg",
        "corr",
        "current_timestamp",
        "datetime",
        "datetime_add",
        "datetime_diff",
        "farm_fingerprint",
        "length",
        "regexp_contains",
        "replace",
        "safe_offset",
        "split",
        "struct",
        "timestamp",
        "timestamp_add",
        "timestamp_trunc",
        "to_hex",
        "to_json_string",
    ],
    "redshift": [
        "chr",
        "convert_timezone",
        "date_trunc",
        "dateadd",
        "datediff",
        "farmfingerprint64",
        "getdate",
        "length",
        "percentile_cont",
        "replace",
        "split_part",
        "stddev_pop",
        "varchar",
    ],
    "databricks": [
        "concat",
        "convert_timezone",
        "corr",
        "current_timestamp",
        "date_trunc",
        "get",
        "length",
        "percentile_cont",
        "regexp_extract",
        "regexp_like",
        "replace",
        "split",
        "timestampadd",
        "timestampdiff",
        "xxhash64",
    ],
    "snowflake": [
        "bitand",
        "convert_timezone",
        "corr",
        "current_timestamp",
        "date_trunc",
        "dateadd",
        "datediff",
        "hash",
        "percentile_cont",
        "regexp_like",
        "split_part",
    ],
    "postgres": [
        "corr",
        "date_part",
        "date_trunc",
        "hashtextextended",
        "length",
        "now",
        "percentile_cont",
        "replace",
        "row",
        "split_part",
        "timezone",
    ],
}


def calls(sql: str, dialect: str) -> set[str]:
    """The names that are followed by a parenthesis, in lower case."""
    tokens = Dialect.get_or_raise(dialect).tokenize(sql)
    found = set()
    for token, following in itertools.pairwise(tokens):
        named = token.text.replace("_", "a").isalnum() and token.token_type != TokenType.STRING
        if following.token_type == TokenType.L_PAREN and named:
            found.add(token.text.lower())
    return found - set(WORDS)


def foreign(sql: str, dialect: str) -> set[str]:
    """Calls of functions that the dialect is not known to have."""
    return calls(sql, dialect) - {*COMMON, *FUNCTIONS[dialect]}

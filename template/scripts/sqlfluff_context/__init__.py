"""The names of dbt that sqlfluff has to know to lint this project's SQL. Nothing here runs anything.

`make lint` uses sqlfluff's own Jinja templater: it needs no connection and no parsed project, and
works beside dbt v2, for which sqlfluff has no dbt templater. It knows ref, source and config;
.sqlfluff adds the names of this file by library_path. A macro of dbt or of a package becomes a call
of a function of its name, which is enough for a linter. A macro that the project dispatches is
rendered by its version for the dialect in .sqlfluff.
"""

import datetime
import re
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment, pass_context
from jinja2.runtime import Macro
from sqlfluff.core.templaters.builtins.dbt import MacroReturn

SETTINGS = (Path(__file__).resolve().parents[2] / ".sqlfluff").read_text("utf-8")
DIALECT = re.search(r"^dialect *= *(\w+)", SETTINGS, re.MULTILINE)[1]
# where dbt looks for a version of a macro
PREFIXES = [DIALECT, {"databricks": "spark", "redshift": "postgres"}.get(DIALECT), "default"]
DISTINCT = " distinct" if DIALECT == "bigquery" else ""  # which BigQuery wants to be said
TYPES = {"type_string": "varchar"} if DIALECT == "redshift" else {}  # where dbt's word is no type
# quoted, or the linter would take them for columns
DATE_PARTS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")


KEPT = {}
compile_again = Environment.compile


def compile_once(environment, source, *more):
    """Jinja's code of a text. sqlfluff compiles macros/ again for every file, half of its time."""
    if not isinstance(source, str):
        return compile_again(environment, source, *more)
    if source not in KEPT:
        KEPT[source] = compile_again(environment, source, *more)
    return KEPT[source]


invoke = Macro._invoke


def invoke_and_return(macro, *arguments):
    """What a macro prints or returns. sqlfluff knows `return` where a file calls a macro only."""
    try:
        return invoke(macro, *arguments)
    except MacroReturn as returned:
        return returned.value


# sqlfluff runs this file for every file that it lints, too
if compile_again.__name__ != compile_once.__name__:
    Environment.compile = compile_once
    Macro._invoke = invoke_and_return


class Macros:
    """Macros by name: those that don't look like a function are given, every other is made up."""

    def __init__(self, **given):
        vars(self).update(given)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name.startswith("type_"):
            return lambda: TYPES.get(name, name.removeprefix("type_"))

        def call(*args, **kwargs):
            words = [*args, *kwargs.values()]
            return f"{name}({', '.join(repr(w) if w in DATE_PARTS else str(w) for w in words)})"

        return call


@pass_context
def dispatch(context, macro_name, macro_namespace=None):
    versions = (context.get(f"{prefix}__{macro_name}") for prefix in PREFIXES)
    return next(filter(None, versions), getattr(Macros(), macro_name))


def render(value):
    # sqlfluff's own `return` leaves every macro that was called in the file, and their SQL with
    # them; of a text it is enough to render it
    if type(value) is str:
        return value
    raise MacroReturn(value)


dbt = Macros(
    concat=" || ".join,
    string_literal="'{}'".format,
    cast=lambda field, type: f"cast({field} as {type})",
    safe_cast=lambda field, type: f"cast({field} as {type})",
    current_timestamp=lambda: "current_timestamp",
    generate_series=lambda upper_bound: "select 1 as generated_number",
    date_spine=lambda datepart, *_, **__: f"select current_date as date_{datepart}",
    **{word: lambda word=word: word + DISTINCT for word in ("except", "intersect")},
)
dbt_utils = elementary = exceptions = Macros()
adapter = Macros(dispatch=dispatch, quote=str)
execute = False
target = SimpleNamespace(name="dev", type=DIALECT, database="database", schema="schema")
modules = SimpleNamespace(datetime=datetime, re=re)
env_var = lambda name, default="": default
var = lambda name, default=None: default
run_started_at = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
log = lambda message, info=False: ""
tojson = lambda value, sort_keys=False: "json"
local_md5 = lambda text: "md5"
globals()["return"] = render

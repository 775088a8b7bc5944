"""What dbt offers inside its Jinja, as much as sqlfluff's own templater needs to lint the SQL.

sqlfluff reads the names in this file (library_path in .sqlfluff), beside its own ref, source,
config and var. So `make lint` needs no connection and no parsed project, on every warehouse. A
dispatched macro is rendered by the version for the dialect in .sqlfluff; any other becomes a call
of a function of its name, which is enough for a linter. Nothing here is used to run anything.
"""

import datetime as _datetime
import re as _re
from pathlib import Path as _Path
from types import SimpleNamespace as _Namespace

from jinja2 import pass_context as _pass_context
from sqlfluff.core.templaters.builtins.dbt import MacroReturn as _MacroReturn

_SETTINGS = (_Path(__file__).resolve().parents[2] / ".sqlfluff").read_text("utf-8")
_DIALECT = _re.search(r"^dialect *= *(\w+)", _SETTINGS, _re.MULTILINE)[1]
_TYPES = {"int": "integer", "string": "string" if _DIALECT == "bigquery" else "varchar"}
# where dbt looks for a version of a macro
_PREFIXES = [_DIALECT, {"databricks": "spark", "redshift": "postgres"}.get(_DIALECT), "default"]


def _call(name, *arguments):
    return f"{name}({', '.join(str(argument) for argument in arguments)})"


class _Functions:
    """Every attribute is a function that renders as an SQL function of its name."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: _call(name, *args, *kwargs.values())


class _Dbt(_Functions):
    """dbt's cross-database macros; those that do not look like a function are written out."""

    def __getattr__(self, name):
        if name.startswith("type_"):
            kind = name.removeprefix("type_")
            return lambda: _TYPES.get(kind, kind)
        if name in ("except", "intersect"):
            return lambda: name
        return super().__getattr__(name)

    def concat(self, fields):
        return " || ".join(fields)

    def string_literal(self, value):
        return f"'{value}'"

    def cast(self, field, type):
        return f"cast({field} as {type})"

    safe_cast = cast

    def dateadd(self, datepart, interval, from_date_or_timestamp):
        return _call("dateadd", f"'{datepart}'", interval, from_date_or_timestamp)

    def datediff(self, first_date, second_date, datepart):
        return _call("datediff", f"'{datepart}'", first_date, second_date)

    def date_trunc(self, datepart, date):
        return _call("date_trunc", f"'{datepart}'", date)

    def last_day(self, date, datepart):
        return _call("last_day", date, f"'{datepart}'")

    def current_timestamp(self):
        return "current_timestamp"

    def generate_series(self, upper_bound):
        return "select 1 as generated_number"

    def date_spine(self, datepart, start_date, end_date):
        return f"select current_date as date_{datepart}"


class _Adapter(_Functions):
    @_pass_context
    def dispatch(self, context, macro_name, macro_namespace=None):
        for prefix in _PREFIXES:
            if macro := context.get(f"{prefix}__{macro_name}"):
                return macro
        return getattr(_Functions(), macro_name)

    def quote(self, identifier):
        return identifier


dbt = _Dbt()
dbt_utils = _Functions()
elementary = _Functions()
adapter = _Adapter()
execute = False
target = _Namespace(name="dev", type=_DIALECT, database="database", schema="schema")
modules = _Namespace(datetime=_datetime, re=_re)
exceptions = _Functions()


def env_var(name, default=""):
    return default


def log(message, info=False):
    return ""


def _return(value):
    # sqlfluff's own leaves all macros that were called in the same file, and their SQL with them;
    # for text it is enough to render it
    if type(value) is str:
        return value
    raise _MacroReturn(value)


globals()["return"] = _return

"""What dbt offers inside its Jinja, as much as sqlfluff's own templater needs to lint the SQL.

sqlfluff reads the names in this file (library_path in .sqlfluff), beside its own ref, source,
config and var. So `make lint` needs no connection and no parsed project, on every warehouse. A macro that
has a default__ version is rendered by it; any other becomes a call of a function of its name, which
is enough for a linter. Nothing here is used to run anything.
"""

import datetime as _datetime
import re as _re
from types import SimpleNamespace as _Namespace

from jinja2 import pass_context as _pass_context

_TYPES = {"string": "varchar", "int": "integer"}


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


class _Adapter(_Functions):
    @_pass_context
    def dispatch(self, context, macro_name, macro_namespace=None):
        macro = context.get(f"default__{macro_name}")
        return macro or getattr(_Functions(), macro_name)

    def quote(self, identifier):
        return identifier


dbt = _Dbt()
dbt_utils = _Functions()
elementary = _Functions()
adapter = _Adapter()
execute = False
target = _Namespace(name="local", type="duckdb", database="local", schema="main")
modules = _Namespace(datetime=_datetime, re=_re)
exceptions = _Functions()


def env_var(name, default=""):
    return default


def log(message, info=False):
    return ""

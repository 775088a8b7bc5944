"""Builds of a project on the small shop with faults, and what came of them.

`Trial.of` writes the faulty data, builds, and judges: right, refused, or what is wrong.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import faulty_shops
from dbt_server import Dbt, Result
from faulty_shops import EITHER, REFUSED, RIGHT, Fault
from independent_sql.comparison import compare
from independent_sql.queries import NAMES, answer, connect

ENVIRONMENT = {
    "DBT_PROFILES_DIR": "profiles",
    "DBT_TARGET": "local",
    "DBT_THREADS": "2",
    "LOCAL_DUCKDB": "local.duckdb",
    # relative, and so the same in all projects and trials
    "TPCH_DATA": "data/tpch",
    "TZ": "America/New_York",  # a machine's own time zone changes nothing
}
# Unit tests look at models, not at data; they run where the project itself is tested.
BUILD = ("build", "--exclude-resource-type", "unit_test")
SPEND_HEADER = "spend_month,market_segment,channel,spend_amount\n"
MARTS = {
    "customer_360": "customer_key",
    "customer_cohort_retention": "cohort_quarter, quarter_number",
}


@dataclass
class Shop:
    """A project in a folder of its own, with data, vars and a database that are its own too."""

    dbt: Dbt
    folder: Path
    tpch_data: Path
    variables: dict
    seeds: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, dbt: Dbt, project: Path, folder: Path, tpch_data: Path, variables: dict) -> Shop:
        """A copy of a rendered project, without a database."""
        shutil.copytree(project, folder)
        return cls(dbt, folder, tpch_data, variables, {"marketing_spend": ""})

    @property
    def database(self) -> Path:
        return self.folder / "local.duckdb"

    @property
    def data(self) -> Path:
        return self.folder / "data" / "tpch"

    def deliver(self, *faults: Fault, more: Sequence[str] = ()) -> None:
        """Replace the data by the shop with these faults, and the spend where a fault says so."""
        faulty_shops.write(self.tpch_data, self.data, faults, more)
        seed = self.folder / "seeds" / "marketing_spend.csv"
        kept = seed.with_suffix(".kept")
        if not kept.exists():
            shutil.copy2(seed, kept)
        spends = [fault.spend for fault in faults if fault.spend is not None]
        if spends:
            seed.write_text(SPEND_HEADER + spends[-1], encoding="utf-8")
        else:
            shutil.copy2(kept, seed)

    def run(self, *arguments: str) -> Result:
        """Run dbt with the vars of the shop."""
        return self.dbt(self.folder, *arguments, variables=self.variables, **ENVIRONMENT)

    @contextlib.contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that may change the database behind dbt's back."""
        with duckdb.connect(str(self.database)) as con:
            yield con

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as con:
            con.execute("set timezone = 'UTC'")
            return con.execute(sql).fetchall()

    def rows_of(self, schema: str) -> dict[str, tuple]:
        """Count and fingerprint of the rows of every table of a schema, by name."""
        tables = self.query(
            f"select table_name from duckdb_tables() where schema_name = '{schema}' order by 1"
        )
        return {
            table: self.query(f"select count(*), sum(hash(t)::hugeint) from {schema}.{table} as t")[
                0
            ]
            for (table,) in tables
        }

    def answers(self) -> dict[str, tuple[list[str], list[tuple]]]:
        """Columns and rows of every answer and of the marts that are written beside them."""
        compiled = self.folder / "compiled"
        if not compiled.exists():  # they depend on the vars, not on the data
            done = self.run("compile", "--select", "resource_type:analysis")
            assert done.code == 0, done.output
            [analysis] = (self.folder / "target" / "compiled").glob("*/analysis")
            shutil.copytree(analysis, compiled)
        found = {}
        with duckdb.connect(str(self.database), read_only=True) as con:
            for name in NAMES:
                if name in MARTS:
                    sql = f"from marts.{name} order by {MARTS[name]}"
                else:
                    sql = (compiled / f"{name}.sql").read_text(encoding="utf-8")
                result = con.execute(sql)
                found[name] = ([column[0] for column in result.description], result.fetchall())
        return found

    def wrong_answers(self) -> dict[str, list[str]]:
        """What differs from the independent SQL over the same raw files, by answer."""
        found = self.answers()
        with connect(self.data, self.folder / "seeds", variables=self.variables) as reference:
            differences = {
                name: compare(*answer(reference, name), *map(_as_written, found[name]))
                for name in NAMES
            }
        return {name: lines for name, lines in differences.items() if lines}


def _as_written(values: Any) -> Any:
    """Whole decimals as the CSV files hold them: without a point, so that counts are counts."""
    if isinstance(values, list):
        return [_as_written(value) for value in values]
    if isinstance(values, tuple):
        return tuple(map(_as_written, values))
    if isinstance(values, float):
        values = Decimal(repr(values))
    if isinstance(values, Decimal) and values == values.to_integral_value():
        return int(values)
    return values


def sentences(output: str) -> str:
    """What dbt printed, without line breaks and time stamps, so that words can be looked for."""
    return re.sub(r"\s+", " ", re.sub(r"(?m)^\d\d:\d\d:\d\d ", "", output))


def judge(
    shop: Shop,
    faults: Sequence[Fault],
    command: Callable[[Shop], Result] | None = None,
    more: Sequence[str] = (),
) -> tuple[str, str]:
    """Deliver the faults to a shop that was built without them, build, and say what came of it.

    The verdict is right, refused or wrong; the text says why. Wrong is a build that is green with
    an answer that isn't that of the independent SQL, and a red one that changed a mart.
    """
    shop.deliver(*faults, more=more)
    before = shop.rows_of("marts")
    assert before, "the shop was never built"
    result = (command or build)(shop)
    if result.code == 0:
        wrong = shop.wrong_answers()
        if not wrong:
            return RIGHT, ""
        lines = [f"{name}: {line}" for name, found in wrong.items() for line in found]
        return "wrong", "green, with wrong answers\n" + "\n".join(lines[:40])
    after = shop.rows_of("marts")
    changed = sorted(
        table for table in before.keys() | after.keys() if before.get(table) != after.get(table)
    )
    if changed:
        return "wrong", f"red, but {', '.join(changed)} changed\n{result.output[-6000:]}"
    return REFUSED, sentences(result.output)


def build(shop: Shop) -> Result:
    """One `dbt build` that rebuilds everything: rows of the shop before the faults must not stay."""
    return shop.run(*BUILD, "--full-refresh")


def build_incrementally(shop: Shop) -> Result:
    return shop.run(*BUILD)


def expected_of(faults: Iterable[Fault]) -> str:
    """What has to come of several faults: one that is refused is refused in company too."""
    expected = {fault.expected for fault in faults}
    for kind in (REFUSED, EITHER):
        if kind in expected:
            return kind
    return RIGHT


def missing_words(text: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.lower() not in text.lower()]


def assert_as_expected(shop: Shop, *faults: Fault, **how) -> str:
    """The faults come to what they have to. Returns what a refusal said."""
    verdict, text = judge(shop, faults, **how)
    expected = expected_of(faults)
    assert verdict == expected or (expected == EITHER and verdict in (RIGHT, REFUSED)), (
        f"{' and '.join(map(str, faults))}: {verdict} instead of {expected}\n{text}"
    )
    if verdict == REFUSED:
        words = [word for fault in faults if fault.expected == REFUSED for word in fault.words]
        assert missing_words(text, words) == [], text[-6000:]
    return text

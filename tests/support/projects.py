"""A generated project that a test builds: dbt as a person calls it, and what came out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

TABLES = ("customer", "orders", "lineitem", "part", "partsupp", "supplier", "nation", "region")
DATABASE = "local.duckdb"
HISTORY = "core.dim_customers_history"  # it keeps what the snapshots saw, so it may differ


def output(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    code: int | None = 0,
) -> str:
    """What a command prints, both streams in their order.

    It has to exit with `code`, or with any but 0 where that is None.
    """
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    right = done.returncode != 0 if code is None else done.returncode == code
    assert right, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


@dataclass
class Project:
    """A project in `folder` that reads the TPC-H Parquet files of `data` into the file `database`."""

    folder: Path
    data: Path
    database: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a process that works on this project; dbt comes from the tests' own."""
        bin_folder = Path(sys.executable).parent
        return {
            **os.environ,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "DBT_PROFILES_DIR": str(self.folder / "profiles"),
            "TPCH_DATA": str(self.data),
            # relative, and so the same in all copies: dbt parses anew when a profile changes
            "LOCAL_DUCKDB": os.path.relpath(self.database, self.folder),
            **more,
        }

    def dbt(self, *arguments: str, fails: bool = False, variables: dict | None = None) -> str:
        """Run dbt in the project and return what it printed.

        It has to succeed, or to fail where `fails` says so. `variables` are dbt's --vars.
        """
        command = ["dbt", "--no-use-colors", *arguments]
        if variables is not None:
            command += ["--vars", yaml.safe_dump(variables)]
        return self.run(*command, fails=fails)

    def run(self, *command: str, fails: bool = False, **environment: str) -> str:
        """Run a command in the project's folder and return what it printed, like `dbt`."""
        return output(command, self.folder, self.environment(**environment), None if fails else 0)

    def build(self, *arguments: str, variables: dict | None = None) -> str:
        """`dbt build`, which runs the tests too."""
        return self.dbt("build", *arguments, variables=variables)

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the database that was built."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def copy(self, folder: Path) -> "Project":
        """The same project in another folder, with a database of its own as this one is now."""
        twin = self.fresh(folder)
        if self.database.exists():
            shutil.copy2(self.database, twin.database)
        return twin

    def fresh(self, folder: Path, data: Path | None = None) -> "Project":
        """The same files in another folder, what dbt has parsed included, without a database.

        `data` is another folder of TPC-H files to read.
        """
        without = shutil.ignore_patterns(".venv", "data", "logs", "*.duckdb*")
        shutil.copytree(self.folder, folder, ignore=without)
        return Project(folder, data or self.data, folder / DATABASE)


def differing_tables(one: Path, other: Path, but: Iterable[str] = ()) -> dict[str, int]:
    """Tables of core and marts, by name, with the number of rows that only one database has.

    A table that one of them lacks counts as -1. `but` names tables not to compare.
    """
    differences = {}
    with duckdb.connect() as connection:
        connection.sql(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        tables = {
            database: set(
                connection.execute(
                    "select schema_name || '.' || table_name from duckdb_tables() "
                    "where database_name = ? and schema_name in ('core', 'marts')",
                    [database],
                ).fetchall()
            )
            for database in ("one", "other")
        }
        assert len(tables["one"] & tables["other"]) > 20, "core and marts are not built"
        for (table,) in sorted(tables["one"] | tables["other"]):
            if table in but:
                continue
            if not all((table,) in names for names in tables.values()):
                differences[table] = -1
                continue
            [(rows,)] = connection.sql(
                f"""select count(*) from (
                    (from one.{table} except all from other.{table})
                    union all (from other.{table} except all from one.{table})
                )"""
            ).fetchall()
            if rows:
                differences[table] = rows
    return differences


def write_batch(source: Path, folder: Path, tables: dict[str, str]) -> Path:
    """Write Parquet files that a loader could have left, from those in `source`.

    `tables` gives the query for each table that is not taken as it is; in it, the views customer,
    orders and so on are the files of `source`. Returns the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for table in TABLES:
            connection.sql(f"create view {table} as from '{source}/{table}.parquet'")
        for table in TABLES:
            query = tables.get(table, f"from {table}")
            connection.sql(f"copy ({query}) to '{folder}/{table}.parquet' (format parquet)")
    return folder


def before_new_orders(data: Path, folder: Path) -> Path:
    """The data without the orders of the last two months, all loaded long before."""
    early = "o_orderdate <= date '1998-05-31'"
    loaded = "replace (timestamp '2001-01-01' as _loaded_at)"
    lines = "lineitem join orders on o_orderkey = l_orderkey"
    tables = {
        "orders": f"select * {loaded} from orders where {early}",
        "lineitem": f"select lineitem.* {loaded} from {lines} where {early}",
    }
    return write_batch(data, folder, tables)


def with_a_customer_twice(data: Path, folder: Path) -> Path:
    """The data with a fault: int_input_checks refuses a customer who is delivered twice."""
    twice = "from customer union all by name (from customer limit 1)"
    return write_batch(data, folder, {"customer": twice})


def assert_as_built(project: Project, built: Project) -> None:
    """The tables and answers of a project are those that `make build answers` made."""
    assert differing_tables(project.database, built.database, but=[HISTORY]) == {}
    built.run(sys.executable, "scripts/answers.py")
    expected = {path.name: path.read_text() for path in (built.folder / "answers").glob("*.csv")}
    assert expected
    made = (project.folder / "answers").glob("*.csv")
    assert {path.name: path.read_text() for path in made} == expected


def give_answers(project: Project) -> Path:
    """Run `make answers`' program on a built project; returns the folder with the CSV files."""
    project.run(sys.executable, "scripts/answers.py")
    return project.folder / "answers"

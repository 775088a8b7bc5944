"""Build a project for Databricks on Spark, in this process: `python build_on_spark.py DATA`.

Runs in an environment of its own, with dbt-spark and pyspark, in the project's folder, whose profile
is of the type `spark`. Spark keeps its catalogue in memory, so the sources, the build and the answers
are one process. The answers are read as `make answers` reads them.
"""

import sys
from pathlib import Path

from pyspark.sql import SparkSession

SOURCE_SCHEMA = "tpch"
# what needs merge, which Spark has on Delta tables only, and what follows from it
WITHOUT = ["customers_snapshot+"]


def session() -> SparkSession:
    """A small local Spark that dbt finds by itself; a few partitions are plenty for small data."""
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(Path("warehouse-of-spark").resolve()))
        .getOrCreate()
    )


def mend_session() -> None:
    """What dbt-spark's session lacks and Databricks' connection has: nulls in seeds, and fetchmany."""
    from dbt.adapters.spark.session import SessionConnectionWrapper

    text = SessionConnectionWrapper._fix_binding

    def fetchmany(self, size: int) -> list:
        rows = self.rows if hasattr(self, "rows") else self.fetchall()
        self.rows = rows[size:]
        if not rows:
            del self.rows  # the next query has the same cursor
        return rows[:size]

    SessionConnectionWrapper._fix_binding = staticmethod(
        lambda value: "null" if value is None else text(value)
    )
    SessionConnectionWrapper.fetchmany = fetchmany


def main(data: Path) -> None:
    sys.path.insert(0, str(Path("scripts").resolve()))
    import answers
    from dbt.cli.main import dbtRunner

    mend_session()
    spark = session()
    spark.sparkContext.setLogLevel("ERROR")
    spark.sql(f"create schema {SOURCE_SCHEMA}")
    for file in data.glob("*.parquet"):
        spark.sql(f"create table {SOURCE_SCHEMA}.{file.stem} using parquet location '{file}'")
    done = dbtRunner().invoke(["--no-use-colors", "build", "--exclude", *WITHOUT])
    if not done.success:
        sys.exit(f"The build on Spark failed. {done.exception or ''}")
    sys.exit(answers.main())


if __name__ == "__main__":
    main(Path(sys.argv[1]))

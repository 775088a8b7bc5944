"""The history of customers: positive periods without overlap, whatever the load times."""

import duckdb
import pytest
from projects import HISTORY, Project, write_batch

pytestmark = pytest.mark.slow

LOADED = "timestamp '2001-01-10 12:00:00'"
# customer: when its changed row was loaded. The fourth is ahead of the clock, within the day that counts.
CHANGED = {
    1: LOADED,
    2: f"{LOADED} - interval 1 hour",
    3: f"{LOADED} + interval 1 hour",
    4: "cast(timezone('UTC', now()) as timestamp) + interval 12 hour",
}
SELECT = ("--select", "+dim_customers_history")
FAULTS = """
    select customer_key from (
        select *, lead(valid_from) over (partition by customer_key order by valid_from) as following
        from core.dim_customers_history
    )
    where valid_to <= valid_from or following < valid_to or (following is not null and valid_to is null)
"""


def customers(change: str = "c_mktsegment", where: str = "true", loaded: str = LOADED) -> str:
    return f"""select * replace ({loaded} as _loaded_at, {change} as c_mktsegment)
        from customer where {where}"""


def versions(project: Project, key: int) -> list[tuple]:
    return project.query(
        f"""select market_segment, cast(valid_from as varchar), cast(valid_to as varchar)
        from {HISTORY} where customer_key = {key} order by valid_from"""
    )


@pytest.fixture(scope="module")
def history(built, tmp_path_factory) -> Project:
    """A project after three runs: a first load, changes and a deletion, changes and a return."""
    folder = tmp_path_factory.mktemp("history")
    loaded = f"case c_custkey {' '.join(f'when {k} then {t}' for k, t in CHANGED.items())} else {LOADED} end"
    again = f"case c_custkey when 2 then {LOADED} - interval 2 hour else {LOADED} end"
    days = [
        customers(),
        customers(
            "case when c_custkey <= 4 then 'CHANGED' else c_mktsegment end",
            "c_custkey <> 5",
            loaded,
        ),
        customers(
            """case when c_custkey <= 2 then 'AGAIN' when c_custkey = 5 then 'BACK'
                else c_mktsegment end""",
            "c_custkey <> 4",
            again,
        ),
    ]
    # orders of those who leave would be refused
    rest = {
        "orders": "from orders where o_custkey > 5",
        "lineitem": """select lineitem.* from lineitem join orders on o_orderkey = l_orderkey
            where o_custkey > 5""",
    }
    project = built.fresh(folder / "project", built.data)
    for number, day in enumerate([*days, days[-1]]):
        project.data = write_batch(built.data, folder / str(number), {"customer": day, **rest})
        project.run(
            "dbt", "build", *SELECT, "--exclude-resource-type", "test", "unit_test",
            TZ="America/New_York",
        )  # fmt: skip
    return project


def test_every_period_is_positive_and_none_overlaps(history):
    assert history.query(FAULTS) == []
    assert versions(history, 1)[1:] == [
        ("CHANGED", "2001-01-10 12:00:00.000001", "2001-01-10 12:00:00.000002"),
        ("AGAIN", "2001-01-10 12:00:00.000002", None),
    ]
    assert [row[0] for row in versions(history, 2)][1:] == ["CHANGED", "AGAIN"]
    assert versions(history, 3)[1][1:] == ("2001-01-10 13:00:00", "2001-01-10 13:00:00.000001")
    assert versions(history, 4)[-1][2] is not None, "who left has no current version"
    assert len(versions(history, 5)) == 2 and versions(history, 5)[-1][2] is None
    assert len(versions(history, 6)) == 1


def test_tracking_a_column_makes_no_version(history, tmp_path):
    copy = history.copy(tmp_path / "project")
    [before] = copy.query(f"select count(*) from {HISTORY}")
    yaml = copy.folder / "snapshots" / "_snapshots.yml"
    tracked = "check_cols: [market_segment, nation_key, account_balance"
    yaml.write_text(yaml.read_text().replace(f"{tracked}]", f"{tracked}, phone]"))
    # dbt's partial parser takes an edited snapshot for a second one
    (copy.folder / "target" / "partial_parse.msgpack").unlink(missing_ok=True)
    with duckdb.connect(str(copy.database)) as connection:
        # as a version of long ago would have it
        connection.sql(
            "update snapshots.customers_snapshot set phone = 'old' where customer_key = 7"
        )
    printed = copy.dbt("build", *SELECT, "--exclude-resource-type", "test", "unit_test")
    assert "Tracking phone from now on" in printed
    assert copy.query(f"select count(*) from {HISTORY}") == [before]
    phones = copy.query("select phone from snapshots.customers_snapshot where customer_key = 7")
    assert phones != [("old",)]


def test_a_broken_history_is_repaired(history, tmp_path):
    copy = history.copy(tmp_path / "project")
    with duckdb.connect(str(copy.database)) as connection:
        # what 1.0.0 made of a load time that was tied, and of one that was older
        connection.sql(
            f"""update snapshots.customers_snapshot set dbt_valid_from = {LOADED},
                dbt_valid_to = case when dbt_valid_to is null then null else {LOADED} end
            where customer_key = 1"""
        )
        connection.sql(
            f"""update snapshots.customers_snapshot set dbt_valid_from = {LOADED} - interval 3 hour
            where customer_key = 2 and dbt_valid_to is null"""
        )
    build = ("run", "--select", "dim_customers_history")
    copy.dbt(*build)
    assert {(1,), (2,)} <= set(copy.query(FAULTS)), "it is broken"
    kept = [row[0] for row in versions(history, 2)]
    assert "versions of" in copy.dbt("run-operation", "repair_history")
    copy.dbt(*build)
    assert copy.query(FAULTS) == []
    assert [row[0] for row in versions(copy, 2)] == kept
    again = copy.dbt("run-operation", "repair_history")
    assert " 0 versions of" in again

"""Elementary for real, on DuckDB: its tests look at data, its report opens, its alerts arrive.

Needs the packages elementary and dbt_utils in the folder that ELEMENTARY_PACKAGES names; the
summary says when that is not set. What needs no package is in test_parse.py and test_deps.py.
"""

import http.server
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from parsing import PACKAGES_VARIABLE
from projects import output

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PACKAGES_VARIABLE not in os.environ,
        reason=f"{PACKAGES_VARIABLE} names no folder with the packages elementary and dbt_utils",
    ),
]

ORDERS = "elementary_{}_fct_orders_"


@dataclass
class Watched:
    """A project with Elementary, installed by `make install` and built."""

    folder: Path
    data: Path

    def run(self, *command: str, code: int | None = 0, **environment: str) -> str:
        """Type a command in the activated environment; returns what it printed."""
        typed = f"source .venv/bin/activate && {' '.join(command)}"
        names = ("PATH", "HOME", "TMPDIR", "UV_CACHE_DIR", "LANG")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        kept |= {"TPCH_DATA": str(self.data), "PACKAGES_FOLDER": os.environ[PACKAGES_VARIABLE]}
        kept |= {"BROWSER": "true"}  # a program that does nothing, in place of a browser
        return output(["bash", "-c", typed], self.folder, {**kept, **environment}, code)

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.folder / "data" / "local.duckdb")) as connection:
            return (connection.execute(sql).fetchall)()


@pytest.fixture(scope="module")
def built(project, tpch_data, tmp_path_factory) -> Watched:
    folder = tmp_path_factory.mktemp("watched") / "project"
    shutil.copytree(project(elementary=True), folder)
    environment = {**os.environ, "PACKAGES_FOLDER": os.environ[PACKAGES_VARIABLE]}
    output(["make", "install"], folder, environment)
    watched = Watched(folder, tpch_data)
    assert "WARN=0 ERROR=0" in watched.run("make", "build")
    return watched


@pytest.fixture
def watched(built) -> Iterator[Watched]:
    """The built project, whose database is afterwards as it was."""
    database = built.folder / "data" / "local.duckdb"
    kept = shutil.copy2(database, database.with_suffix(".kept"))
    yield built
    Path(kept).replace(database)


def failures(text: str) -> set[str]:
    """The tests of Elementary that complained in the output of dbt, without their arguments."""
    found = re.findall(r"(?:WARN|FAIL) \d+ (elementary_\w+)", text)
    return {re.sub(r"_(day|month|average|null_percent)__.*", "_", name) for name in found}


# ---------------------------------------------------------------- tests
def test_tests_of_dated_rows_look_back_from_the_as_of_date(built):
    """Each has measured the sixty days, or 24 months, before it."""
    found = built.query(
        """
        select lower(full_table_name), metric_name, count(*), min(bucket_start), max(bucket_end)
        from elementary.data_monitoring_metrics where bucket_start is not null group by 1, 2
        """
    )
    looked_at = {(table.split(".")[-1], metric): count for table, metric, count, *_ in found}
    orders = {("fct_orders", name) for name in ("row_count", "freshness", "average")}
    lines = {("fct_order_lines", name) for name in ("row_count", "freshness")}
    assert {name for name, count in looked_at.items() if count >= 60} >= orders | lines
    assert looked_at["customer_monthly_activity", "row_count"] >= 23
    for *_, start, end in found:
        assert 1996 <= start.year and str(end)[:10] in ("1998-08-01", "1998-08-02")


def test_every_table_is_watched(built):
    tables = built.query(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where schema_name in ('core', 'marts')"
    )
    counted = built.query(
        "select distinct lower(split_part(full_table_name, '.', 2)) || '.' || "
        "lower(split_part(full_table_name, '.', 3)) from elementary.data_monitoring_metrics"
    )
    # empty for good data, so there is nothing to compare with
    gates = {"core.reconciliation", "core.marketing_spend_checks", "marts.rows_set_aside"}
    assert {name for (name,) in tables} - gates == {name for (name,) in counted}
    columns = built.query(
        "select distinct lower(full_table_name) from elementary.schema_columns_snapshot"
    )
    assert len(columns) == len(tables) - len(gates)


YESTERDAY = "date '1998-08-01'"  # the last whole day before the as-of date


@pytest.mark.parametrize(
    ("change", "complaints"),
    [
        (
            f"insert into core.fct_orders select * replace ({YESTERDAY} as order_date) "
            + "from core.fct_orders limit 500",
            {ORDERS.format("volume_anomalies")},
        ),
        (
            f"update core.fct_orders set revenue = 100 * revenue where order_date = {YESTERDAY}",
            {ORDERS.format("column_anomalies")},
        ),
        (
            f"update core.fct_orders set customer_key = null where order_date = {YESTERDAY}",
            {ORDERS.format("column_anomalies")},
        ),
        (
            f"delete from core.fct_orders where order_date in ({YESTERDAY}, {YESTERDAY} - 1)",
            {ORDERS.format("freshness_anomalies")},
        ),
        (
            "alter table core.fct_orders drop column order_status",
            {ORDERS.format("schema_changes")},
        ),
    ],
    ids=["a spike", "an outlier", "orders without customers", "a gap", "a dropped column"],
)
def test_it_complains_about(watched, change, complaints):
    """As a warning the build continues, as an error it stops; either way it says what is unusual."""
    watched.query(change)
    select = "dbt --no-use-colors test --select fct_orders,tag:elementary-tests"
    stopped = watched.run(select, ELEMENTARY_SEVERITY="error", code=1)
    assert failures(stopped) >= complaints
    assert re.search(r"Elementary noticed in fct_orders: \S.{10,}", stopped)
    if "alter" not in change:  # Elementary reports a change of columns once
        warned = watched.run(select)
        assert failures(warned) >= complaints
        assert "Elementary noticed in fct_orders: " in warned


def test_rows_that_fail_are_not_kept_and_personal_columns_never(watched):
    """Elementary stores such rows only where a project overrides dbt's tests, as its page says."""
    copies = "insert into core.dim_customers select * from core.dim_customers limit 3"
    watched.query(copies)
    select = "dbt test --select dim_customers"
    watched.run(select, code=1)
    # of tests on rows: an anomaly test keeps the figures of its days
    kept = (
        "select result_row from elementary.test_result_rows as kept "
        "join elementary.elementary_test_results as result "
        "on kept.elementary_test_results_id = result.id where result.test_type = 'dbt_test'"
    )
    assert watched.query(kept) == []
    override = watched.folder / "macros" / "keep_failing_rows.sql"
    override.write_text(
        "{% materialization test, default %}"
        "{{ return(elementary.materialization_test_default()) }}{% endmaterialization %}"
    )
    personal = watched.folder / "tests" / "generic" / "repeated_row.sql"
    personal.write_text(
        "{% test repeated_row(model) %}select customer_name, phone, nation_name, count(*) as copies "
        "from {{ model }} group by 1, 2, 3 having count(*) > 1{% endtest %}"
    )
    properties = watched.folder / "models" / "core" / "_core__models.yml"
    before = properties.read_text()
    start = before.index("- name: dim_customers")
    properties.write_text(
        before[:start]
        + before[start:].replace("data_tests:", "data_tests:\n      - repeated_row", 1)
    )
    try:
        watched.run(select, code=1)
        rows = watched.query(kept)
        assert any("customer_key" in row for (row,) in rows), f"sampling is on: {rows}"
        for value in watched.query("select customer_name, phone from core.dim_customers limit 20"):
            for row in rows:
                assert not any(str(word) in str(row) for word in value)
    finally:
        override.unlink()
        personal.unlink()
        properties.write_text(before)


# ---------------------------------------------------------------- edr
def test_edr_report_as_typed_makes_a_page_that_opens(built):
    output = built.run("edr", "report")
    report = built.folder / "edr_target" / "elementary_report.html"
    assert report.is_file(), output
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("there is no Chromium to open the report with")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000"]
    page = built.run(browser, *flags, "--dump-dom", f"file://{report}", "2>/dev/null")
    assert "customer_360" in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


@pytest.fixture
def channel() -> Iterator[tuple[str, list[str]]]:
    """Address of a server in place of Slack and Teams, and what was posted to it."""
    posted: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"1" if "teams" in self.path else b"ok")

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", posted
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("place", ["slack", "teams"])
def test_make_report_sends_what_failed(watched, channel, place):
    address, posted = channel
    watched.query("alter table core.fct_orders drop column order_status")
    watched.run("dbt test --select fct_orders,tag:elementary-tests")
    variable = {f"EDR_MONITOR_{place.upper()}_WEBHOOK": f"{address}/{place}"}
    output = watched.run("make", "report", **variable)
    assert f"Sending alerts to {place.capitalize()}" in output
    assert any("fct_orders" in text and "schema" in text.lower() for text in posted), posted
    for text in posted:
        json.loads(text)
    assert "Open edr_target/elementary_report.html" in output


def test_an_unreachable_channel_costs_no_report(watched):
    watched.query("alter table core.fct_orders drop column order_status")
    watched.run("dbt test --select fct_orders,tag:elementary-tests")
    report = watched.folder / "edr_target" / "elementary_report.html"
    report.unlink(missing_ok=True)
    output = watched.run(
        "make", "report", code=2, EDR_MONITOR_SLACK_WEBHOOK="http://127.0.0.1:9/closed"
    )
    assert report.is_file()
    assert "The report is written, but the alerts didn't reach Slack: " in output
    assert "Check EDR_MONITOR_SLACK_WEBHOOK" in output
    assert "Traceback" not in output


def test_nothing_goes_to_the_makers(built):
    config = (built.folder / ".venv" / "edr" / "config.yml").read_text()
    assert "anonymous_usage_tracking: false" in config
    code = "from elementary.config.config import Config; import os; print(Config("
    code += "os.environ['EDR_REPORT_CONFIG_DIR']).anonymous_tracking_enabled)"
    assert built.run("python", "-c", f'"{code}"').split()[-1] == "False"


def test_without_packages_it_says_what_to_do(built):
    packages = built.folder / "dbt_packages"
    aside = packages.rename(built.folder / "aside")
    try:
        assert "Run make deps" in built.run("make", "report", code=2)
    finally:
        aside.rename(packages)

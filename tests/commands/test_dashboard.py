"""The dashboard in a browser: it shows the answers as they are, in every state, and loads nothing."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import browser as browsers
import duckdb
import pytest
import releases
import rendering
from axe_playwright_python.sync_playwright import Axe
from file_checks import Tags
from independent_sql.queries import NAMES
from playwright.sync_api import expect

SHOWN = [name for name in NAMES if name not in ("customer_360", "q07_top20_customers")]
EVERY_ROW = "(table) => [...table.tBodies[0].rows].filter(row => !row.hidden).map(row => [...row.cells].map(cell => cell.dataset.v ?? cell.textContent))"


# ---------------------------------------------------------------- the pages
def render(folder: Path, fails: bool = False) -> str:
    """Run the program of `make dashboard`; returns the page, or what it printed when it `fails`.

    Every tag of the page is closed in its turn.
    """
    done = subprocess.run(
        [sys.executable, "dashboard/render.py"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "DBT_PROFILES_DIR": str(folder / "profiles")},
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    if fails:
        return done.stderr
    page = page_of(folder).read_text("utf-8")
    Tags(page)
    return page


def page_of(folder: Path) -> Path:
    return folder / "dashboard" / "build" / "index.html"


@pytest.fixture(scope="module")
def drawn(built, tmp_path_factory):
    """A project with answers and a dashboard. Tests must not change it."""
    project = built.copy(tmp_path_factory.mktemp("dashboard") / "project")
    project.run(sys.executable, "scripts/answers.py")
    render(project.folder)
    return project


@pytest.fixture
def copied(drawn, tmp_path) -> Path:
    """The same to change."""
    without = shutil.ignore_patterns("*.duckdb*", "data", "logs", "build")
    return shutil.copytree(drawn.folder, tmp_path / "project", ignore=without)


@pytest.fixture(scope="module")
def browser():
    with browsers.started() as started:
        yield started


@pytest.fixture(scope="module")
def page(drawn, browser):
    """The page of `drawn`. A test that filters it shows all again."""
    page = browsers.opened(browser, page_of(drawn.folder))
    yield page
    assert page.faults == []


@pytest.fixture
def filtered(page):
    """A function that sets filters of the page; they are gone after the test."""

    def set_filters(**values: str):
        for name, value in values.items():
            page.select_option(f"#filters [name={name.rstrip('_')}]", value)
        return page

    yield set_filters
    show_all(page)


def show_all(page) -> None:
    """Take the filters away, and wait until the page has done so."""
    page.click("#filters [type=reset]")
    # wait_for_function would evaluate text, which the page's policy forbids from the second look on
    expect(page.locator(".filtered:not([hidden])")).to_have_count(0)


def open_page(browser, folder: Path, **how):
    render(folder)
    return browsers.opened(browser, page_of(folder), **how)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def write_csv(path: Path, rows: list[dict[str, str]], names: list[str] | None = None) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names or list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def table(page, name: str) -> list[dict[str, str]]:
    """The rows of a panel's table as it holds them; empty for null."""
    found = page.locator(f"#{name} table").first
    columns = found.evaluate("(table) => [...table.tHead.rows[0].cells].map(c => c.dataset.column)")
    return [dict(zip(columns, row, strict=True)) for row in found.evaluate(EVERY_ROW)]


def same(one: dict, other: dict) -> bool:
    def plain(text: str):
        try:
            return float(text)
        except ValueError:
            return "" if text == "-" else text

    return {k: plain(v) for k, v in one.items()} == {k: plain(v) for k, v in other.items()}


def finding(page, name: str) -> str:
    return page.locator(f"#{name} h3").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def bars(page, name: str) -> dict[str, tuple[str, float]]:
    """The bars of a panel: label and length in percent of the longest, by name."""
    found = page.locator(f"#{name} ol.rows").first.evaluate(
        "(list) => [...list.querySelectorAll('li:not([hidden])')].map(row => [row.querySelector('.name')"
        ".textContent, row.querySelector('.end').textContent, parseFloat(row.querySelector('i')?.style.width)])"
    )
    return {name: (label.replace("\N{NO-BREAK SPACE}", " "), width) for name, label, width in found}


# ---------------------------------------------------------------- what it shows
def test_every_answer_has_a_panel(page):
    shown = page.eval_on_selector_all("figure[id]", "all => all.map(each => each.id)")
    assert set(shown) == {*NAMES, "revenue"} - {"customer_360"}


@pytest.mark.parametrize("name", SHOWN)
def test_the_numbers_of_a_panel_are_those_of_its_answer(name, page, drawn):
    answer = read_csv(drawn.folder / "answers" / f"{name}.csv")
    assert answer
    shown = table(page, name)
    assert len(shown) == len(answer)
    assert all(map(same, shown, answer))
    assert not same({**shown[0], "x": "1"}, {**answer[0], "x": "2"})


def test_bars_are_as_long_as_their_values(page, drawn):
    answer = read_csv(drawn.folder / "answers" / "q08_revenue_share_by_segment.csv")
    most = max(float(row["revenue"]) for row in answer)
    found = bars(page, "q08_revenue_share_by_segment")
    assert list(found) == [row["market_segment"] for row in answer]
    for row in answer:
        label, width = found[row["market_segment"]]
        assert width == pytest.approx(100 * float(row["revenue"]) / most, abs=0.01)
        assert re.fullmatch(r"\d{3} M · \d\d\.\d %", label)


def test_the_top_customers_are_a_table_of_the_first_ones(page, drawn):
    answer = read_csv(drawn.folder / "answers" / "q07_top20_customers.csv")
    shown = table(page, "q07_top20_customers")
    assert len(shown) == 15
    assert all(map(same, shown, answer))


def test_the_scatter_shows_an_even_sample_of_the_buyers(copied, browser):
    settings = copied / "dashboard" / "dashboard.yml"
    settings.write_text(re.sub(r"scatter_points: \d+", "scatter_points: 100", settings.read_text()))
    page = open_page(browser, copied)
    tips = page.eval_on_selector_all(".dots i", "dots => dots.map(dot => dot.dataset.tip)")
    keys = [re.match(r"Customer (\d+),", tip)[1] for tip in tips]
    buyers = [
        row["customer_key"]
        for row in read_csv(copied / "answers" / "customer_360.csv")
        if row["is_buyer"] == "true"
    ]
    places = [buyers.index(key) for key in keys]
    assert 50 <= len(places) <= 100
    assert len({after - before for before, after in pairwise(places)}) == 1


def test_every_panel_has_its_definition_and_number_of_observations(page):
    for name in SHOWN:
        assert re.search(r"n = \d", page.locator(f"#{name} .note").inner_text()), name
    text = page.locator("#q09_ltv_distribution_by_segment .note").inner_text()
    assert "Lifetime value = historic revenue of a customer" in text


def test_the_head_says_how_old_the_data_is_and_what_the_checks_found(page, copied, browser):
    head = page.locator("#state").inner_text()
    assert re.match(
        r"Data to 2 Aug 1998\. Built \d+ \w{3} \d{4}, \d\d:\d\d UTC, on the target local\. "
        r"(\d+) of \1 checks passed\. Definitions\.",
        head,
    )
    assert page.locator("#state .red").count() == 0
    results = copied / "target" / "run_results.json"
    run = json.loads(results.read_text())
    next(one for one in run["results"] if one["unique_id"].startswith("test."))["status"] = "fail"
    results.write_text(json.dumps(run))
    red = open_page(browser, copied)
    assert "The last build failed: 1 step" in red.locator("#state .red").inner_text()
    path = page_of(copied)
    text = re.sub(r'(datetime=")\d{4}', r"\g<1>2020", path.read_text())
    path.write_text(text)
    old = browsers.opened(browser, path)
    assert re.search(r"\d+ days ago", old.locator("#age.red").inner_text())


def test_an_incomplete_month_is_marked_and_compared_with_nothing(page, drawn):
    months = read_csv(drawn.folder / "answers" / "q04_growth_by_month.csv")
    for chart in page.locator(".time").all():
        marked = chart.locator(".incomplete").all()
        assert [each.get_attribute("data-month") for each in marked] == ["1998-08-01"]
    stroke = page.locator("#revenue .stroke").get_attribute("d")
    assert len(re.findall(r"[ML]", stroke)) == len(months) - 1
    assert "Data ends on 2 Aug 1998" in page.locator("#revenue .note").inner_text()
    year = [float(row["revenue"]) for row in months[-13:-1]]
    before = [float(row["revenue"]) for row in months[-25:-13]]
    change = f"{sum(year) / sum(before) - 1:+.1%}".replace("%", "\N{NO-BREAK SPACE}%")
    assert change in page.locator("[data-tile=revenue] small").inner_text()


def test_tiles_explain_themselves_on_hover_and_focus(page):
    tile = page.locator("[data-tile=revenue]")
    for look in (tile.hover, tile.focus):
        page.mouse.move(0, 0)
        look()
        assert "price x (1 - discount)" in page.locator("#tip").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#tip").is_hidden()
    assert page.locator(".tile em").inner_text() == "synthetic spend"


def test_spend_of_the_client_is_not_called_synthetic(copied, browser):
    seed = copied / "seeds" / "marketing_spend.csv"
    seed.write_text(seed.read_text().replace(",1317.36", ",1400"))
    assert open_page(browser, copied).locator(".tile em").count() == 0


def test_hovering_says_dates_and_amounts_as_people_write_them(page):
    page.locator("#revenue .months i").nth(23).hover()
    assert re.fullmatch(r"December 1993: revenue 29,\d{3},\d{3}", page.locator("#tip").inner_text())
    page.locator("#q12_category_loyalty_by_segment ol li").first.hover()
    assert re.fullmatch(
        r"\w+: mean top share [\d.]+.%, 95 % interval [\d.]+.% to [\d.]+.%",
        page.locator("#tip").inner_text(),
    )


def test_words_are_those_of_the_client(page):
    assert "Categories by maker" in page.locator("#q12_category_loyalty_by_segment").inner_text()
    assert "mfgr" not in page.locator("main").inner_text().replace("mfgr\n", "")


def test_groups_that_are_apart_are_called_distinguishable(page, copied, browser):
    name = "q12_category_loyalty_by_segment"
    assert "Not distinguishable, by any scheme" in page.locator(f"#{name} .note").inner_text()
    path = copied / "answers" / f"{name}.csv"
    rows = read_csv(path)
    rows[0]["mean_top_share"] = "0.9"
    write_csv(path, rows)
    other = open_page(browser, copied)
    assert f"{rows[0]['market_segment']} has the highest share" in finding(other, name)
    assert "Distinguishable by material only" in other.locator(f"#{name} .note").inner_text()


# ---------------------------------------------------------------- filters
FILTERS = [
    {"segment": "BUILDING"},
    {"region": "ASIA"},
    {"from": "1995-01-01", "to": "1996-06-01"},
    {"segment": "MACHINERY", "region": "EUROPE", "from": "1993-03-01"},
]


@pytest.mark.parametrize("chosen", FILTERS, ids=lambda chosen: " ".join(chosen.values()))
def test_a_filter_shows_what_sql_over_the_raw_tables_gives(chosen, filtered, drawn):
    page = filtered(**{f"{name}_": value for name, value in chosen.items()})
    data = drawn.data
    columns = {"segment": "c_mktsegment", "region": "r_name"}
    is_customer = " and ".join(
        ["true", *(f"{columns[name]} = '{chosen[name]}'" for name in columns if name in chosen)]
    )
    begin, end = chosen.get("from", "1992-01-01"), chosen.get("to", "1998-08-01")
    with duckdb.connect() as connection:
        for name in ("customer", "nation", "region", "orders", "lineitem"):
            connection.sql(f"create view {name} as from '{data / name}.parquet'")
        connection.sql(
            f"""create table people as select * from customer join nation on c_nationkey = n_nationkey
            join region on n_regionkey = r_regionkey where {is_customer}"""
        )
        connection.sql(
            """create table sold as select o_custkey, c_mktsegment, o_orderdate,
            date_trunc('month', o_orderdate)::date as sold_month,
            sum(l_extendedprice * (1 - l_discount)) as revenue,
            min(o_orderdate) over (partition by o_custkey) as first_date
            from orders join people on o_custkey = c_custkey join lineitem on o_orderkey = l_orderkey
            group by o_orderkey, o_custkey, c_mktsegment, o_orderdate"""
        )
        in_period = f"sold_month between '{begin}' and '{end}'"
        segments = connection.sql(
            f"select c_mktsegment, sum(revenue), count(*) from sold where {in_period} group by all"
        ).fetchall()
        nations = connection.sql("select n_name, count(*) from people group by all").fetchall()
        months = connection.sql(
            f"""select sold_month::varchar, sum(revenue), count(distinct o_custkey),
            count(distinct o_custkey) filter (where date_trunc('month', first_date) = sold_month)
            from sold where {in_period} group by all order by all"""
        ).fetchall()
    shown = table(page, "q08_revenue_share_by_segment")
    found = {
        row["market_segment"]: (float(row["revenue"]), int(float(row["orders"]))) for row in shown
    }
    assert found == {
        name: (pytest.approx(float(revenue), abs=0.01), orders)
        for name, revenue, orders in segments
    }
    shown = table(page, "q01_customers_by_nation")
    assert {
        row["nation_name"]: int(row["customers"]) for row in shown if row["customers"] != "0"
    } == (dict(nations))
    shown = {row["month_start"]: row for row in table(page, "q04_growth_by_month")}
    for month, revenue, active, new in months:
        row = shown.pop(month)
        assert float(row["revenue"]) == pytest.approx(float(revenue), abs=0.01)
        assert (int(row["active_customers"]), int(row["new_customers"])) == (active, new)
    assert all(float(row["revenue"]) == 0 for row in shown.values())
    charted = page.eval_on_selector_all(
        "#revenue .months i", "all => all.map(one => [one.dataset.month, Number(one.dataset.v)])"
    )
    assert {month: value for month, value in charted if value} == {
        month: pytest.approx(float(revenue), abs=0.01) for month, revenue, *_ in months
    }
    total = float(sum(revenue for _, revenue, *_ in months))
    tile = page.locator("[data-tile=revenue] b").inner_text().replace("\N{NO-BREAK SPACE}", " ")
    assert tile == (
        f"{total / 1e9:.2f} bn" if total > 1e9 else f"{total / 1e6:.{1 if total < 1e8 else 0}f} M"
    )


def test_rows_of_other_segments_go_and_sentences_of_all_too(filtered, drawn):
    page = filtered(segment="BUILDING")
    for name in (
        "q06_cac_by_segment",
        "q09_ltv_distribution_by_segment",
        "q10_purchase_frequency_by_segment",
    ):
        answer = read_csv(drawn.folder / "answers" / f"{name}.csv")
        kept = [row for row in answer if row["market_segment"] == "BUILDING"]
        assert len(table(page, name)) == len(kept)
        assert all(map(same, table(page, name), kept)), name
        assert page.locator(f"#{name} .observed").count() == 0
        assert page.locator(f"#{name} .filtered").inner_text() == "Filtered by segment."
    dots = page.eval_on_selector_all(".dots i", "dots => dots.map(dot => dot.dataset.segment)")
    assert set(dots) == {"BUILDING"}
    assert "Not filtered by segment" in page.locator("#q05_growth_by_region .filtered").inner_text()
    assert page.locator(".tile.dimmed").count() == 4


def test_show_all_brings_the_whole_page_back(page, filtered):
    before = page.locator("main").inner_html()
    filtered(segment="BUILDING", from_="1994-01-01")
    assert page.locator("main").inner_html() != before
    show_all(page)
    assert page.locator("main").inner_html() == before


# ---------------------------------------------------------------- tables
def test_tables_sort_search_and_are_given_as_csv(page, drawn):
    figure = page.locator("#q01_customers_by_nation")
    figure.locator("summary").click()
    sort = figure.locator("th button", has_text="buyers")
    for order in (sorted, lambda values: sorted(values, reverse=True)):
        sort.click()
        buyers = [int(row["buyers"]) for row in table(page, "q01_customers_by_nation")]
        assert buyers == order(buyers)
    figure.locator("[type=search]").fill("united")
    found = {row["nation_name"] for row in table(page, "q01_customers_by_nation")}
    assert found == {"UNITED STATES", "UNITED KINGDOM"}
    figure.locator("[type=search]").fill("")
    with page.expect_download() as download:
        figure.locator("[data-csv]").click()
    assert download.value.suggested_filename == "q01_customers_by_nation.csv"
    rows = read_csv(Path(download.value.path()))
    answer = read_csv(drawn.folder / "answers" / "q01_customers_by_nation.csv")
    by_name = {row["nation_name"]: row for row in rows}
    assert list(rows[0]) == list(answer[0])
    assert all(same(by_name[row["nation_name"]], row) for row in answer)
    figure.locator("summary").click()


# ---------------------------------------------------------------- how it looks
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_the_screen_and_is_accessible(scheme, width, drawn, browser):
    page = browsers.opened(browser, page_of(drawn.folder), width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper))) < 200) == (scheme == "dark")
    page.evaluate("document.querySelector('main').append(new Image())")
    assert Axe().run(page).response["violations"]  # it finds what is wrong
    page.close()


def test_the_page_is_whole_without_javascript(drawn, browser):
    page = browsers.opened(browser, page_of(drawn.folder), java_script_enabled=False)
    assert page.locator("#filters").is_hidden()
    assert page.locator("#q08_revenue_share_by_segment ol.rows li").count() == 5
    assert (
        page.locator("#q08_revenue_share_by_segment li .dark").first.bounding_box()["width"] > 100
    )
    assert page.locator("#revenue .stroke").bounding_box()["width"] > 500
    page.close()


def test_a_printed_page_has_no_controls_and_cuts_no_picture(drawn, browser):
    page = browsers.opened(browser, page_of(drawn.folder))
    page.emulate_media(media="print")
    for gone in ("nav", "#filters", ".tools >> nth=0"):
        assert page.locator(gone).is_hidden()
    rules = page.evaluate(
        """() => [...document.querySelectorAll('h2, h3')].map(e => getComputedStyle(e).breakAfter)
        .concat([...document.querySelectorAll('figure')].map(e => getComputedStyle(e).breakInside))"""
    )
    assert set(rules) == {"avoid"}
    page.close()


def test_the_arrow_keys_read_the_months(page):
    chart = page.locator("#revenue .time")
    chart.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert chart.get_attribute("aria-label").startswith("February 1992: revenue 2")
    page.keyboard.press("Escape")


def test_nothing_is_loaded_from_elsewhere(page, drawn):
    """The browser would refuse, and the fixture fails when it was asked to."""
    text = page_of(drawn.folder).read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', text)[1]
    assert "default-src 'none'" in policy
    assert "eval" not in policy and "http" not in policy
    assert not re.search(r"""(src|href)=["'](?!#)""", text)


@pytest.mark.skipif(not os.environ.get("TEST_ALL"), reason="takes half a minute")
def test_the_page_of_a_million_customers_is_below_five_megabytes(copied):
    write_csv(
        copied / "answers" / "customer_360.csv",
        [
            {
                "customer_key": key,
                "market_segment": "BUILDING",
                "is_buyer": "true",
                "orders": key % 40 + 1,
                "tenure_days": key % 900,
                "avg_order_value": key % 977 + 0.25,
                "last_order_date": "1998-08-01",
                "recency_days": 1,
            }
            for key in range(1_000_000)
        ],
    )
    render(copied)
    assert page_of(copied).stat().st_size < 5_000_000


# ---------------------------------------------------------------- states
def emptied(folder: Path, *names: str) -> None:
    """Leave only the header of answers."""
    for name in names:
        path = folder / "answers" / f"{name}.csv"
        path.write_text(path.read_text().splitlines(keepends=True)[0])


def each_row(folder: Path, name: str, change) -> list[dict[str, str]]:
    """Change the rows of an answer; a row of which the change makes None goes."""
    path = folder / "answers" / f"{name}.csv"
    rows = [new for row in read_csv(path) if (new := change(dict(row))) is not None]
    write_csv(path, rows)
    return rows


def test_a_shop_without_orders_says_so(copied, browser):
    emptied(copied, "q04_growth_by_month", "q07_top20_customers", "customer_cohort_retention")
    for path in (copied / "answers" / "dashboard").glob("*month*"):
        path.write_text(path.read_text().splitlines(keepends=True)[0])
    each_row(copied, "customer_360", lambda row: {**row, "is_buyer": "false"})
    nothing = {"customers", "customer_rank", "share_of_customers", "nations", "buyers_without_rate"}
    for name in SHOWN:
        if name in ("q04_growth_by_month", "customer_cohort_retention"):
            continue

        def without_orders(row, name=name):
            texts = {key: value for key, value in row.items() if re.search("[A-Za-z]", value)}
            kept = {key: row[key] for key in nothing & set(row)}
            counts = ("buyers", "orders", "new_customers", "revenue", "spend", "top_customers")
            if name == "q07_top20_summary" and row["population"] == "buyers":
                kept = {"customers": "0"}
            return {
                **dict.fromkeys(row, ""),
                **{c: "0" for c in counts if c in row},
                **kept,
                **texts,
            }

        each_row(copied, name, without_orders)
    page = open_page(browser, copied)
    assert page.locator("#state").inner_text().startswith("No orders yet. Built")
    assert finding(page, "q04_growth_by_month") == "No orders yet"
    assert finding(page, "q08_revenue_share_by_segment") == "No revenue yet"
    assert finding(page, "q06_cac_by_segment") == "No new customers yet, so none has a cost"
    assert "not enough data" in finding(page, "q10_purchase_frequency_by_segment")
    assert "nan" not in page.locator("main").inner_text().lower().replace("finance", "")
    assert page.locator("#filters").is_hidden()
    assert page.faults == []


def test_one_segment_is_compared_with_nothing(copied, browser):
    for name in SHOWN:
        each_row(
            copied,
            name,
            lambda row: row if row.get("market_segment", "BUILDING") == "BUILDING" else None,
        )
    each_row(copied, "q02_customers_by_segment", lambda row: {**row, "share_of_customers": "1"})
    page = open_page(browser, copied)
    assert finding(page, "q02_customers_by_segment") == "All customers are in BUILDING"
    assert finding(page, "q08_revenue_share_by_segment") == "All revenue is from BUILDING"
    assert re.fullmatch(
        "A new customer costs [\\d,]+ in BUILDING", finding(page, "q06_cac_by_segment")
    )
    assert "the only segment that has one" in finding(page, "q10_purchase_frequency_by_segment")
    assert "istinguishable" not in page.locator("#q10_purchase_frequency_by_segment").inner_text()


def test_ties_are_named(page, copied, browser):
    assert finding(page, "q01_customers_by_nation").startswith("IRAN and MOROCCO have the most")
    each_row(copied, "q03_customers_by_region", lambda row: {**row, "customers": "300"})
    other = open_page(browser, copied)
    assert finding(other, "q03_customers_by_region") == "Every region has 300 customers"


def test_a_young_shop_has_no_yearly_growth(copied, browser):
    growth = ("last_full_year", "customers_end_last_year", "customers_added", "cagr", "growth_rank")
    each_row(copied, "q05_growth_by_region", lambda row: {**row, **dict.fromkeys(growth, "")})
    path = copied / "answers" / "q04_growth_by_month.csv"
    write_csv(path, read_csv(path)[-5:])
    page = open_page(browser, copied)
    assert finding(page, "q05_growth_by_region").startswith(
        "Yearly growth needs a full calendar year"
    )
    assert "in 5 months" in finding(page, "q04_growth_by_month")
    assert page.locator(".tile small").count() == 0


def test_of_many_nations_twenty_and_the_others_are_drawn(copied, browser):
    path = copied / "answers" / "q01_customers_by_nation.csv"
    [first, *_] = read_csv(path)
    name = "A country whose name is longer than anyone would like, number"
    rows = [
        {**first, "nation_name": f"{name} {n}", "customers": str(300 - n), "buyers": "1"}
        for n in range(200)
    ]
    write_csv(path, rows)
    page = open_page(browser, copied, width=390)
    shown = bars(page, "q01_customers_by_nation")
    assert len(shown) == 21
    total = sum(300 - n for n in range(20, 200))
    assert shown["180 others"][0].startswith(f"{total:,} · ")
    assert len(table(page, "q01_customers_by_nation")) == 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_unknown_comes_last_and_leads_nothing(copied, browser):
    def renamed(row):
        return {k: "unknown" if v == "BUILDING" else v for k, v in row.items()}

    for name in SHOWN:
        each_row(copied, name, renamed)
    page = open_page(browser, copied)
    assert list(bars(page, "q02_customers_by_segment"))[-1] == "unknown"
    assert finding(page, "q02_customers_by_segment").startswith("AUTOMOBILE has the most")
    assert "unknown" not in finding(page, "q06_cac_by_segment")


def test_orders_of_guests_are_mentioned(copied, browser):
    each_row(copied, "q04_growth_by_month", lambda row: {**row, "guest_orders": "2"})
    assert (
        "160 orders of guests included"
        in open_page(browser, copied).locator("#revenue .note").inner_text()
    )


def test_yearly_rates_leave_out_who_came_lately(copied, browser):
    """By the var of the query, so that intervals and means are of the same buyers."""
    project = copied / "dbt_project.yml"
    project.write_text(
        project.read_text().replace("minimum_tenure_days: 90", "minimum_tenure_days: 2300")
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            """
import sys; sys.path[:0] = ['dashboard', 'scripts']; import board, pathlib
buyers = board.read_buyers(pathlib.Path('answers/customer_360.csv'), 10)
print(sum(map(len, buyers.per_year.values())))""",
        ],
        cwd=copied,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = read_csv(copied / "answers" / "customer_360.csv")
    right = sum(row["is_buyer"] == "true" and int(row["tenure_days"]) >= 2300 for row in rows)
    assert 0 < right < 900
    assert int(done.stdout) == right


def test_names_from_the_data_are_text_and_missing_values_are_shown(copied, browser):
    """A name that looks like HTML, and null where an answer may have it."""
    hostile = "</script><script>document.title = 1</script>"
    for path in (copied / "answers").rglob("*.csv"):
        path.write_text(path.read_text().replace("MACHINERY", hostile).replace("ASIA", '"A, <b>"'))
    nullable = {
        "q05_growth_by_region": ["cagr", "growth_rank"],
        "q06_cac_by_segment": ["cac_direct", "cac_loaded"],
        "q09_ltv_distribution_by_segment": ["ltv_stddev"],
        "q11_order_size_vs_frequency": ["pearson_orders_aov", "spearman_orders_aov"],
        "q12_category_loyalty_by_segment": ["stderr_top_share"],
    }
    for name, columns in nullable.items():
        path = copied / "answers" / f"{name}.csv"
        rows = read_csv(path)
        rows[0] |= dict.fromkeys(columns, "")
        write_csv(path, rows)
    page = open_page(browser, copied)
    assert page.title() != "1"
    assert page.locator("#q03_customers_by_region b").count() == 0
    page.select_option("[name=segment]", hostile)
    assert page.title() != "1" and page.faults == []
    page.select_option("[name=segment]", "")
    for name in SHOWN:
        assert all(map(same, table(page, name), read_csv(copied / "answers" / f"{name}.csv")))


# ---------------------------------------------------------------- failures
def test_a_failure_leaves_no_page_of_yesterday(copied):
    render(copied)
    (copied / "answers" / "customer_360.csv").unlink()
    printed = render(copied, fails=True)
    assert "There is no customer_360.csv" in printed and "make answers" in printed
    assert "Traceback" not in printed
    text = page_of(copied).read_text()
    assert "could not be made" in text and "There is no customer_360.csv" in text


def test_a_slip_in_a_panel_is_named(copied):
    panels = copied / "dashboard" / "panels.py"
    panels.write_text(panels.read_text().replace('self.rows("q06_cac_by_segment"),', "1 / 0,"))
    printed = render(copied, fails=True)
    assert "The panel q06_cac_by_segment failed: ZeroDivisionError" in printed
    assert "Traceback" not in printed
    panels.write_text("a slip")
    render(copied, fails=True)
    assert "could not be made" in page_of(copied).read_text()


def test_a_question_without_an_answer_is_left_out_with_a_sentence(copied, browser):
    for name in ("q02_customers_by_segment", "q06_cac_by_segment", "q08_revenue_share_by_segment"):
        (copied / "answers" / f"{name}.csv").unlink()
    page = open_page(browser, copied)
    assert page.locator("#q06_cac_by_segment").count() == 0
    left_out = page.locator("section", has_text="Left out").last.inner_text()
    assert "What is our customer acquisition cost by segment?" in left_out
    assert page.locator("[data-tile=revenue] b").inner_text().endswith("bn")


# ---------------------------------------------------------------- yours and the template's
def test_a_question_without_a_panel_is_shown_as_a_table(copied, browser):
    """A project whose panels.py is older than a question of the template."""
    panels = copied / "dashboard" / "panels.py"
    text = panels.read_text()
    panels.write_text(text.replace("def q08_revenue_share_by_segment", "def something_else"))
    assert panels.read_text() != text
    page = open_page(browser, copied)
    name = "q08_revenue_share_by_segment"
    assert finding(page, name).startswith("What percentage of revenue")
    assert all(map(same, table(page, name), read_csv(copied / "answers" / f"{name}.csv")))


@pytest.mark.skipif(releases.WITHOUT_HISTORY, reason="needs the files of release 1.0.0")
def test_panels_that_a_client_changed_in_1_0_0_are_still_drawn(copied, browser):
    """Their interface to the template's part of the dashboard is kept."""
    path = "template/[% if dashboard %]dashboard[% endif %]/panels.py"
    old = releases.git(rendering.ROOT, "show", f"{releases.recorded()['v1.0.0']}:{path}")
    (copied / "dashboard" / "panels.py").write_text(old)
    page = open_page(browser, copied)
    assert page.faults == []
    for name in SHOWN:
        assert all(map(same, table(page, name), read_csv(copied / "answers" / f"{name}.csv")))
    assert page.locator("ol.rows li").count() > 60


def test_a_format_that_does_not_exist_is_refused_in_a_sentence(copied):
    listed = copied / "analysis" / "_analysis.yml"
    listed.write_text(
        listed.read_text().replace(" revenue_share: percent", " revenue_share: share")
    )
    printed = render(copied, fails=True)
    assert "q08_revenue_share_by_segment: column revenue_share has the format `share`" in printed
    assert "Traceback" not in printed

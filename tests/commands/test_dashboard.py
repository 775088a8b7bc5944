"""The dashboard shows the answers as they are, draws something everywhere, and loads nothing."""

import csv
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import releases
import rendering
import vl_convert
from independent_sql.queries import NAMES

# Fields that a picture adds to the rows of the answer.
ADDED = {"label", "low", "high"}
# Answers of which a picture may leave rows out, and which those are; a panel's note says it.
LEFT_OUT = {
    "customer_cohort_retention": lambda row: (
        row["quarter_number"] == "0" or int(row["cohort_size"]) < 10
    ),
}


# ---------------------------------------------------------------- reading the page
@dataclass
class Panel:
    """What a panel of the page holds: specifications of pictures, cells of tables, text."""

    pictures: list[dict] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)
    text: str = ""


class Page(HTMLParser):
    """The panels of a dashboard by id, and everything in it that a browser would load."""

    def __init__(self, text: str):
        super().__init__()
        self.panels: dict[str, Panel] = {}
        self.loads: list[str] = []
        self.policy = ""
        self.scripts = 0
        self.panel: Panel | None = None
        self.tag = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tag = tag
        if tag == "figure":
            self.panel = Panel()
            self.panels[values.get("id") or "findings"] = self.panel
        if tag == "tr" and self.panel:
            self.panel.table.append([])
        if tag == "script":
            self.scripts += 1
            self.tag = values.get("type", tag)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        for name, value in attrs:
            if tag == "a" and name == "href" and value.startswith("#"):
                continue
            if name in ("src", "href", "srcset", "action", "data", "poster", "background"):
                self.loads.append(value)
            if name == "style" or name == "http-equiv":
                self.loads += re.findall(r"url\(.*?\)|refresh", value)

    def handle_endtag(self, tag):
        if tag == "figure":
            self.panel = None
        self.tag = ""

    def handle_data(self, data):
        if self.tag == "application/json":
            self.panel.pictures.append(json.loads(data))
        elif self.tag == "style":
            self.loads += re.findall(r"url\(.*?\)|@import", data)
        elif self.panel:
            if self.tag in ("td", "th"):
                self.panel.table[-1].append(data)
            self.panel.text += data


def rows_in(picture: dict) -> list[dict]:
    """The rows of data in a Vega-Lite specification, which Altair collects at its end."""
    return [row for rows in picture["datasets"].values() for row in rows]


def addresses_in(node) -> list[str]:
    """Addresses of data or images in a specification; the schema's is a name, never loaded."""
    if isinstance(node, list):
        return [found for item in node for found in addresses_in(item)]
    if not isinstance(node, dict):
        return []
    found = [str(node["url"])] if "url" in node else []
    return found + [each for value in node.values() for each in addresses_in(value)]


def external(page: Page) -> list[str]:
    """What a browser would ask of another place."""
    pictures = [picture for panel in page.panels.values() for picture in panel.pictures]
    return page.loads + addresses_in(pictures)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def same(text: str, value) -> bool:
    """Is a value of a picture the one of the CSV file?"""
    if text == "" or value is None:
        return text == "" and value is None
    return value == text if isinstance(value, str) else float(text) == value


def differences(name: str, panel: Panel, expected: list[dict[str, str]]) -> list[str]:
    """What a panel shows otherwise than the answer, or not at all."""
    columns = list(expected[0])
    shown = [
        row
        for picture in panel.pictures
        for row in rows_in(picture)
        if set(row) - ADDED == set(columns)
    ]
    faults = []
    for row in expected:
        if not any(all(same(row[column], other[column]) for column in columns) for other in shown):
            faults.append(f"{name} does not show {list(row.values())}")
    for other in shown:
        if not any(all(same(row[column], other[column]) for column in columns) for row in expected):
            faults.append(f"{name} shows what is no answer: {list(other.values())}")
    return faults


def marks(picture: dict) -> int:
    """How many marks Vega draws of a picture; raises ValueError where one has no place."""
    svg = vl_convert.vegalite_to_svg({**picture, "width": 500}, allowed_base_urls=[])
    if "NaN" in svg:
        raise ValueError("a mark has no place")
    count = 0
    for group in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}g"):
        if re.search(r"\bmark-(rect|symbol|rule|area|line)\b.*role-mark", group.get("class", "")):
            count += len(list(group))
    return count


# ---------------------------------------------------------------- the pages
def render(folder: Path, fails: bool = False) -> str:
    """Run the program of `make dashboard`; returns the page, or what it said when it `fails`."""
    done = subprocess.run(
        [sys.executable, "dashboard/render.py"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stderr if fails else (folder / "dashboard" / "build" / "index.html").read_text()


@pytest.fixture(scope="module")
def drawn(built, tmp_path_factory) -> Path:
    """A project with answers and a dashboard. Tests must not change it."""
    project = built.copy(tmp_path_factory.mktemp("dashboard") / "project")
    project.run(sys.executable, "scripts/answers.py")
    render(project.folder)
    return project.folder


@pytest.fixture
def copied(drawn, tmp_path) -> Path:
    """The same to change."""
    without = shutil.ignore_patterns("*.duckdb*", "target", "data", "logs", "build")
    return shutil.copytree(drawn, tmp_path / "project", ignore=without)


@pytest.fixture(scope="module")
def text(drawn) -> str:
    return (drawn / "dashboard" / "build" / "index.html").read_text()


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


# ---------------------------------------------------------------- what it shows
PICTURED = [name for name in NAMES if name not in ("customer_360", "q07_top20_customers")]


def expected(folder: Path, name: str) -> list[dict[str, str]]:
    left_out = LEFT_OUT.get(name, lambda row: False)
    return [row for row in read_csv(folder / "answers" / f"{name}.csv") if not left_out(row)]


def test_every_answer_has_a_panel(page):
    assert set(page.panels) == {*NAMES, "revenue", "findings"} - {"customer_360"}


@pytest.mark.parametrize("name", PICTURED)
def test_a_panel_shows_the_rows_of_its_answer(name, page, drawn):
    rows = expected(drawn, name)
    assert rows
    assert differences(name, page.panels[name], rows) == []


def test_the_top_customers_are_a_table_of_the_first_ones(page, drawn):
    header, *rows = page.panels["q07_top20_customers"].table
    answer = expected(drawn, "q07_top20_customers")
    assert [name.replace(" ", "_") for name in header] == list(answer[0])
    assert len(rows) == 15
    for row, right in zip(rows, answer, strict=False):
        *same_cells, revenue = row
        assert same_cells == list(right.values())[:-1]
        assert revenue == f"{float(right['revenue']) / 1e6:.2f}\N{NO-BREAK SPACE}M"


def test_the_scatter_shows_buyers_of_customer_360(page, drawn):
    customers = {row["customer_key"]: row for row in expected(drawn, "customer_360")}
    dots = rows_in(page.panels["q11_order_size_vs_frequency"].pictures[0])
    assert 500 < len(dots) <= 1000
    for dot in dots:
        right = customers[str(dot["customer_key"])]
        assert all(same(right[column], value) for column, value in dot.items())


def test_a_larger_number_of_buyers_is_sampled_evenly(copied):
    settings = copied / "dashboard" / "dashboard.yml"
    settings.write_text(re.sub(r"scatter_points: \d+", "scatter_points: 100", settings.read_text()))
    dots = rows_in(Page(render(copied)).panels["q11_order_size_vs_frequency"].pictures[0])
    buyers = [row for row in expected(copied, "customer_360") if row["is_buyer"] == "true"]
    keys = [row["customer_key"] for row in buyers]
    places = [keys.index(str(dot["customer_key"])) for dot in dots]
    assert 50 <= len(dots) <= 100
    assert len({after - before for before, after in pairwise(places)}) == 1


def test_every_panel_has_its_definition_and_number_of_observations(page, drawn):
    for name, panel in page.panels.items():
        if name not in ("revenue", "findings"):
            assert re.search(r"n = \d", panel.text), name
    definition = "Lifetime value = historic revenue of a customer"
    assert definition in page.panels["q09_ltv_distribution_by_segment"].text


def test_a_changed_number_is_found(text, drawn):
    name = "q08_revenue_share_by_segment"
    [first, *_] = expected(drawn, name)
    changed = Page(text.replace(f'"revenue": {first["revenue"]}', '"revenue": 1.5'))
    found = differences(name, changed.panels[name], expected(drawn, name))
    assert any("does not show" in fault for fault in found)
    assert any("no answer" in fault for fault in found)


# ---------------------------------------------------------------- how it looks
def test_every_picture_draws_marks(page):
    for name, panel in page.panels.items():
        for picture in panel.pictures:
            assert marks(picture) >= min(len(rows_in(picture)), 1), name
    heat_map = page.panels["customer_cohort_retention"].pictures[0]
    assert marks(heat_map) == len(rows_in(heat_map)) > 50


def test_a_picture_without_rows_draws_no_marks(page):
    """What the test above would notice."""
    picture = page.panels["q08_revenue_share_by_segment"].pictures[0]
    assert marks(picture) == 5
    assert marks({**picture, "datasets": {name: [] for name in picture["datasets"]}}) == 0


def test_numbers_are_written_for_readers(page):
    text = page.panels["q08_revenue_share_by_segment"].pictures[0]
    labels = {row["label"] for row in rows_in(text)}
    assert len(labels) == 5
    assert all(re.fullmatch(r"\d{3}\xa0M · \d\d\.\d\xa0%", label) for label in labels), labels


def test_groups_that_overlap_are_called_not_distinguishable(page):
    for name in ("q09_ltv_distribution_by_segment", "q12_category_loyalty_by_segment"):
        assert "Not distinguishable" in page.panels[name].text


def test_groups_that_are_apart_are_called_distinguishable(copied):
    path = copied / "answers" / "q12_category_loyalty_by_segment.csv"
    rows = read_csv(path)
    rows[0]["mean_top_share"] = "0.9"
    write_csv(path, rows)
    panel = Page(render(copied)).panels["q12_category_loyalty_by_segment"]
    assert f"{rows[0]['market_segment']} has the highest share" in panel.text
    assert "Distinguishable by type_material only" in panel.text


# ---------------------------------------------------------------- what it loads
def test_nothing_is_loaded_from_elsewhere(page):
    assert external(page) == []
    assert "default-src 'none'" in page.policy  # the browser would refuse it besides
    assert not re.search(r"https?:", page.policy)


@pytest.mark.parametrize(
    "planted",
    [
        '<img src="https://example.com/a.png">',
        '<link rel="stylesheet" href="//example.com/a.css">',
        "<style>@import 'https://example.com/a.css'</style>",
        "<style>p { background: url(https://example.com/a.png) }</style>",
        '<figure><script type="application/json">{"data": {"url": "//a.example"}}</script></figure>',
    ],
)
def test_what_would_be_loaded_is_found(text, planted):
    assert external(Page(text.replace("<footer", planted + "<footer"))) != []


# ---------------------------------------------------------------- other data
def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_names_from_the_data_are_text_and_missing_values_are_shown(copied, page):
    """A name that looks like HTML, and null where an answer may have it."""
    hostile = "</script><script>alert(1)</script>"
    for path in (copied / "answers").glob("q*.csv"):
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
        for column in columns:
            rows[0][column] = ""
        write_csv(path, rows)
    other = Page(render(copied))
    assert other.scripts == page.scripts
    assert "<b>" in other.panels["q03_customers_by_region"].text
    for name in PICTURED:
        assert differences(name, other.panels[name], expected(copied, name)) == []
        for picture in other.panels[name].pictures:
            assert marks(picture) > 0, name


def test_a_missing_answer_is_told_in_a_sentence(copied):
    (copied / "answers" / "q05_growth_by_region.csv").unlink()
    said = render(copied, fails=True)
    assert "There is no q05_growth_by_region.csv" in said and "make answers" in said
    assert "Traceback" not in said


# ---------------------------------------------------------------- yours and the template's
def test_a_question_without_a_panel_is_shown_as_a_table(copied):
    """A project whose panels.py is older than a question of the template."""
    panels = copied / "dashboard" / "panels.py"
    text = panels.read_text()
    panels.write_text(text.replace("def q08_revenue_share_by_segment", "def something_else"))
    assert panels.read_text() != text
    panel = Page(render(copied)).panels["q08_revenue_share_by_segment"]
    assert "What percentage of revenue" in panel.text
    assert panel.pictures == []
    header, *rows = panel.table
    answer = expected(copied, "q08_revenue_share_by_segment")
    assert [name.replace(" ", "_") for name in header] == list(answer[0])
    assert [row[0] for row in rows] == [row["market_segment"] for row in answer]


@pytest.mark.skipif(releases.WITHOUT_HISTORY, reason="needs the files of release 1.0.0")
def test_panels_that_a_client_changed_in_1_0_0_are_still_drawn(copied, page):
    """Their interface to the template's part of the dashboard is kept."""
    path = "template/[% if dashboard %]dashboard[% endif %]/panels.py"
    old = releases.git(rendering.ROOT, "show", f"{releases.recorded()['v1.0.0']}:{path}")
    (copied / "dashboard" / "panels.py").write_text(old)
    other = Page(render(copied))
    assert set(other.panels) == set(page.panels)
    for name in PICTURED:
        assert differences(name, other.panels[name], expected(copied, name)) == []


def test_a_format_that_does_not_exist_is_refused_in_a_sentence(copied):
    listed = copied / "analysis" / "_analysis.yml"
    listed.write_text(
        listed.read_text().replace(" revenue_share: percent", " revenue_share: share")
    )
    said = render(copied, fails=True)
    assert "q08_revenue_share_by_segment: column revenue_share has the format `share`" in said
    assert "Traceback" not in said


# ---------------------------------------------------------------- the project around it
def test_a_project_without_dashboard_has_no_file_of_it_and_says_so(project, tmp_path):
    tree = rendering.render({"dashboard": False})
    assert [path for path in tree if "dashboard" in path] == []
    assert [path for path in rendering.render({}) if path.startswith("dashboard/")] != []
    folder = shutil.copytree(project(dashboard=False), tmp_path / "project")
    (folder / ".venv").mkdir()
    (folder / ".venv" / ".made-from").touch()
    done = subprocess.run(
        ["make", "dashboard"], check=False, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "This project has no dashboard" in done.stderr


def test_make_dashboard_gives_the_answers_first(drawn, tmp_path):
    folder = shutil.copytree(drawn, tmp_path / "project", ignore=shutil.ignore_patterns("target"))
    (folder / ".venv").mkdir(exist_ok=True)
    (folder / ".venv" / ".made-from").touch()
    done = subprocess.run(
        ["make", "--dry-run", "dashboard"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.index("scripts/answers.py") < done.stdout.index("dashboard/render.py")


def test_the_build_is_ignored_by_git(drawn, tmp_path):
    folder = shutil.copytree(drawn, tmp_path / "project", ignore=shutil.ignore_patterns("target"))
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    status = subprocess.run(
        ["git", "status", "--short", "-uall"],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
    ).stdout
    assert "dashboard/render.py" in status and "dashboard/build" not in status

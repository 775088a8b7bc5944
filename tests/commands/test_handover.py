"""The folder of `make handover`: everything is in it, every link leads somewhere, nothing is loaded."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import rendering
import yaml
from engines.compile_sql import compiled
from projects import Project

pytestmark = pytest.mark.slow

CODE = rendering.ROOT / "template" / "scripts" / "handover"
WAREHOUSES = [name for name in rendering.choices("warehouse") if name != "duckdb"]


@pytest.fixture(scope="module")
def lineage():
    """The project's module `lineage`, from scripts/handover."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(CODE)
        import lineage

        yield lineage
        del sys.modules["lineage"]


# ---------------------------------------------------------------- reading the pages
class Page(HTMLParser):
    """The ids and links of a page, and what a browser would load for it."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            elif name == "href" and tag == "a":
                self.links.append(value)
            elif name in ("src", "href", "srcset", "data", "poster", "action"):
                self.loads.append(value)
            elif name == "style":
                self.loads += re.findall(r"url\(.*?\)", value)

    def handle_data(self, data):
        if self.cdata_elem == "style":
            self.loads += re.findall(r"url\(.*?\)|@import", data)


OTHERS = ("dashboard.html", "models.html")  # made by other programs, and tested with those


def pages(folder: Path) -> dict[str, Page]:
    """The pages of its own, by name."""
    files = [path for path in folder.glob("*.html") if path.name not in OTHERS]
    return {path.name: Page(path.read_text("utf-8")) for path in files}


def broken(folder: Path) -> list[str]:
    """Links to files or places that are not there."""
    found, read = [], pages(folder)
    for name, page in read.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme:
                continue
            path, place = unquote(address.path) or name, unquote(address.fragment)
            if (
                not (folder / path).is_file()
                or place
                and path in read
                and place not in read[path].ids
            ):
                found.append(f"{name}: {link}")
    return found


def absent(folder: Path, project: Path) -> set[str]:
    """Answers, models, columns, variables and decisions of the project that are not in the folder."""
    read = pages(folder)
    answers = {path.stem for path in (project / "analysis").glob("*.sql")}
    found = answers - read["answers.html"].ids | answers - read["catalogue.html"].ids
    found |= {
        f"{name}.csv" for name in answers if not (folder / "answers" / f"{name}.csv").is_file()
    }
    built = set()
    for path in [*project.glob("models/**/_*models.yml"), *project.glob("seeds/*.yml")]:
        content = yaml.safe_load(path.read_text())
        for node in content.get("models", []) + content.get("seeds", []):
            built.add(node["name"])
            built |= {f"{node['name']}.{column['name']}" for column in node["columns"]}
    sources = yaml.safe_load((project / "models/staging/tpch/_tpch__sources.yml").read_text())
    built |= {table["name"] for table in sources["sources"][0]["tables"]}
    assert len(built) > 300
    found |= built - read["dictionary.html"].ids
    found |= {path.stem for path in project.glob("models/**/*.sql")} - read["dictionary.html"].ids
    entities = {
        path.stem
        for layer in ("core", "marts")
        for path in (project / "models" / layer).glob("*.sql")
    }
    found |= entities - read["entities.html"].ids
    example = (project / ".env.example").read_text()
    found |= (
        set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))
        - read["variables.html"].ids
    )
    found |= {path.stem for path in project.glob("docs/decisions/*.md")} - read[
        "decisions.html"
    ].ids
    return found


# ---------------------------------------------------------------- the folder
def hand_over(project: Project, fails: bool = False) -> str:
    """What `make handover` does last; returns what it said."""
    return project.run(sys.executable, "scripts/handover", fails=fails)


def prepared(project: Project) -> Project:
    """What `make handover` does first."""
    project.run(sys.executable, "scripts/answers.py")
    if (project.folder / "dashboard").is_dir():
        project.run(sys.executable, "dashboard/render.py")
    project.dbt("docs", "generate", "--static")
    return project


@pytest.fixture(scope="module")
def ready(built, tmp_path_factory) -> Project:
    """A project with answers, dashboard and documentation. Tests must not change it."""
    return prepared(built.copy(tmp_path_factory.mktemp("handover") / "project"))


@pytest.fixture(scope="module")
def folder(ready) -> Path:
    hand_over(ready)
    return ready.folder / "handover"


@pytest.fixture(scope="module")
def without_dashboard(built, project, tmp_path_factory) -> Project:
    """A project on Snowflake without dashboard, as its local twin is built. It has other answers."""
    answers = {"warehouse": "snowflake", "elementary": False, "dashboard": False}
    source = Project(project(**answers), built.data, built.database)
    other = source.fresh(tmp_path_factory.mktemp("without") / "project")
    shutil.copy2(built.database, other.database)
    prepared(other)
    hand_over(other)
    return other


def test_everything_of_the_project_is_in_the_folder(folder, ready):
    assert absent(folder, ready.folder) == set()
    assert broken(folder) == []
    index = (folder / "index.html").read_text("utf-8")
    for path in folder.glob("*.html"):
        assert path.name == "index.html" or f'href="{path.name}"' in index
    assert (folder / "dashboard.html").is_file()


def test_a_project_without_dashboard_has_all_but_that(without_dashboard):
    folder = without_dashboard.folder / "handover"
    assert absent(folder, without_dashboard.folder) == set()
    assert broken(folder) == []
    assert not (folder / "dashboard.html").exists()
    assert "dashboard.html" not in (folder / "index.html").read_text("utf-8")
    assert "SNOWFLAKE_ACCOUNT" in (folder / "variables.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "planted", "missing"),
    [
        ("answers.html", "q03_customers_by_region", "q03_customers_by_region"),
        ("dictionary.html", "customer_360.revenue", "customer_360.revenue"),
        ("dictionary.html", "fct_orders", "fct_orders"),
        ("entities.html", "dim_dates", "dim_dates"),
        ("variables.html", "DBT_SCHEMA", "DBT_SCHEMA"),
        ("decisions.html", "0002-quality-gates", "0002-quality-gates"),
    ],
)
def test_what_is_left_out_is_found(folder, ready, tmp_path, page, planted, missing):
    copy = shutil.copytree(folder, tmp_path / "copy")
    text = (copy / page).read_text("utf-8")
    assert f'id="{planted}"' in text
    (copy / page).write_text(text.replace(f'id="{planted}"', ""), "utf-8")
    assert absent(copy, ready.folder) == {missing}
    if page in ("answers.html", "dictionary.html"):
        assert broken(copy) != []


def test_a_file_that_is_missing_is_found(folder, ready, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "answers" / "q01_customers_by_nation.csv").unlink()
    assert absent(copy, ready.folder) == {"q01_customers_by_nation.csv"}
    assert broken(copy) == ["answers.html: answers/q01_customers_by_nation.csv"]


def test_nothing_is_loaded_from_anywhere(folder):
    for name, page in pages(folder).items():
        assert page.loads == [], name
        assert "default-src 'none'" in (folder / name).read_text("utf-8")
    planted = Page('<style>@import "x"</style><img src="https://example.com/a.png">')
    assert planted.loads == ["@import", "https://example.com/a.png"]
    models = Page((folder / "models.html").read_text("utf-8"))
    outside = [each for each in models.loads if re.match(r"(https?:)?//", each)]
    assert outside == []


def test_the_answers_are_those_of_make_answers(folder, ready):
    for path in (folder / "answers").iterdir():
        assert path.read_bytes() == (ready.folder / "answers" / path.name).read_bytes()
    assert not (folder / "answers" / "customer_360.csv").exists()
    text = re.sub(r"<.*?>", " ", (folder / "answers.html").read_text("utf-8"))
    assert re.search(r"BUILDING\s+510\.\d M\s+25\.0 %", text)


def test_no_value_of_env_is_in_the_folder(ready, tmp_path):
    (ready.folder / ".env").write_text("DBT_SCHEMA=dev_private_name\n")
    hand_over(ready)
    written = [path for path in (ready.folder / "handover").rglob("*") if path.is_file()]
    assert not any(b"dev_private_name" in path.read_bytes() for path in written)


def test_what_is_not_there_yet_is_told_in_a_sentence(ready, tmp_path):
    for missing, target in (("answers", "answers"), ("target/catalog.json", "docs")):
        without = shutil.ignore_patterns("*.duckdb*", "data")
        shutil.copytree(ready.folder, tmp_path / target, ignore=without)
        copy = Project(tmp_path / target, ready.data, ready.database)
        path = copy.folder / missing
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        said = hand_over(copy, fails=True)
        assert f"run `make {target}` first" in said and "Traceback" not in said
        assert (copy.folder / "handover" / "index.html").is_file()  # the one before stays


def test_make_handover_makes_all_that_it_needs_first(ready, without_dashboard):
    for project, first in (
        (ready, "dashboard/render.py"),
        (without_dashboard, "scripts/answers.py"),
    ):
        (project.folder / ".venv").mkdir(exist_ok=True)
        (project.folder / ".venv" / ".made-from").touch()
        done = subprocess.run(
            ["make", "--dry-run", "handover"],
            cwd=project.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        order = [done.stdout.index(each) for each in (first, "docs generate", "scripts/handover")]
        assert order == sorted(order)


# ---------------------------------------------------------------- the diagram
def test_every_relationships_test_is_an_arrow(folder, ready):
    manifest = json.loads((ready.folder / "target" / "manifest.json").read_text())
    tests = [
        node
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "relationships"
        and re.match(r"(dim|fct|customer)_", node["attached_node"].split(".")[-1])
    ]
    assert len(tests) > 10
    drawn = (folder / "entities.html").read_text("utf-8")
    assert drawn.count('marker-end="url(#end)"') == len(tests)


# ---------------------------------------------------------------- lineage
def test_a_column_is_traced_through_a_query(lineage):
    sql = """
        with orders as (select * from "db"."orders"),
        total as (
            select customer, count(*) as orders, sum(price * (1 - discount)) as revenue, 'x' as kind
            from orders where shipped > 0 group by customer
        )
        select customer, orders, revenue / orders as mean, kind from total
    """
    found = lineage.origins(sql, {'"db"."orders"': "orders"}, {}, "duckdb")
    assert found == {
        "customer": [("orders", "customer")],
        "orders": [("orders", lineage.ROWS)],
        "mean": [("orders", "*"), ("orders", "discount"), ("orders", "price")],
        "kind": [],
    }


def test_revenue_comes_from_price_and_discount_of_the_source(folder):
    text = (folder / "catalogue.html").read_text("utf-8")
    row = re.search(
        r'<tr id="q08_revenue_share_by_segment.revenue_share">.*?</tr>', text, re.DOTALL
    )
    cells = [re.findall(r"<code>([\w.]+)</code>", cell) for cell in row[0].split("<td>")[1:]]
    assert cells == [
        ["revenue_share"],
        ["segment_summary.revenue"],
        ["lineitem.l_discount", "lineitem.l_extendedprice"],
    ]


def test_only_constants_and_what_dbt_writes_have_no_origin(folder):
    text = (folder / "dictionary.html").read_text("utf-8")
    rows = re.findall(r'<tr id="(\w+\.\w+)">(.*?)</tr>', text, re.DOTALL)
    without = {name for name, row in rows if not re.search(r"href", row.split("<td>")[4])}
    models = {name for name in without if re.match(r"(stg|dim|fct)_|[a-z]+_[a-z_]+\.", name)}
    seeds = {name for name in models if name.startswith(("marketing_spend.", "rfm_segments."))}
    assert {name for name in models - seeds if ".dbt_" not in name} == {
        "customer_category_revenue.scheme",
        "lifetime_value_distribution.population",
    }


MODELS = "fct_orders customer_360 purchase_frequency lifetime_value_distribution"


@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_lineage_is_the_same_in_every_dialect(lineage, ready, tmp_path, warehouse):
    """The SQL of a warehouse gives the origins that DuckDB's gives."""
    nodes = json.loads((ready.folder / "target" / "manifest.json").read_text())["nodes"]
    columns = {
        node["name"]: list(node["columns"])
        for node in nodes.values()
        if node["resource_type"] in ("model", "seed")
    }
    answers = {"warehouse": warehouse, "elementary": False}
    sql = compiled(answers, "dev", tmp_path, exists=True, select=MODELS)
    for name in MODELS.split():
        (node,) = (node for node in nodes.values() if node["name"] == name)
        reads = [*node["depends_on"]["nodes"], node["unique_id"]]
        ours = {nodes[each]["relation_name"]: each.split(".")[-1] for each in reads}
        theirs = {written(sql[name], each): each for each in ours.values() if each in sql[name]}
        expected = lineage.origins(node["compiled_code"], ours, columns, "duckdb")
        assert lineage.origins(sql[name], theirs, columns, warehouse) == expected, name


def written(sql: str, name: str) -> str:
    """How a table is written in some SQL, with its database and schema."""
    return re.search(rf"""[\w."`-]+\.["`]?{name}\b["`]?""", sql)[0]

"""The hand-over: everything is in the folder, every link leads somewhere, nothing is loaded.

The folder that most tests look at is written as a user does it: by the command that `make handover`
prints, with the tool from a tagged clone of the template.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import rendering
import yaml
from customer_360_tools import handover
from customer_360_tools.handover import lineage
from engines.compile_sql import compiled
from projects import Project, output
from virtual_environments import lend

pytestmark = pytest.mark.slow

WAREHOUSES = [name for name in rendering.choices("warehouse") if name != "duckdb"]


# ---------------------------------------------------------------- reading the pages
class Page(HTMLParser):
    """The ids and links of a page, and what a browser would load or run for it."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.programs: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "iframe", "object", "embed", "base"):
            self.programs.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.programs.append(f"{tag} {name}")
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
OUTPUT = "handover"


def printed_command(project: Project) -> str:
    """The command in what `make handover` prints."""
    (command,) = re.findall(r"^  (uvx .*)$", project.run("make", OUTPUT), re.MULTILINE)
    return command


def hand_over(project: Project, fails: bool = False, **environment: str) -> str:
    """Run the tool from this repository on a project; returns what it printed."""
    command = [sys.executable, "-m", "customer_360_tools", OUTPUT]
    tools = str(rendering.ROOT / "tools")
    return project.run(*command, fails=fails, PYTHONPATH=tools, **environment)


def written(project: Project, folder: Path) -> Path:
    """Write the hand-over into `folder`, from what the programs left in the project before."""
    handover.write(handover.Project(project.folder), folder)
    return folder


@pytest.fixture(scope="module")
def ready(built, template_repository, tmp_path_factory) -> Project:
    """A project with an environment, made from a tagged template. Tests must not change it."""
    project = built.copy(tmp_path_factory.mktemp("handover") / "project")
    lend(project.folder)
    answers = project.folder / ".copier-answers.yml"
    ours = {"_src_path": f"file://{template_repository}", "_commit": "v0.0.1"}
    answers.write_text(yaml.safe_dump(yaml.safe_load(answers.read_text()) | ours))
    return project


@pytest.fixture(scope="module")
def folder(ready) -> Path:
    assert not (ready.folder / "answers").exists()
    ready.run("bash", "-ec", printed_command(ready))
    return ready.folder / OUTPUT


@pytest.fixture(scope="module")
def without_dashboard(built, project, tmp_path_factory) -> Project:
    """A project on Snowflake without dashboard, as its local twin is built. It has other answers."""
    answers = {"warehouse": "snowflake", "elementary": False, "dashboard": False}
    source = Project(project(**answers), built.data, built.database)
    other = source.fresh(tmp_path_factory.mktemp("without") / "project")
    shutil.copy2(built.database, other.database)
    lend(other.folder)
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
    assert re.search(r"BUILDING\s+510\sM\s+25\.0\s%", text)


def test_no_value_of_env_is_in_the_folder(folder, ready, tmp_path):
    (ready.folder / ".env").write_text("DBT_SCHEMA=dev_private_name\n")
    copy = written(ready, tmp_path / "copy")
    (ready.folder / ".env").unlink()
    assert not holding(copy, b"dev_private_name")
    (copy / "variables.html").write_text("dev_private_name")
    assert holding(copy, b"dev_private_name") == ["variables.html"]


def holding(folder: Path, text: bytes) -> list[str]:
    """The files of a folder that contain a text."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if text in path.read_bytes()]


HOSTILE = '<script>alert(1)</script><img src="https://example.com/x.png" onerror=alert(1)>'


def test_texts_and_values_of_the_project_add_no_markup(folder, ready, tmp_path):
    """Neither a customer's data nor what a client writes into YAML and Markdown."""
    copy = Project(tmp_path / "project", ready.data, ready.database)
    shutil.copytree(ready.folder, copy.folder, ignore=shutil.ignore_patterns("*.duckdb*", OUTPUT))
    answer = copy.folder / "answers" / "q02_customers_by_segment.csv"
    value = HOSTILE.replace('"', '""')
    answer.write_text(answer.read_text().replace("BUILDING", f'"{value}\u2028{{{{ 7 * 7 }}}}"'))
    for path in ("docs/runbook.md", "docs/decisions/0001-foundations.md", ".env.example"):
        comment = "# " if path == ".env.example" else ""
        with (copy.folder / path).open("a") as stream:
            stream.write(
                f"\n{comment}{HOSTILE} ![x](https://example.com/x.png)\nHOSTILE={HOSTILE}\n"
            )
    manifest = copy.folder / "target" / "manifest.json"
    nodes = json.loads(manifest.read_text())
    for node in nodes["nodes"].values():
        node["description"] = HOSTILE
        for column in node["columns"].values():
            column["description"] = HOSTILE
    manifest.write_text(json.dumps(nodes))
    answers = copy.folder / ".copier-answers.yml"
    named = yaml.safe_load(answers.read_text()) | {"project_name": HOSTILE}
    answers.write_text(yaml.safe_dump(named))

    result = written(copy, tmp_path / "copy")
    for name, page in pages(result).items():
        assert (page.programs, page.loads) == ([], []), name
    text = (result / "answers.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in text and "{{ 7 * 7 }}" in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img") >= 2  # name and value
    planted = Page(HOSTILE + '<a href="javascript:alert(1)">x</a>')
    assert planted.programs == ["script", "img onerror", "a href"]
    assert planted.loads == ["https://example.com/x.png"]


# ---------------------------------------------------------------- the command
def test_the_documented_command_is_the_printed_one(ready, template_repository):
    page = (rendering.ROOT / "docs" / "how-to" / "hand-over.md").read_text("utf-8")
    (documented,) = re.findall(r"^ *(uvx .*)$", page, re.MULTILINE)
    ours = documented.replace("https://<address of the template>", f"file://{template_repository}")
    assert re.sub(r"@v\d+\.\d+\.\d+ ", "@v0.0.1 ", ours) == printed_command(ready)


@pytest.mark.parametrize(
    ("source", "commit", "expected"),
    [
        ("gh:acme/c360", "v2.0.0", "git+https://github.com/acme/c360@v2.0.0"),
        ("gl:acme/c360", "v2.0.0", "git+https://gitlab.com/acme/c360@v2.0.0"),
        ("git+https://example.com/a", "v2.0.0", "git+https://example.com/a@v2.0.0"),
        ("git@example.com:acme/a.git", "v2.0.0", "git+ssh://git@example.com/acme/a.git@v2.0.0"),
        ("https://example.com/a", "v2.0.0-3-g1a2b3c4", "git+https://example.com/a@1a2b3c4"),
        ("https://example.com/a", "1234567", "git+https://example.com/a@1234567"),
        ("https://example.com/a;id", "v2.0.0", "git+https://example.com/a\\;id@v2.0.0"),
        ("/", "v2.0.0", "git+file:///@v2.0.0"),
    ],
)
def test_every_address_of_a_template_becomes_one_that_uv_takes(tmp_path, source, commit, expected):
    project = rendering.write(rendering.render({}), tmp_path)
    answers = {"_src_path": source, "_commit": commit}
    (project / ".copier-answers.yml").write_text(yaml.safe_dump(answers))
    printed = output(["bash", "scripts/handover.sh"], project, os.environ)
    assert f"\n  uvx --from {expected} customer-360 handover .\n" in printed


def test_a_project_without_a_version_of_the_template_gets_a_sentence(tmp_path):
    project = rendering.write(rendering.render({}), tmp_path)
    printed = output(["make", OUTPUT], project, os.environ, code=None)
    assert "lacks _src_path or _commit" in printed


def test_what_is_missing_is_named_with_the_next_step(ready, tmp_path):
    other = Project(tmp_path, ready.data, ready.database)
    printed = hand_over(other, fails=True)
    assert f"{tmp_path} isn't a project of this template" in printed
    rendering.write(rendering.render({}), tmp_path)
    assert "Run `make install` there first." in hand_over(other, fails=True)


def test_a_program_that_fails_leaves_the_folder_as_it_was(folder, ready):
    before = (folder / "index.html").stat().st_mtime_ns
    printed = hand_over(ready, fails=True, DBT_TARGET="nowhere")
    assert "`python scripts/settings.py` failed in" in printed and "Traceback" not in printed
    assert (folder / "index.html").stat().st_mtime_ns == before
    assert not (ready.folder / ".handover.partial").exists()


def test_only_the_tools_are_installed(template_repository, tmp_path):
    """Every file of tools/, and nothing else of this repository."""
    build = ["uv", "build", "--quiet", "--wheel", "--out-dir", tmp_path, template_repository]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    tools = template_repository / "tools"
    files = {path.relative_to(tools).as_posix() for path in tools.rglob("*") if path.is_file()}
    assert packed == files and "customer_360_tools/handover/pages/index.html" in files


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
def test_a_column_is_traced_through_a_query():
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
    made_up = (  # seeds, and models whose rows are findings or lists of keys
        *("marketing_spend.", "rfm_segments.", "int_input_checks.", "int_settings."),
        *("int_changed_orders.", "int_changed_products.", "rows_set_aside.", "reconciliation."),
        "marketing_spend_checks.",
    )
    found = {name for name in models if ".dbt_" not in name and not name.startswith(made_up)}
    constant = ("is_cancelled", "source_system", "tracked_columns")
    assert {name for name in found if not name.endswith(constant)} == {
        "category_loyalty.scheme",
        "customer_category_revenue.scheme",
        "lifetime_value_distribution.population",
    }


MODELS = "fct_orders customer_360 purchase_frequency lifetime_value_distribution"


@pytest.mark.parametrize("warehouse", WAREHOUSES)
def test_lineage_is_the_same_in_every_dialect(folder, ready, tmp_path, warehouse):
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
        theirs = {relation(sql[name], each): each for each in ours.values() if each in sql[name]}
        expected = lineage.origins(node["compiled_code"], ours, columns, "duckdb")
        assert lineage.origins(sql[name], theirs, columns, warehouse) == expected, name


def relation(sql: str, name: str) -> str:
    """How a table is written in some SQL, with its database and schema."""
    return re.search(rf"""[\w."`-]+\.["`]?{name}\b["`]?""", sql)[0]

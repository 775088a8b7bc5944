"""The documentation of the template: complete, in line with the template, without a broken link."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import docs_site
import pytest
import reference_pages
import rendering
import variants
import yaml
from parsing import variables_read

DOCS = rendering.ROOT / "docs"
CONFIGURATION = rendering.ROOT / "mkdocs.yml"


# ---------------------------------------------------------------- reference
def stale(folder: Path) -> list[str]:
    """Pages of the reference in a folder that are not what would be written now."""
    return [
        name
        for name, content in reference_pages.PAGES.items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != content()
    ]


def test_the_reference_is_what_the_template_gives_now():
    assert stale(reference_pages.FOLDER) == [], f"run `{reference_pages.COMMAND}`, read its diff"


def test_a_page_that_differs_is_found(tmp_path):
    folder = shutil.copytree(reference_pages.FOLDER, tmp_path / "reference")
    path = folder / "make.md"
    path.write_text(path.read_text("utf-8").replace("`make build`", "`make everything`"), "utf-8")
    (folder / "models.md").unlink()
    assert stale(folder) == ["make.md", "models.md"]


def missing(page: str, names) -> set[str]:
    """Names that a page does not mention."""
    return {name for name in names if not re.search(rf"\b{name}\b", page)}


def test_the_reference_names_every_question_choice_target_model_and_column():
    page = reference_pages.questions()
    for name in rendering.questions():
        assert f"\n## {name}\n" in page
        assert missing(page, map(str, variants_of(name))) == set(), name
    makefile = rendering.render({})["makefile"].content.decode()
    assert (
        missing(reference_pages.make(), re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
        == set()
    )
    models = reference_pages.models()
    sql = [Path(path).stem for path in rendering.render({}) if path.endswith(".sql")]
    built = [name for name in sql if re.match(r"stg_|dim_|fct_|q\d\d_|customer", name)]
    assert len(built) > 30
    assert missing(models, built) == set()
    assert missing(models, ["no_such_model"]) == {"no_such_model"}


def variants_of(name: str) -> list:
    """Every choice that a question can have, of all warehouses."""
    details = rendering.questions()[name]
    if isinstance(details.get("choices"), str):
        return [each[name] for each in variants.dynamic_choices().values() if name in each]
    return rendering.choices(name) if "choices" in details else []


# an example; a cache; make; Airflow's tasks
SET_BY_OTHERS = {"NAME", "UV_CACHE_DIR", "MAKEFLAGS", "DBT_TARGET_PATH"}


def test_the_reference_has_every_variable_that_a_project_reads():
    trees = [rendering.render(each) for each in variants.dynamic_choices().values()]
    trees += [rendering.render({"orchestrator": n}) for n in rendering.choices("orchestrator")]
    read = set().union(*map(variables_read, trees))
    assert len(read) > 40
    assert read - reference_pages.documented_variables() - SET_BY_OTHERS == set()
    planted = {
        "scripts/new.py": rendering.File(b'os.environ.get("NEW_ONE")', 0o644, Path("new.py"))
    }
    assert variables_read(planted).keys() - reference_pages.documented_variables() == {"NEW_ONE"}


# ---------------------------------------------------------------- site
@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy of what the site is built from."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, folder / "docs")
    shutil.copy(CONFIGURATION, folder)
    return folder


@pytest.fixture(scope="module")
def site(source) -> Path:
    """The site, built strictly."""
    good, said = docs_site.build(source)
    assert good, said
    return source / "build" / "site"


def test_a_broken_link_stops_the_build(source, site, tmp_path):
    folder = shutil.copytree(source, tmp_path / "site", ignore=shutil.ignore_patterns("build"))
    with (folder / "docs" / "tutorial.md").open("a") as stream:
        stream.write("\nSee [this](nowhere.md) and [that](definitions.md#nothing).\n")
    good, said = docs_site.build(folder)
    assert not good
    plain = re.sub(r"\x1b\[[\d;]*m", "", said)
    assert "page does not exist" in plain and "anchor does not exist" in plain
    assert "tutorial.md" in plain and "Traceback" not in plain


def test_every_page_is_in_the_menu_and_in_the_search(site):
    listed = re.findall(r"[\w/-]+\.md", CONFIGURATION.read_text())
    assert sorted(listed) == sorted(
        path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")
    )
    index = (site / "search.json").read_text("utf-8")
    for path in listed:
        assert (site / path).with_suffix(".html").is_file()
        assert path.removesuffix(".md") + ".html" in index


class Loads(HTMLParser):
    """What a browser would load for a page."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "link" and values.get("rel") != "canonical" or tag != "a":
            self.found += [values[name] for name in ("src", "href", "srcset") if values.get(name)]


def foreign(page: str) -> list[str]:
    return [each for each in Loads(page).found if re.match(r"(https?:)?//", each)]


def test_the_site_asks_no_other_host(site):
    for path in site.rglob("*.html"):
        assert foreign(path.read_text("utf-8")) == [], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", path.read_text("utf-8")), path.name
    assert foreign('<p><script src="https://example.com/a.js"></script>') != []


def test_the_site_is_small(site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 4e6


def broken_links(text: str) -> list[str]:
    """Links of a page of the repository to files that are not there."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    return [link for link in links if not (rendering.ROOT / link).is_file()]


def test_the_readme_links_to_what_is_there():
    text = (rendering.ROOT / "README.md").read_text("utf-8")
    assert broken_links(text) == []
    assert broken_links("see ![it](docs/nothing.png), [that](README.md#here)") == [
        "docs/nothing.png"
    ]


# ---------------------------------------------------------------- how-to
@pytest.mark.slow
def test_the_model_of_the_how_to_builds(built, tmp_path):
    """Adding a model as the page says gives a model with a contract, whose key is tested."""
    text = (DOCS / "how-to" / "add-a-model.md").read_text("utf-8")
    (sql,) = re.findall(r"```sql\n(.*?) *```", text, re.DOTALL)
    (entry,) = re.findall(r"```yaml\n(.*?) *```", text, re.DOTALL)
    project = built.copy(tmp_path / "project")
    marts = project.folder / "models" / "marts"
    (marts / "region_lifecycle.sql").write_text(re.sub(r"^ {4}", "", sql, flags=re.MULTILINE))
    with (marts / "_marts__models.yml").open("a") as stream:
        stream.write(re.sub(r"^ {4}", "  ", entry, flags=re.MULTILINE))
    assert yaml.safe_load((marts / "_marts__models.yml").read_text())["models"]
    said = project.dbt("build", "--select", "region_lifecycle")
    assert "PASS=2" in said
    assert project.query("select sum(customers) from marts.region_lifecycle") == [(1500,)]

"""Life after the copy: what `copier update` makes of projects that their clients worked on.

Each recorded release is updated to the working tree, and the working tree to a release that is made
here, with a change of every kind that a minor release may have.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import rendering
import yaml
from copier.errors import UnsafeTemplateError
from own_sources import LOG, replace_tpch, write_data
from packaging.version import Version
from parsing import EXAMPLE_FILE, environment
from projects import Project, output
from releases import (
    NEXT,
    ROOT,
    TemplateRepository,
    append,
    checkout,
    commit_all,
    files,
    make_copier_quick,
    recorded,
    replace,
)
from variants import each_choice, every_default_changed

TEST_ALL = bool(os.environ.get("TEST_ALL"))
AFTER = "v999.1.0"

COMPUTED = (
    "# ---------------------------------------------------------------- Computed, never asked\n"
)
QUESTION = """greeting:
  type: str
  help: How does the runbook greet?
  default: Good morning

"""
NEW_MART = "select customer_key from {{ ref('customer_360') }} where orders > 1\n"
NEW_MART_YAML = """version: 2
models:
  - name: repeat_buyers
    description: Customers with more than one order. One row per customer.
    columns:
      - name: customer_key
        description: "{{ doc('customer_key') }}"
        data_type: bigint
"""


def with_new_column(text: str) -> str:
    """The YAML of the marts, with a column more in segment_summary."""
    head, name, tail = text.partition("  - name: segment_summary\n")
    column = """    columns:
      - name: revenue_per_customer
        description: Revenue per customer of the segment.
        data_type: numeric(28, 4)
"""
    return head + name + tail.replace("    columns:\n", column, 1)


# A change of every kind, by file of the template.
MINOR_RELEASE = {
    "template/models/core/fct_orders.sql": replace(
        "        orders.clerk,\n", "        trim(orders.clerk) as clerk,\n"
    ),
    "template/models/marts/repeat_buyers.sql": NEW_MART,
    "template/models/marts/_repeat_buyers.yml": NEW_MART_YAML,
    "template/models/marts/segment_summary.sql": replace(
        "{{ revenue_total_type() }}) as revenue\n",
        "{{ revenue_total_type() }}) as revenue,\n"
        "        cast(sum(basis_revenue) / count(*) as numeric(28, 4)) as revenue_per_customer\n",
    ),
    "template/models/marts/_marts__models.yml.jinja": with_new_column,
    "template/docs/decisions/0002-quality-gates.md": None,
    "template/docs/runbook.md.jinja": append("\n[[ greeting ]].\n"),
    "template/docs/manual.md.jinja": replace("## Add a model\n", "## Add a model of your own\n"),
    "template/dashboard/wording.py": append("\n# better words\n"),
    "template/makefile": replace("##@ Code\n", "# what is written by hand\n##@ Code\n"),
    "template/profiles/profiles.yml.jinja": replace("# How dbt connects.", "# How it connects."),
    "template/.env.example.jinja": append("\n# How loud it is.\n# VOLUME=3\n"),
    # files that belong to the client
    "template/models/staging/tpch/stg_tpch__orders.sql": append("\n-- a better one\n"),
    "template/models/staging/tpch/stg_tpch__nations.sql": None,
    "template/seeds/marketing_spend.csv": append("1995-01-01,BUILDING,television,1.00\n"),
    "template/dashboard/panels.py": append("\n# better panels\n"),
    "copier.yml": replace(COMPUTED, QUESTION + COMPUTED),
}
OWN = (  # the template's words for what is the client's from the first copy on
    "README.md",
    "macros/mappings.sql",
    "mappings/.written.json",
    "mappings/tpch.yml",
    "models/staging/tpch/",
    "seeds/_seeds.yml",
    "seeds/marketing_spend.csv",
    "seeds/rfm_segments.csv",
    "dashboard/panels.py",
    "dashboard/dashboard.yml",
)


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_copier_quick(patch)
        yield


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TemplateRepository:
    repository = TemplateRepository.with_recorded_releases(
        tmp_path_factory.mktemp("t") / "template"
    )
    return repository.release(AFTER, MINOR_RELEASE)


STEPS = [*((tag, NEXT) for tag in recorded()), (NEXT, AFTER)]
MIGRATIONS = [
    Version(entry["version"])
    for entry in yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["_migrations"]
]
MIGRATED = [tag for tag in recorded() if Version(tag) < max(MIGRATIONS)]


def without_own(tree: dict) -> dict:
    return {path: file for path, file in tree.items() if not path.startswith(OWN)}


# ---------------------------------------------------------------- untouched projects
@pytest.mark.parametrize("tag", [*recorded(), NEXT])
def test_projects_of_a_release_are_made_as_copier_makes_them(template, tmp_path, tag):
    quickly = template.render(tmp_path / "quickly", tag, {"dashboard": False})
    copier = template.copy(tmp_path / "copier", tag, {"dashboard": False})
    assert files(quickly) == files(copier)


def of_release(tag: str) -> dict[str, dict]:
    """Sets of answers to the questions of a release in which each choice occurs."""
    old = checkout(ROOT, recorded()[tag])
    return {
        "defaults": {},
        "every_default_changed": every_default_changed(old),
        **each_choice(old),
    }


@pytest.mark.parametrize(
    ("old", "answers"),
    [(tag, name) for tag in recorded() for name in of_release(tag)],
)
def test_untouched_project_of_a_release_becomes_what_a_fresh_copy_is(
    template, tmp_path, old, answers
):
    """The client's own files too where a migration is crossed: it renews those that nobody edited."""
    project = template.client(tmp_path / "project", old, **of_release(old)[answers])
    before = project.answers()
    project.update(NEXT, trust=old in MIGRATED)
    assert not project.conflicts()
    assert before.items() <= project.answers().items(), "an answer changed"
    fresh = template.render(tmp_path / "fresh", NEXT, project.answers())
    compared = dict if old in MIGRATED else without_own
    assert compared(files(project.folder)) == compared(files(fresh))


@pytest.mark.parametrize("answers", [{}, every_default_changed()], ids=["defaults", "changed"])
def test_untouched_project_gets_a_minor_release(template, tmp_path, answers):
    """All of it but for what is the client's own, which stays as it was."""
    project = template.client(tmp_path / "project", NEXT, **answers)
    was = files(project.folder)
    project.update(AFTER)
    now = files(project.folder)
    assert not project.conflicts()
    fresh = template.render(tmp_path / "fresh", AFTER, project.answers())
    assert without_own(now) == without_own(files(fresh))
    assert {p: f for p, f in now.items() if p.startswith(OWN)} == {
        p: f for p, f in was.items() if p.startswith(OWN)
    }

    commit_all(project.folder, "Updated")
    project.update(AFTER)
    assert project.status() == {}, "a second update changed something"


@pytest.mark.parametrize("old", MIGRATED)
def test_an_update_that_crosses_a_migration_asks_for_trust(template, tmp_path, old):
    project = template.client(tmp_path / "project", old)
    with pytest.raises(UnsafeTemplateError):
        project.update(NEXT)
    assert project.status() == {}


def test_fresh_copies_of_the_two_releases_differ_where_they_should(template, tmp_path):
    one, other = (files(template.render(tmp_path / tag, tag)) for tag in (NEXT, AFTER))
    changed = {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
    assert len(changed) == len(MINOR_RELEASE), changed  # the answers file instead of copier.yml


# ---------------------------------------------------------------- a client's work
ELSEWHERE = {  # edits that an update merges, because the template changes other places
    "models/core/fct_orders.sql": replace(
        "select * from joined\n", "select * from joined\nwhere order_key > 0\n"
    ),
    "models/core/dim_suppliers.sql": replace(
        "        suppliers.loaded_at\n",
        "        suppliers.loaded_at,\n        'sales' as department\n",
    ),
    "models/core/_core__models.yml": replace(
        """        data_type: timestamp
  - name: fct_order_lines
""",
        """        data_type: timestamp
      - name: department
        description: Who looks after it.
        data_type: string
  - name: fct_order_lines
""",
    ),
    "docs/runbook.md": None,  # the template changes it
    "dashboard/wording.py": None,
    "dashboard/panels.py": append("# our own\n"),
    "scripts/check_files.py": None,
    "models/marts/our_customers.sql": "select customer_key from {{ ref('customer_360') }}\n",
    "models/marts/_our_customers.yml": NEW_MART_YAML.replace("repeat_buyers", "our_customers"),
    "models/staging/tpch/stg_tpch__regions.sql": append("-- our own\n"),
    "seeds/marketing_spend.csv": append("1996-01-01,,radio,2.00\n"),
    "README.md": append("\nOur words.\n"),
    "makefile": append("\n.PHONY: ours\nours: ## our own\n\t@echo ours\n"),
    "profiles/profiles.yml": append("    ours:\n      type: duckdb\n      path: ours.duckdb\n"),
}


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_work_of_the_client_survives_an_update(template, tmp_path, tpch_data, old, new):
    project = template.client(tmp_path / "project", old)
    project.edit(ELSEWHERE)
    edited = files(project.folder)
    project.update(new, trust=old in MIGRATED)
    now = files(project.folder)

    assert not project.conflicts()
    for path, change in ELSEWHERE.items():
        if change is None:
            assert path not in now, f"{path} came back"
        elif isinstance(change, str) or path.startswith(OWN):
            assert now[path] == edited[path], f"{path} was touched"
    assert "where order_key > 0" in project.text("models/core/fct_orders.sql")
    assert "'sales' as department" in project.text("models/core/dim_suppliers.sql")
    assert "name: department" in project.text("models/core/_core__models.yml")
    assert project.text("README.md").endswith("\nOur words.\n")
    assert now["docs/manual.md"]
    assert "\nours: ## our own" in project.text("makefile")
    profiles = yaml.safe_load(project.text("profiles/profiles.yml"))
    assert "ours" in profiles["customer_360"]["outputs"]
    if new == AFTER:
        assert "trim(orders.clerk)" in project.text("models/core/fct_orders.sql")
        assert "stg_tpch__nations.sql" in os.listdir(project.folder / "models/staging/tpch")

    built = Project(project.folder, tpch_data, project.folder / "own.duckdb")
    built.build()
    assert built.query("select count(*) from marts.our_customers") == [(1500,)]
    assert built.query("select distinct department from core.dim_suppliers") == [("sales",)]

    commit_all(project.folder, "Updated")
    project.update(new)
    assert project.status() == {}, "a second update changed something"


def test_a_project_on_its_own_source_gets_no_tpch_back(template, tmp_path):
    project = template.client(tmp_path / "project", NEXT)
    replace_tpch(project.folder, LOG)
    commit_all(project.folder, "Our source")
    before = files(project.folder)
    project.update(AFTER)
    now = files(project.folder)
    assert not project.conflicts()
    assert not [path for path in now if path.startswith("models/staging/tpch/")]
    for path in before:
        if path.startswith(("mappings/", "models/staging/", "seeds/")) or path in OWN:
            assert now[path] == before[path], path
    assert "left_out: [segments, geography, products, spend]" in project.text("dbt_project.yml")
    write_data(project.folder, LOG)
    built = Project(project.folder, tmp_path, project.folder / "own.duckdb")
    built.build("--exclude", "repeat_buyers")  # whose contract says bigint
    assert built.query("select count(*), sum(revenue) from core.fct_orders") == [(600, 3900)]


NEARBY = {  # edits of the very places that the template changes
    "models/core/fct_orders.sql": replace(
        "        orders.clerk,\n", "        upper(orders.clerk) as clerk,\n"
    ),
    "models/marts/segment_summary.sql": lambda text: text.replace("    ", "  "),  # reformatted
    "docs/manual.md": replace("## Add a model\n", "## Add our models\n"),
}


def test_two_changes_of_one_place_are_a_conflict_that_is_shown(template, tmp_path):
    project = template.client(tmp_path / "project", NEXT)
    project.edit(NEARBY)
    project.update(AFTER)
    assert project.conflicts() == sorted(NEARBY)
    for path, ours in {
        "models/core/fct_orders.sql": "upper(orders.clerk)",
        "models/marts/segment_summary.sql": "\n  select * from {{ ref('customer_totals') }}",
        "docs/manual.md": "## Add our models",
    }.items():
        text = project.text(path)
        assert "<<<<<<< before updating" in text and ours in text, path


DAGS = "orchestration/airflow/dags"
MOVED_BY_2_0_0 = {
    f"{DAGS}/dbt_build.py": f"{DAGS}/dag_north.py",
    f"{DAGS}/dbt_task.py": f"{DAGS}/tasks_north/__init__.py",
    f"{DAGS}/dbt_manifest.py": f"{DAGS}/tasks_north/manifest.py",
}


def test_edits_of_files_that_2_0_0_moves_follow_them(template, tmp_path):
    project = template.client(
        tmp_path / "project", "v1.0.0", project_slug="north", airflow_style="manifest"
    )
    project.edit(dict.fromkeys(MOVED_BY_2_0_0, append("# our own\n")))
    project.update(NEXT, trust=True)
    now = files(project.folder)
    assert now.keys().isdisjoint(MOVED_BY_2_0_0)
    for path in MOVED_BY_2_0_0.values():
        assert "# our own\n" in project.text(path), path


def test_edited_pages_of_the_hand_over_that_2_0_0_drops_are_kept_and_named(
    template, tmp_path, capfd
):
    project = template.client(tmp_path / "project", "v1.0.0")
    ours = "scripts/handover/pages/index.html"
    project.edit({ours: append("<p>Ours</p>\n")})
    project.update(NEXT, trust=True)
    left = [path for path in files(project.folder) if path.startswith("scripts/handover/")]
    assert left == [ours] and project.text(ours).endswith("<p>Ours</p>\n")
    assert f"{ours}: the template no longer has it. Your edits are kept" in capfd.readouterr().out


def test_files_of_the_client_are_listed_in_the_manual():
    exclude = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["_exclude"]
    [excluded] = (entry for entry in exclude if "== 'update'" in entry)
    paths = [line.strip("/") for line in excluded.splitlines() if line.startswith("/")]
    rendered = rendering.render({})
    for path in paths:
        assert path in rendered, path
    for path in rendered:
        assert (path in paths) == path.startswith(OWN), path
    for answers in ({}, {"dashboard": False}):
        manual = rendering.render(answers)["docs/manual.md"].content.decode()
        section = manual.partition("These files are yours from the beginning.")[2]
        for path in OWN:
            assert (f"`{path}`" in section) == (path[:9] != "dashboard" or not answers), path


# ---------------------------------------------------------------- another answer
BASE = {"elementary": False}
QUESTIONS = (
    "warehouse",
    "orchestrator",
    "airflow_style",
    "refresh",
    "ci",
    "elementary",
    "dashboard",
)


def switches() -> list[tuple[str, object, object]]:
    """Question, answer before and answer after: every value once, or with TEST_ALL every change."""
    found = []
    for name in QUESTIONS:
        values = rendering.choices(name)
        found += [
            (name, one, other)
            for i, one in enumerate(values)
            for j, other in enumerate(values)
            if one != other and (TEST_ALL or j == (i + 1) % len(values))
        ]
    return found


@pytest.mark.parametrize(("question", "one", "other"), switches())
def test_another_answer_gives_what_a_fresh_copy_has(template, tmp_path, question, one, other):
    project = template.client(tmp_path / "project", NEXT, **{**BASE, question: one})
    project.switch(**{question: other})
    assert project.answers()[question] == other
    fresh = template.render(tmp_path / "fresh", NEXT, project.answers())
    assert files(project.folder) == files(fresh)
    assert not project.conflicts()


@pytest.mark.parametrize(
    ("change", "auth"),
    [({"warehouse": "bigquery"}, "adc"), ({"orchestrator": "dagster"}, "oauth")],
)
def test_answers_are_kept_where_they_still_fit(template, tmp_path, change, auth):
    project = template.client(
        tmp_path / "project", NEXT, warehouse="snowflake", auth="oauth", schema_core="CORE"
    )
    project.switch(**change)
    now = project.answers()
    assert change.items() <= now.items()
    assert (now["auth"], now["schema_core"]) == (auth, "CORE")
    assert ("airflow_style" in now) == ("warehouse" in change)


def test_another_warehouse_leaves_the_work_of_the_client(template, tmp_path):
    model, seed = "models/marts/our_customers.sql", "seeds/marketing_spend.csv"
    project = template.client(tmp_path / "project", NEXT, **BASE)
    project.edit({path: ELSEWHERE[path] for path in (model, seed)})
    edited = files(project.folder)
    # Answers that were the old warehouse's defaults are kept by an update; these have to be said too.
    complete = rendering.all_answers({**BASE, "warehouse": "snowflake"})
    places = ("warehouse", "database", "source_database", "source_schema")
    project.switch(**{name: complete[name] for name in places})
    assert not project.conflicts()

    # but for that work, it is the project that a new client of Snowflake gets
    now = files(project.folder)
    assert now.pop(model) == edited[model]
    assert now[seed] == edited[seed]
    fresh = files(template.render(tmp_path / "fresh", NEXT, {**BASE, "warehouse": "snowflake"}))
    assert now == {**fresh, seed: edited[seed]}

    project.edit({model: lambda text: "{{ config(contract={'enforced': false}) }}\n" + text})
    example = (project.folder / EXAMPLE_FILE).read_bytes()
    command = [Path(sys.executable).with_name("dbt"), "list", "--target", "dev"]
    command += ["--select", "our_customers+", "--profiles-dir", "profiles"]
    listed = output(command, project.folder, {**os.environ, **environment(example)})
    assert "marts.our_customers" in listed

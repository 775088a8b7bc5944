"""Every variable, name of code, path and make target that the documentation names is there."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import reference_pages
import rendering
import variants

ROOT = rendering.ROOT
PROJECT_PAGES = re.compile(r"(README|docs/.+|.+/README)\.md")
MADE = (
    ".fleet/",
    ".venv/",
    "answers/",
    "build/",
    "dashboard/build/",
    "data/",
    "edr_target/",
    "handover/",
    "samples/",
    "target/",
)
"""Folders that commands make."""

EXAMPLES = {
    "dags/": "Airflow's own",
    "dags/customer_360/": "where a project goes in Airflow's own",
    "dbt_utils/": "in a folder of packages",
    "elementary/": "in a folder of packages",
    "mappings/shop.yml": "what the reader has written by make source-scan",
    "mappings/till.yml": "what the reader writes",
    "models/staging/shop/": "what make source writes",
    "SHOP_DATA": "a variable of the reader's mapping",
    "models/marts/region_lifecycle.sql": "what the reader writes",
    "template/analysis/q13_lifecycle_states.sql": "what the reader writes",
    "template/models/marts/lifecycle_summary.sql": "what the reader writes",
    "tests/support/independent_sql/answers/q13_lifecycle_states.sql": "what the reader writes",
    "GIT_CONFIG_COUNT": "a name that .env may not hold",
    "LD_PRELOAD": "a name that .env may not hold",
    "ORGANISATION_ID": "a number that GitHub gives",
    "REPOSITORY_ID": "a number that GitHub gives",
    "column_mask": "a setting of dbt-databricks",
    "custom_run_started_at": "a var of Elementary",
    "write_repository": "a scope of GitLab's tokens",
}
"""What pages name and neither the template nor a project has, and why."""

OF_OTHERS = re.compile(r"(AIRFLOW|CI|GITHUB|JWT|PIP|UV)_")
"""Variables of other programs."""

OF_THE_TEMPLATE = {
    "ARGS",
    "COPIER_SETTINGS_PATH",
    "ELEMENTARY_PACKAGES",
    "EVALUATOR_PACKAGES",
    "TEST_ALL",
    "UPGRADE",
    "VERSION",
}
"""Variables of the template's own makefile and tests."""


def quoted(page: str) -> list[str]:
    """What a page has in backquotes and in blocks of bash, without the comments of the latter."""
    blocks = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    lines = [re.sub(r"(^|\s+)#.*", "", line) for block in blocks for line in block.splitlines()]
    return [*re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL)), *lines]


@dataclass
class Known:
    """What is there to be named, for the pages of a project or of the template."""

    targets: set[str]
    paths: set[str]
    words: set[str]
    variables: set[str]

    def unknown(self, page: str) -> set[str]:
        """What a page names that is not there."""
        found: set[str] = set()
        for text in quoted(page):
            for targets in re.findall(r"\bmake((?: [a-z][a-z-]*)+)", text):
                found |= {f"make {name}" for name in set(targets.split()) - self.targets}
            names = re.findall(r"(?<![\w/.{$-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", text)
            found |= {name for name in set(names) - self.variables if not OF_OTHERS.match(name)}
            if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", text) and text not in self.words:
                found.add(text)
            if re.fullmatch(r"[\w.-]+/[\w./-]*", text) and not text.startswith(MADE):
                path = text.rstrip("/")
                if not any(f"{known}/".startswith(f"{path}/") for known in self.paths):
                    found.add(text)
        return found - EXAMPLES.keys()


def make_targets(text: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


def known_of(files: dict[str, str]) -> Known:
    """What a set of files (path to text) has; their pages do not count as a source of words."""
    code = "\n".join(text for path, text in files.items() if not path.endswith(".md"))
    makefiles = [text for path, text in files.items() if path.lower().endswith(("makefile", ".mk"))]
    return Known(
        targets=set().union(*map(make_targets, makefiles)),
        paths=set(files),
        words=set(re.findall(r"\w+", code)) | {Path(path).stem for path in files},
        variables=reference_pages.documented_variables() | of_pipelines(),
    )


@cache
def of_pipelines() -> set[str]:
    """The variables and secrets that a pipeline of a project reads."""
    files = all_projects()
    pipelines = (files[path] for path in files if path.startswith((".github/", ".gitlab-ci")))
    return set(re.findall(r"(?:vars\.|secrets\.|\$\{?)([A-Z]\w+)", "".join(pipelines)))


def texts(tree: rendering.Tree) -> dict[str, str]:
    return {path: file.content.decode("utf-8", "replace") for path, file in tree.items()}


@cache
def all_projects() -> dict[str, str]:
    """The files of projects of every kind, by path; those of one path behind each other."""
    trees = [rendering.render(each) for each in variants.dynamic_choices().values()]
    trees += [
        rendering.render({name: choice})
        for name in ("orchestrator", "airflow_style", "ci")
        for choice in rendering.choices(name)
    ]
    found: dict[str, dict[str, None]] = {}
    for tree in trees:
        for path, text in texts(tree).items():
            found.setdefault(path, {})[text] = None
    return {path: "\n".join(each) for path, each in found.items()}


def known_of_the_template() -> Known:
    own = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8", "replace")
        for top in (
            ".github",
            "docs",
            "hooks",
            "includes",
            "requirements",
            "scripts",
            "template",
            "tests",
            "tools",
        )
        for path in (ROOT / top).rglob("*")
        # what is planted here is not there
        if path.is_file() and "__pycache__" not in path.parts and path != Path(__file__)
    }
    own |= {path.name: path.read_text("utf-8") for path in ROOT.iterdir() if path.is_file()}
    known = known_of({**all_projects(), **own})
    known.targets |= known_of(all_projects()).targets | make_targets(own["Makefile"])
    known.variables |= OF_THE_TEMPLATE
    return known


TEMPLATE_PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "reference" not in path.parts  # made from the template, and compared with it
]


@pytest.fixture(scope="module")
def template() -> Known:
    return known_of_the_template()


@pytest.mark.parametrize("page", TEMPLATE_PAGES)
def test_what_a_page_of_the_template_names_is_there(template, page):
    assert template.unknown((ROOT / page).read_text("utf-8")) == set()


KINDS = {
    "defaults": {},
    "all changed": variants.every_default_changed(),
    **{name: {"warehouse": name} for name in rendering.choices("warehouse")},
    **{name: {"orchestrator": name} for name in rendering.choices("orchestrator")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_pages_of_a_project_name_is_there(kind):
    files = texts(rendering.render(KINDS[kind]))
    known = known_of(files)
    pages = [path for path in files if PROJECT_PAGES.fullmatch(path)]
    assert {"README.md", "docs/manual.md", "docs/runbook.md", "scripts/README.md"} <= set(pages)
    assert {path: found for path in pages if (found := known.unknown(files[path]))} == {}


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("Set `DBT_PACKAGES_GIT`.", "DBT_PACKAGES_GIT"),
        ("```bash\nNO_SUCH_SETTING=1 make build\n```", "NO_SUCH_SETTING"),
        ("It reads `fct_ordres`.", "fct_ordres"),
        ("See `models/marts/no_such_mart.sql`.", "models/marts/no_such_mart.sql"),
        ("See `docs/no_such_folder/`.", "docs/no_such_folder/"),
        ("Type `make biuld`.", "make biuld"),
        ("```bash\nSF=1 make data no-such-target\n```", "make no-such-target"),
    ],
)
def test_a_name_that_is_not_there_is_found(template, planted, found):
    project = known_of(texts(rendering.render({})))
    assert project.unknown(planted) == template.unknown(planted) == {found}

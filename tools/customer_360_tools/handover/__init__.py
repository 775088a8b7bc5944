"""`customer-360 handover`: everything for the client in one folder, handover/ of the project.

Runs the project's own programs first: its answers, its dashboard where it has one, and dbt's
documentation. Then it puts their results together with pages of its own: catalogue, data dictionary
with the lineage of each column, entity diagram, schedule, variables, decisions. All of it is static
HTML that loads nothing from anywhere. Texts and values of the project are escaped: none of them can
add markup to a page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .catalogue import Catalogue
from .diagram import draw
from .lineage import ROWS, first_origins
from .markdown import markdown
from .project import Project

LAYERS = ("sources", "seeds", "staging", "intermediate", "snapshots", "core", "marts")
MOST_ROWS = 25  # of an answer on its page; the whole of it is a CSV file beside
TITLES = {
    "answers": "Answers",
    "catalogue": "Catalogue",
    "dictionary": "Data dictionary",
    "entities": "Entities",
    "operation": "Operation",
    "variables": "Variables",
    "decisions": "Decisions",
}
DASHBOARD = Path("dashboard", "render.py")


# --- the answers ----------------------------------------------------------------------------------


def answers(project: Project, catalogue: Catalogue, folder: Path) -> list[dict[str, Any]]:
    """Each answer: what tables.py prints of it, its query, and where its columns come from.

    Their CSV files go into `folder`.
    """
    folder.mkdir(parents=True)
    program = Path(__file__).with_name("tables.py")
    printed = project.run("python", program, str(MOST_ROWS), folder, print_output=False)
    tables = json.loads(printed)
    found = []
    for unique_id in catalogue.analyses():
        node = catalogue.nodes[unique_id]
        name = node["name"]
        columns = [column for owner, column in catalogue.origins if owner == unique_id]
        found.append(
            tables[name]
            | {
                "name": name,
                "file": node["original_file_path"].replace("\\", "/"),
                "sql": node["raw_code"].strip(),
                "reads": [
                    catalogue.link((each, ROWS))
                    | {"text": catalogue.nodes[each]["name"], "layer": catalogue.layer(each)}
                    for each in node["depends_on"]["nodes"]
                ],
                "origins": [
                    {
                        "name": column,
                        "from": [
                            catalogue.link(each) for each in catalogue.origins[unique_id, column]
                        ],
                        "first": [
                            catalogue.link(each)
                            for each in first_origins((unique_id, column), catalogue.origins)
                        ],
                    }
                    for column in columns
                ],
            }
        )
    return found


# --- schedule, variables, decisions ---------------------------------------------------------------


def operation(project: Project) -> dict[str, Any]:
    """The schedule, its next runs in words, and what the project's documents say about both."""
    return {
        "plan": project.read_yaml("orchestration/schedule.yml"),
        "next_runs": project.run("python", "scripts/schedule.py", print_output=False),
        "about": markdown(project.read("orchestration/README.md")),
        "runbook": markdown(project.read("docs/runbook.md")),
    }


def variables(example: str) -> Iterator[dict[str, Any]]:
    """The variables of .env.example with their comments; never a value of .env."""
    for block in example.split("\n\n"):
        comments: list[str] = []
        for line in block.strip().split("\n"):
            if match := re.match(r"(# )?([A-Z][A-Z0-9_]*)=(.*)", line):
                yield {
                    "name": match[2],
                    "example": match[3],
                    "optional": bool(match[1]),
                    "text": " ".join(comments),
                }
            elif not line.startswith("# ---"):
                comments.append(line.removeprefix("#").strip())


def decisions(project: Project) -> list[tuple[str, Markup]]:
    """The decision records: name of the file, and its text as HTML."""
    records = sorted((project.folder / "docs" / "decisions").glob("*.md"))
    return [(path.stem, markdown(path.read_text("utf-8"))) for path in records]


# --- pages ----------------------------------------------------------------------------------------


def run_programs(project: Project) -> None:
    """Make what the pages are made of, as the project's make targets of the same names do."""
    project.run("python", "scripts/settings.py")
    project.run("python", "scripts/answers.py")
    if (project.folder / DASHBOARD).is_file():
        project.run("python", DASHBOARD)
    project.run("dbt", "docs", "generate", "--static")


def write(project: Project, folder: Path) -> None:
    """Write the hand-over into `folder`, from what `run_programs` left in the project."""
    artifacts = {name: project.read_json(f"target/{name}.json") for name in ("manifest", "catalog")}
    catalogue = Catalogue(**artifacts)
    shown = answers(project, catalogue, folder / "answers")
    has_dashboard = (project.folder / DASHBOARD).is_file()

    (folder / "models.html").write_text(project.read("target/static_index.html"), "utf-8")
    if has_dashboard:
        (folder / "dashboard.html").write_text(project.read("dashboard/build/index.html"), "utf-8")

    pages = Environment(
        loader=PackageLoader(__name__, "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # .env may name the target, and the project's Python has read it
    target = "import os; print(os.environ.get('DBT_TARGET') or 'local')"
    known = {
        "facts": project.answers,
        "titles": TITLES,
        "made": f"{datetime.now(UTC):%Y-%m-%d}",
        "target": project.run("python", "-c", target, print_output=False).strip(),
        "dashboard": has_dashboard,
        "answers": shown,
        "layers": {
            layer: [catalogue.table(each) for each in catalogue.in_layer(layer)] for layer in LAYERS
        },
        "diagram": Markup(draw(catalogue.entities())),
        "operation": operation(project),
        "variables": list(variables(project.read(".env.example"))),
        "decisions": decisions(project),
    }
    for name in ("index", *TITLES):
        text = pages.get_template(f"{name}.html").render(page=name, **known)
        (folder / f"{name}.html").write_text(text, "utf-8")


def hand_over(folder: Path) -> None:
    """Make handover/ in the project that is in `folder`; raises Problem where that fails."""
    project = Project(folder)
    project.check()
    os.umask(0o077)  # only the owner reads the pages
    run_programs(project)
    # handover/ is replaced when the new one is complete, so that it never holds half of a run
    output, work = folder / "handover", folder / ".handover.partial"
    shutil.rmtree(work, ignore_errors=True)
    try:
        write(project, work)
        shutil.rmtree(output, ignore_errors=True)
        work.replace(output)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"The hand-over is in {output}. Open index.html there in a browser.")

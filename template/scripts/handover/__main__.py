"""Everything for the client in one folder, handover/: `make handover`.

Puts together what other targets left behind, so it runs after `make answers`, `make dashboard`
(where the project has one) and `make docs`: the answers, the dashboard, dbt's documentation, and
pages of its own: catalogue, data dictionary with the lineage of each column, entity diagram,
schedule, variables, decisions. All of it is static HTML that loads nothing from anywhere.
Exits with 1 when something is not there yet.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from diagram import Entity, draw
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lineage import ROWS, first_origins, of_project
from markdown_it import MarkdownIt
from markupsafe import Markup

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
sys.path.insert(1, str(HERE.parent))
import formats
import schedule as schedule_script
from questions import question
from settings import Problem

OUTPUT = PROJECT / "handover"
LAYERS = ("sources", "seeds", "staging", "snapshots", "core", "marts")
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


def read(path: Path, target: str) -> str:
    """The text of a file that another target makes; raises Problem when it is not there."""
    if not path.is_file():
        raise Problem(f"There is no {path.relative_to(PROJECT)} yet: run `make {target}` first.")
    return path.read_text("utf-8")


def markdown(text: str) -> Markup:
    """Markdown as HTML, one level of headings deeper; links to files of the project are text."""
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table")
    page = renderer.render(re.sub(r"(?m)^(#+) ", r"#\1 ", text))
    return Markup(re.sub(r'<a href="(?!https?:)[^"]*">(.*?)</a>', r"\1", page))


# --- what dbt knows -------------------------------------------------------------------------------


class Catalogue:
    """The nodes of this project in dbt's manifest, their columns, and where those come from."""

    def __init__(self, manifest: dict[str, Any], catalog: dict[str, Any]):
        name = manifest["metadata"]["project_name"]
        everything = {**manifest["nodes"], **manifest["sources"]}
        self.nodes = {
            unique_id: node
            for unique_id, node in everything.items()
            if node["package_name"] == name and node["resource_type"] != "test"
        }
        self.tests = [
            node
            for node in manifest["nodes"].values()
            if node["resource_type"] == "test" and node["package_name"] == name
        ]
        self.built = {**catalog["nodes"], **catalog["sources"]}
        known = {unique_id: self.column_names(unique_id) for unique_id in self.nodes}
        self.origins = of_project(self.nodes, known, manifest["metadata"]["adapter_type"])
        # what the catalog does not know (files that DuckDB reads in place) is known by its readers
        self.read_columns: dict[str, set[str]] = {}
        self.readers: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for column, read_by in self.origins.items():
            for origin in read_by:
                self.read_columns.setdefault(origin[0], set()).add(origin[1])
                self.readers.setdefault(origin, []).append(column)

    def column_names(self, unique_id: str) -> list[str]:
        """The columns of a node: of the table if it is built, else those that YAML describes."""
        built = self.built.get(unique_id, {}).get("columns")
        return [name.lower() for name in built or self.nodes[unique_id]["columns"]]

    def layer(self, unique_id: str) -> str:
        node = self.nodes[unique_id]
        kinds = {"source": "sources", "seed": "seeds", "snapshot": "snapshots"}
        return kinds.get(node["resource_type"]) or node["path"].replace("\\", "/").split("/")[0]

    def in_layer(self, layer: str) -> list[str]:
        found = [i for i, node in self.nodes.items() if node["resource_type"] != "analysis"]
        return sorted(i for i in found if self.layer(i) == layer)

    def analyses(self) -> list[str]:
        found = [i for i, node in self.nodes.items() if node["resource_type"] == "analysis"]
        return sorted(found, key=lambda unique_id: self.nodes[unique_id]["name"])

    def key(self, unique_id: str) -> list[str]:
        """The columns of the primary_key test."""
        for test in self.tests:
            data = test.get("test_metadata") or {}
            if test.get("attached_node") == unique_id and data.get("name") == "primary_key":
                return data["kwargs"]["columns"]
        return []

    def relations(self, unique_id: str) -> dict[str, tuple[str, str]]:
        """Columns with a relationships test: column to name of the other table and its column."""
        found = {}
        for test in self.tests:
            data = test.get("test_metadata") or {}
            if test.get("attached_node") == unique_id and data.get("name") == "relationships":
                to = re.search(r"\(\s*['\"](\w+)['\"]\s*\)", data["kwargs"]["to"])
                found[data["kwargs"]["column_name"]] = (to[1], data["kwargs"]["field"])
        return found

    def tests_of(self, unique_id: str, column: str) -> list[str]:
        """Names of the other data tests of a column."""
        return sorted(
            {
                test["test_metadata"]["name"].replace("_", " ")
                for test in self.tests
                if test.get("attached_node") == unique_id
                and test.get("column_name") == column
                and test["test_metadata"]["name"] != "relationships"
            }
        )

    def link(self, origin: tuple[str, str]) -> dict[str, str]:
        """A column as text and as the place where it is described."""
        unique_id, column = origin
        node = self.nodes[unique_id]
        name = node["name"]
        text = f"rows of {name}" if column == ROWS else f"{name}.{column}"
        if node["resource_type"] == "analysis":
            return {"text": text, "href": f"catalogue.html#{name}"}
        anchor = name if column == ROWS else f"{name}.{column}"
        return {"text": text, "href": f"dictionary.html#{anchor}"}

    def table(self, unique_id: str) -> dict[str, Any]:
        """A node as the data dictionary shows it."""
        node = self.nodes[unique_id]
        described = {name.lower(): column for name, column in node["columns"].items()}
        built = self.built.get(unique_id, {}).get("columns", {})
        types = {name.lower(): column["type"] for name, column in built.items()}
        names = self.column_names(unique_id)
        if not names:
            names = sorted(self.read_columns.get(unique_id, set()) - {ROWS})
        key, relations = self.key(unique_id), self.relations(unique_id)
        columns = []
        for name in names:
            details = described.get(name, {})
            tags = details.get("config", {}).get("tags", [])
            columns.append(
                {
                    "name": name,
                    "type": details.get("data_type") or types.get(name, ""),
                    "text": details.get("description", ""),
                    "key": name in key,
                    "personal": "pii" in tags,
                    "tests": self.tests_of(unique_id, name),
                    "refers": relations.get(name),
                    "from": [self.link(each) for each in self.origins.get((unique_id, name), [])],
                    "to": [self.link(each) for each in self.readers.get((unique_id, name), [])],
                }
            )
        return {
            "name": node["name"],
            "text": markdown(node["description"]),  # with an example of a query
            "kind": node.get("config", {}).get("materialized") or node["resource_type"],
            "columns": columns,
        }

    def entities(self) -> dict[str, Entity]:
        """The tables of core and marts, for the diagram."""
        found = {}
        for layer in ("core", "marts"):
            for unique_id in self.in_layer(layer):
                key, refers = self.key(unique_id), self.relations(unique_id)
                others = len(set(self.column_names(unique_id)) - {*key, *refers})
                name = self.nodes[unique_id]["name"]
                found[name] = Entity(name, layer, key, others, refers)
        return found


# --- the answers ----------------------------------------------------------------------------------


def shown_table(path: Path, kinds: dict[str, str]) -> dict[str, Any]:
    """The first rows of a CSV file, written for readers as `make answers` does."""
    header, *rows = csv.reader(read(path, "answers").splitlines())
    columns = []
    for name, *texts in zip(header, *rows[:MOST_ROWS], strict=True):
        kind = kinds.get(name, "text")
        cells = [formats.shown(kind, formats.from_csv(kind, text)) for text in texts]
        right = formats.is_right(kind)
        columns.append({"name": name.replace("_", " "), "right": right, "cells": cells})
    return {
        "columns": columns,
        "rows": list(zip(*(column["cells"] for column in columns), strict=True)),
        "more": max(0, len(rows) - MOST_ROWS),
    }


def answers(catalogue: Catalogue, folder: Path) -> list[dict[str, Any]]:
    """Each answer with its question, definition, query, table, and where its columns come from."""
    found = []
    for unique_id in catalogue.analyses():
        node = catalogue.nodes[unique_id]
        asked = question(node)
        names = [column for owner, column in catalogue.origins if owner == unique_id]
        found.append(
            {
                "name": node["name"],
                "question": asked.text,
                "definition": asked.definition,
                "file": node["original_file_path"].replace("\\", "/"),
                "sql": node["raw_code"].strip(),
                "reads": [
                    catalogue.link((each, ROWS))
                    | {"text": catalogue.nodes[each]["name"], "layer": catalogue.layer(each)}
                    for each in node["depends_on"]["nodes"]
                ],
                "columns": [
                    {
                        "name": name,
                        "from": [
                            catalogue.link(each) for each in catalogue.origins[unique_id, name]
                        ],
                        "first": [
                            catalogue.link(each)
                            for each in first_origins((unique_id, name), catalogue.origins)
                        ],
                    }
                    for name in names
                ],
                "table": shown_table(folder / f"{node['name']}.csv", asked.formats),
            }
        )
    return found


# --- schedule, variables, decisions ---------------------------------------------------------------


def operation(now: datetime) -> dict[str, Any]:
    """The schedule in words, with the runs of a week, and what the project's documents say."""
    plan = yaml.safe_load(schedule_script.SCHEDULE.read_text("utf-8"))
    zone = ZoneInfo(plan["timezone"])
    runs = schedule_script.runs(plan, now, now + timedelta(days=7))
    return {
        "timezone": plan["timezone"],
        "crons": plan["runs"],
        "minutes": plan["minutes"],
        "steps": plan["steps"],
        "runs": [
            (f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M}", kind.replace("_", " "))
            for instant, kind in runs
        ],
        "about": markdown((PROJECT / "orchestration" / "README.md").read_text("utf-8")),
        "runbook": markdown((PROJECT / "docs" / "runbook.md").read_text("utf-8")),
    }


def variables(example: str) -> Iterator[dict[str, Any]]:
    """The variables of .env.example with what is said of them; never a value of .env."""
    for block in example.split("\n\n"):
        said: list[str] = []
        for line in block.strip().splitlines():
            if match := re.match(r"(# )?([A-Z][A-Z0-9_]*)=(.*)", line):
                yield {
                    "name": match[2],
                    "example": match[3],
                    "optional": bool(match[1]),
                    "text": " ".join(said),
                }
            elif not line.startswith("# ---"):
                said.append(line.removeprefix("#").strip())


def decisions() -> list[tuple[str, Markup]]:
    """The decision records: name of the file, and its text as HTML."""
    records = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
    return [(path.stem, markdown(path.read_text("utf-8"))) for path in records]


# --- pages ----------------------------------------------------------------------------------------


def write(folder: Path, now: datetime) -> None:
    """Write the hand-over into `folder`."""
    target = PROJECT / "target"
    documentation = read(target / "static_index.html", "docs")
    catalog = json.loads(read(target / "catalog.json", "docs"))
    catalogue = Catalogue(json.loads(read(target / "manifest.json", "docs")), catalog)
    shown = answers(catalogue, PROJECT / "answers")
    drawn = PROJECT / "dashboard" / "build" / "index.html"
    has_dashboard = (PROJECT / "dashboard" / "render.py").is_file()
    dashboard = read(drawn, "dashboard") if has_dashboard else ""
    facts = yaml.safe_load((PROJECT / ".copier-answers.yml").read_text("utf-8"))

    (folder / "answers").mkdir(parents=True)
    for answer in shown:
        name = f"{answer['name']}.csv"
        shutil.copyfile(PROJECT / "answers" / name, folder / "answers" / name)
    (folder / "models.html").write_text(documentation, "utf-8")
    if dashboard:
        (folder / "dashboard.html").write_text(dashboard, "utf-8")

    pages = Environment(
        loader=FileSystemLoader(HERE / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known = {
        "facts": facts,
        "titles": TITLES,
        "made": f"{now:%Y-%m-%d}",
        "target": os.environ.get("DBT_TARGET") or "local",
        "dashboard": bool(dashboard),
        "answers": shown,
        "layers": {
            layer: [catalogue.table(each) for each in catalogue.in_layer(layer)] for layer in LAYERS
        },
        "diagram": Markup(draw(catalogue.entities())),
        "operation": operation(now),
        "variables": list(variables((PROJECT / ".env.example").read_text("utf-8"))),
        "decisions": decisions(),
    }
    for name in ("index", *TITLES):
        text = pages.get_template(f"{name}.html").render(page=name, **known)
        (folder / f"{name}.html").write_text(text, "utf-8")


def main() -> None:
    # it comes into handover/ when all of it is there, so that it never holds half of a run
    work = OUTPUT.with_name(".handover.partial")
    shutil.rmtree(work, ignore_errors=True)
    try:
        write(work, datetime.now(UTC))
        shutil.rmtree(OUTPUT, ignore_errors=True)
        work.replace(OUTPUT)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"The hand-over is {OUTPUT}: open index.html there in a browser.")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))

"""What dbt knows about a project, from its manifest and catalog."""

from __future__ import annotations

import re
from typing import Any

from .diagram import Entity
from .lineage import ROWS, of_project
from .markdown import markdown


class Catalogue:
    """The nodes of this project in dbt's manifest, their columns, and where those come from."""

    def __init__(self, manifest: dict[str, Any], catalog: dict[str, Any]):
        name = manifest["metadata"]["project_name"]
        everything = {**manifest["nodes"], **manifest["sources"]}
        self.nodes = {
            unique_id: node
            for unique_id, node in everything.items()
            if node["package_name"] == name
            and node["resource_type"] != "test"
            # a query that answers no question is for the dashboard alone
            and (node["resource_type"] != "analysis" or "question" in node["config"]["meta"])
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

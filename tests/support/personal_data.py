"""Which columns of a project are marked as personal data."""

import yaml
from rendering import render


def columns(**answers) -> dict[tuple[str, str], bool]:
    """Whether a column of a model or snapshot is marked as personal, by model and column."""
    found = {}
    for path, file in render(answers).items():
        if path.startswith(("models/", "snapshots/")) and path.endswith(".yml"):
            properties = yaml.safe_load(file.content)
            for node in properties.get("models", []) + properties.get("snapshots", []):
                for column in node.get("columns", []):
                    tags = column.get("config", {}).get("tags", [])
                    found[node["name"], column["name"]] = "pii" in tags
    return found

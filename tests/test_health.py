"""The health of a generated project: its YAML is in order, its documentation and tests complete."""

import pytest
from projects import Project

YAML = ("dbt-osmosis", "yaml", "refactor", "--auto-apply")
CHECK = (*YAML, "--check", "--dry-run")
MARTS = "models/marts/_marts__models.yml"


def yaml_files(project: Project) -> dict[str, str]:
    """The properties that dbt-osmosis looks after, by path."""
    return {
        path.relative_to(project.folder).as_posix(): path.read_text()
        for folder in ("models", "seeds", "snapshots")
        for path in (project.folder / folder).rglob("*.yml")
    }


# ---------------------------------------------------------------- make yaml, make yaml-check
@pytest.mark.slow
@pytest.mark.parametrize("warehouse", ["duckdb", "snowflake"])
def test_yaml_of_a_fresh_project_is_in_order_whatever_the_warehouse(
    warehouse, built, project, tmp_path
):
    """`make yaml` would change nothing on the local twin, so `make yaml-check` passes."""
    copied = Project(project(warehouse=warehouse, elementary=False), built.data, built.database)
    fresh = copied.copy(tmp_path / "project")
    before = yaml_files(fresh)
    fresh.run(*CHECK)
    assert yaml_files(fresh) == before
    assert "{{ doc('market_segment') }}" in before[MARTS]


@pytest.mark.slow
def test_yaml_check_fails_on_drift_and_yaml_mends_it(built, tmp_path):
    """A column that the YAML does not name, and one that is gone from the model."""
    project = built.copy(tmp_path / "project")
    file = project.folder / MARTS
    known = file.read_text()
    entry = (
        "      - name: spend\n        description: The segment's own marketing spend; 0 if none.\n"
    )
    assert entry in known
    file.write_text(known.replace(entry, entry.replace("name: spend", "name: gone")))
    project.run(*CHECK, fails=True)
    project.run(*YAML)
    assert "- name: spend\n" in file.read_text() and "- name: gone\n" not in file.read_text()

"""Resolve the requirement locks: includes/warehouses, requirements, template/orchestration.

    python scripts/make_locks.py [--upgrade]

There is one lock per warehouse, with and without Elementary, one for work on the template, one for
each environment that has to be apart (APART), and one for each orchestrator. Those of projects and of
the work on the template are resolved once together; that result constrains each of them, so that
all locks of one release agree on the version of every package they share. Without --upgrade the
versions in the present locks are kept where they still fit.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "template" / "scripts" / "lock.sh"
WAREHOUSES = ROOT / "includes" / "warehouses"
DEV = ROOT / "requirements" / "dev.txt"
# environments of their own, by the name of their lock in requirements/
APART = {
    # for machines that have no uv
    "uv": "uv\n",
    # zensical and dbt want different versions of pathspec
    "docs": "zensical>=0.0.73,<0.1\n",
    # dbt-databricks needs an older dbt-spark
    "spark": "dbt-core>=1.11,<1.12\ndbt-spark[session]\nrich\n",
    # Google's analyzer of BigQuery's SQL; bigquery_analyzer.py helps this version
    "zetasql": "zetasql==0.1.5\n",
}


def warehouses() -> list[str]:
    """The values of the question `warehouse` in copier.yml."""
    choices = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["warehouse"]["choices"]
    values = choices.values() if isinstance(choices, dict) else choices
    return [value["value"] if isinstance(value, dict) else value for value in values]


def environment() -> Environment:
    """Jinja with the settings of copier.yml, over the whole repository."""
    return Environment(
        loader=FileSystemLoader(ROOT),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )


def facts(warehouse: str) -> dict[str, Any]:
    """What the warehouse's folder says about it."""
    template = environment().get_template(f"includes/warehouses/{warehouse}/facts.jinja")
    return template.module.facts


def requirements_in(warehouse: str, elementary: bool) -> str:
    """The requirements.in that a project with these answers gets."""
    template = environment().get_template("template/requirements.in.jinja")
    return template.render(warehouse=warehouse, facts=facts(warehouse), elementary=elementary)


def as_uv_writes(lock: str) -> str:
    """A lock with each single `# via` on one line, as `make lock` of a project leaves it."""
    return re.sub(r"    # via\n    #   ([^\n]+)\n(?!    #   )", r"    # via \1\n", lock)


def compile_lock(text: str, lock: Path, work: Path, upgrade: bool, constraint: Path | None) -> None:
    """Resolve `text` into `lock`.

    Runs in the folder `work`, so that comments in the lock name `requirements.in` and no folder.
    """
    (work / "requirements.in").write_text(text, "utf-8")
    output = work / "requirements.txt"
    output.unlink(missing_ok=True)
    if lock.exists():
        shutil.copyfile(lock, output)
    options = ["--upgrade"] if upgrade else []
    if constraint:
        options += ["--constraint", constraint.name]
    subprocess.run([LOCK, "requirements.in", "requirements.txt", *options], cwd=work, check=True)
    text = output.read_text("utf-8")
    if "://" in text:
        raise SystemExit(f"{lock.name} contains an address; it must not: {lock}")
    # a line that only says that the constraint also names the package tells a reader nothing
    text = as_uv_writes(text.replace(f"    #   -c {constraint.name}\n", "")) if constraint else text
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(text, "utf-8", newline="\n")


def main(arguments: list[str]) -> None:
    upgrade = "--upgrade" in arguments
    variants = [(warehouse, answer) for warehouse in warehouses() for answer in (False, True)]
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    ours = [*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]]
    adapters = filter(None, (facts(warehouse)["requirement"] for warehouse in warehouses()))
    dev = "".join(f"{requirement}\n" for requirement in (*ours, *adapters))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        everything = work / "everything.txt"
        # uv keeps the versions that it finds here, those of packages that only projects have included
        everything.write_text(
            "".join(lock.read_text("utf-8") for lock in (DEV, *sorted(WAREHOUSES.glob("*/*.txt")))),
            "utf-8",
        )
        together = dev + "".join(requirements_in(*variant) for variant in variants)
        jobs: list[tuple[str, Path, Path | None]] = [
            (together, everything, None),
            (dev, DEV, everything),
        ]
        for name, text in APART.items():
            jobs.append((text, ROOT / "requirements" / f"{name}.txt", None))
        for warehouse, elementary in variants:
            lock = WAREHOUSES / warehouse / f"requirements{'-elementary' if elementary else ''}.txt"
            jobs.append((requirements_in(warehouse, elementary), lock, everything))
        for requirements in sorted(ROOT.glob("template/orchestration/*/requirements.in")):
            text = requirements.read_text("utf-8")
            jobs.append((text, requirements.with_suffix(".txt"), None))
        for text, lock, constraint in jobs:
            start = time.monotonic()
            compile_lock(text, lock, work, upgrade, constraint)
            print(
                f"{f'{lock.parent.name}/{lock.name}':<40} {time.monotonic() - start:5.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])

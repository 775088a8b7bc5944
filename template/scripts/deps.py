"""Install the dbt packages of packages.yml into dbt_packages/: `make deps`.

Where they come from is a matter of the environment:

- DBT_PACKAGES_FOLDER: a folder that holds each package as a folder (elementary, dbt_utils), for a
  network without any server of packages,
- DBT_PACKAGES_GIT: the address of a git mirror with {package} in it, such as
  https://git.example.com/dbt/{package}.git; the version is the tag,
- neither: the dbt hub, by `dbt deps`.

From a folder or a mirror, edr's own dbt project gets the same packages, because it would ask the
hub otherwise. What is in dbt_packages/ is replaced only when everything has arrived.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent
INSTALLED = PROJECT / "dbt_packages"
NEW = PROJECT / ".dbt_packages.partial"


class Problem(Exception):
    """Something the user can put right; its text says how."""


def listed() -> dict[str, str]:
    """Name and version of each package in packages.yml: {"dbt_utils": "1.4.1"}."""
    packages = yaml.safe_load((PROJECT / "packages.yml").read_text("utf-8")).get("packages") or []
    return {entry["package"].split("/")[-1]: str(entry["version"]) for entry in packages}


def from_folder(folder: Path, name: str, version: str) -> None:
    """Copy a package out of a folder of packages."""
    project = folder / name / "dbt_project.yml"
    if not project.is_file():
        raise Problem(
            f"{folder} has no package {name}: put version {version} there, as a folder of that name."
        )
    shutil.copytree(folder / name, NEW / name, ignore=shutil.ignore_patterns(".git"))


def from_git(address: str, name: str, version: str) -> None:
    """Clone a package at the tag of its version."""
    source = address.replace("{package}", name)
    command = ["git", "clone", "--quiet", "--depth", "1", "--branch", version, source]
    done = subprocess.run([*command, str(NEW / name)], check=False)
    if done.returncode:
        raise Problem(f"{source} did not give tag {version}: check DBT_PACKAGES_GIT in .env.")
    shutil.rmtree(NEW / name / ".git")


def install(packages: dict[str, str], fetch: Callable[[str, str], None]) -> None:
    """Fetch every package, then put them in place, and into edr's own project where there is one."""
    shutil.rmtree(NEW, ignore_errors=True)
    NEW.mkdir()
    try:
        for name, version in packages.items():
            print(f"  {name} {version} ...", flush=True)
            fetch(name, version)
            # dbt would look on the hub for what a package lists; all of it is listed here already
            (NEW / name / "packages.yml").unlink(missing_ok=True)
        edr = importlib.util.find_spec("elementary")
        folders = [INSTALLED]
        if edr and edr.origin:
            folders.append(Path(edr.origin).parent / "monitor" / "dbt_project" / "dbt_packages")
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(NEW, folder)
    finally:
        shutil.rmtree(NEW, ignore_errors=True)


def from_hub() -> None:
    """Let dbt fetch the packages from its hub."""
    dbt = Path(sysconfig.get_path("scripts")) / "dbt"
    if subprocess.run([str(dbt), "deps"], cwd=PROJECT, check=False).returncode:
        raise Problem(
            "The dbt hub did not answer: set DBT_PACKAGES_FOLDER or DBT_PACKAGES_GIT in .env "
            "(explained in .env.example), then run make deps."
        )


def main() -> None:
    packages = listed()
    folder, mirror = os.environ.get("DBT_PACKAGES_FOLDER"), os.environ.get("DBT_PACKAGES_GIT")
    if not packages:
        print("packages.yml lists no package.")
    elif folder:
        install(packages, lambda *package: from_folder(PROJECT / folder, *package))
    elif mirror:
        install(packages, lambda *package: from_git(mirror, *package))
    else:
        from_hub()


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(str(problem))

"""Install the dbt packages of packages.yml into dbt_packages/: `make deps`.

Where they come from is a matter of the environment:

- PACKAGES_FOLDER: a folder that holds each package as a folder (elementary, dbt_utils), for a
  network without any server of packages,
- PACKAGES_GIT: the address of a git mirror with {package} in it, such as
  https://git.example.com/dbt/{package}.git; the version is the tag,
- neither: the dbt hub, by `dbt deps`.

edr's own dbt project reads the same folder (scripts/project_env.py). It is replaced only when
everything has arrived.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import textwrap
from collections.abc import Callable
from pathlib import Path

from settings import PROJECT, Problem, read_yaml

INSTALLED = PROJECT / "dbt_packages"
NEW = PROJECT / ".dbt_packages.partial"


def listed() -> dict[str, str]:
    """Name and version of each package in packages.yml: {"dbt_utils": "1.4.1"}."""
    packages = read_yaml(PROJECT / "packages.yml").get("packages") or []
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
        raise Problem(f"{source} did not give tag {version}: check PACKAGES_GIT in .env.")
    shutil.rmtree(NEW / name / ".git")


def install(packages: dict[str, str], fetch: Callable[[str, str], None]) -> None:
    """Fetch every package, then put them in place."""
    shutil.rmtree(NEW, ignore_errors=True)
    NEW.mkdir()
    try:
        for name, version in packages.items():
            print(f"  {name} {version} ...", flush=True)
            fetch(name, version)
            # dbt would look on the hub for what a package lists; all of it is listed here already
            (NEW / name / "packages.yml").unlink(missing_ok=True)
        shutil.rmtree(INSTALLED, ignore_errors=True)
        NEW.replace(INSTALLED)
    finally:
        shutil.rmtree(NEW, ignore_errors=True)


def from_hub() -> None:
    """Let dbt fetch the packages from its hub; of a failure only the last line of dbt is shown."""
    dbt = Path(sysconfig.get_path("scripts")) / "dbt"
    print("  from the dbt hub ...", flush=True)
    done = subprocess.run(
        [str(dbt), "--no-use-colors", "deps"],
        cwd=PROJECT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        reason = textwrap.shorten(done.stdout.strip().rpartition("\n")[2], 160)
        raise Problem(
            f"{reason}\nThe packages did not come from the dbt hub: set PACKAGES_FOLDER or "
            "PACKAGES_GIT\nin .env, as .env.example explains, then run make deps."
        )


def main() -> None:
    packages = listed()
    folder, mirror = os.environ.get("PACKAGES_FOLDER"), os.environ.get("PACKAGES_GIT")
    if not packages:
        print("packages.yml lists no package.")
    elif folder:
        install(packages, lambda *package: from_folder(PROJECT / folder, *package))
    elif mirror:
        install(packages, lambda *package: from_git(mirror, *package))
    else:
        from_hub()


if __name__ == "__main__":
    main()

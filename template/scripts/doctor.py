"""Look at everything that a build needs, and say what to do about it: `make doctor`.

One line each for the environment, the settings, the files that they name, the connection and the
sources, on the target that DBT_TARGET names. Later checks that cannot be made are left out. Nothing
is written. Exits with 1 when something is wrong.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import urllib.request
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import data
import session
import settings
from settings import PROJECT, Problem

# Variables whose value is a file that has to be there.
FILES = re.compile(r"(PRIVATE_KEY_PATH|KEYFILE_PATH|SSLROOTCERT)$")
Profile = dict[str, Any]


def environment() -> str:
    """Are the packages of requirements.txt installed, in their versions?"""
    text = (PROJECT / "requirements.txt").read_text("utf-8")
    wrong = []
    for name, wanted in re.findall(r"^([\w.-]+)==([^\s;]+)(?= \\| *$)", text, flags=re.MULTILINE):
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "none"
        if found != wanted:
            wrong.append(f"{name} {found} instead of {wanted}")
    if wrong:
        raise Problem(f"{len(wrong)} packages differ from the lock ({wrong[0]}): make install")
    return f"Python {sys.version.split()[0]}, dbt {version('dbt-core')}, packages as in the lock"


def variables(profile: Profile, target: str) -> str:
    """Is every variable set that the target needs?"""
    found = settings.problems(profile, target, dict(os.environ))
    if found:
        raise Problem("\n".join(found))
    return f"target {target}: every variable that it needs is set"


def files(profile: Profile, target: str) -> str:
    """Are the files there that variables of the target name?"""
    text = " ".join(settings.strings(profile["outputs"][target]))
    names = [name for name in re.findall(r"env_var\(\s*'(\w+)'", text) if FILES.search(name)]
    named = {name: os.environ[name] for name in names if os.environ.get(name)}
    for name, value in named.items():
        if not os.access(Path(value).expanduser(), os.R_OK):
            raise Problem(f"{name} is {value}, which isn't a readable file. Fix the path in .env")
    return ", ".join(f"{name} can be read" for name in named) or "none are named"


def reach(credentials: Any) -> None:
    """Raise Problem when the warehouse's host does not take a connection.

    Only Snowflake's, whose driver tries a dead host for a minute; not through a proxy.
    """
    if credentials.type != "snowflake" or urllib.request.getproxies():
        return
    host = credentials.host or f"{credentials.account}.snowflakecomputing.com".replace("_", "-")
    try:
        socket.create_connection((host, credentials.port or 443), timeout=10).close()
    except OSError as error:
        raise Problem(
            f"{host} cannot be reached: {error}\n"
            "SNOWFLAKE_ACCOUNT in .env says where it is; a VPN may be needed"
        ) from error


def connection(adapter: Any) -> str:
    """Does the warehouse answer?"""
    reach(adapter.config.credentials)
    try:
        with adapter.connection_named("doctor"):
            adapter.execute("select 1 as id", fetch=True)
    except Exception as error:
        raise Problem(
            f"{short(error)}\nhost, user and credentials stand in .env; `dbt debug` shows what is used"
        ) from error
    return f"{adapter.type()} answers"


def sources(adapter: Any, manifest: Any, target: str) -> str:
    """Can all source tables be read, with the load time that the project expects?"""
    if adapter.type() == "duckdb":
        try:
            data.check()
        except Problem as error:
            raise Problem(f"{error}\nmake data") from error
        return "the files of every mapping are there"
    loaded_at = adapter.config.vars.to_dict().get("source_loaded_at")
    if isinstance(loaded_at, dict):
        loaded_at = loaded_at.get(target)
    # the load times of other systems are expressions of their mappings
    relations = {
        source.relation_name: loaded_at if source.source_name == "tpch" else None
        for source in manifest.sources.values()
        if source.package_name == manifest.metadata.project_name
    }
    with adapter.connection_named("doctor"):
        for relation, column in relations.items():
            try:
                adapter.execute(
                    f"select {column or '1 as id'} from {relation} where 1 = 0", fetch=True
                )
            except Exception as error:
                raise Problem(
                    f"{relation} cannot be read: {short(error)}\n"
                    "a missing table: make load; a missing right: warehouse/bootstrap.sql gives it"
                ) from error
    return f"{len(relations)} tables can be read, {'with' if loaded_at else 'without'} load times"


def short(error: Exception) -> str:
    """The first lines of an error, as one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])


def main() -> int:
    healthy = True

    def check(name: str, look: Callable[[], str]) -> bool:
        nonlocal healthy
        try:
            state, text = "ok", look()
        except (Problem, Exception) as error:  # noqa: BLE001 - the user always gets a sentence
            state, text, healthy = "WRONG", str(error) or repr(error), False
        for number, line in enumerate(text.splitlines()):
            print(
                f"{name if not number else '':<12}{state if not number else '':<7}{line}",
                flush=True,
            )
        return state == "ok"

    def profile() -> Profile:
        name = settings.read_yaml(PROJECT / "dbt_project.yml")["profile"]
        folder = Path(os.environ.get("DBT_PROFILES_DIR") or PROJECT / "profiles")
        return settings.read_yaml(folder / "profiles.yml")[name]

    target = os.environ.get("DBT_TARGET") or settings.DEFAULT_TARGET
    found: dict[str, Any] = {}

    def project() -> str:
        found["manifest"], found["adapter"] = session.invoke(["parse"]), session.adapter()
        return "dbt can read it"

    check("environment", environment)
    _ = (
        check("settings", lambda: variables(profile(), target))
        and check("files", lambda: files(profile(), target))
        and check("project", project)
        and check("connection", lambda: connection(found["adapter"]))
        and check("sources", lambda: sources(found["adapter"], found["manifest"], target))
    )
    print(
        "All is well: make build"
        if healthy
        else "Fix the items marked WRONG, top to bottom, then rerun `make doctor`."
    )
    return 0 if healthy else 1


if __name__ == "__main__":
    os.chdir(PROJECT)
    sys.exit(main())

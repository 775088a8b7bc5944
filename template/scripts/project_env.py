"""Start-up hook of .venv: gives every Python program of the project its settings.

setup_venv.sh copies this file into the environment beside a .pth file that imports it, so `dbt`,
`edr` and everything else that runs in .venv finds the settings, whatever the shell and the working
folder. It

- sets each variable of the project's .env that has a value and is not in the environment already
  (values are taken as they are written: ${OTHER} is not expanded),
- takes files named there as relative to the project, whatever folder a tool works in (edr runs dbt
  in a folder of its own),
- sets DBT_PROFILES_DIR to the project's profiles/ when it is not set.

The project is the folder in which .venv stands. Nothing here may stop Python from starting: what is
wrong with .env is said once on stderr, without the text of the line, which may be a secret.
"""

import os
import shutil
import sys
import types

PATHS = ("TPCH_DATA", "LOCAL_DUCKDB", "DUCKDB_PATH")
EDR_COMMANDS = ("REPORT", "MONITOR", "MONITOR_REPORT", "SEND_REPORT")
WARNED = "PROJECT_ENV_WARNED"  # tells the programs that this one starts that the warning was given


def warn(message: str) -> None:
    """Print a warning, unless the program that started this one has done so."""
    if not os.environ.get(WARNED):
        os.environ[WARNED] = "1"
        print(message, file=sys.stderr)


def dotenv_parser():
    """python-dotenv's `parse_stream`, without the rest of that package.

    Its __init__ imports so much that each start of Python would take 30 ms longer instead of 12;
    so for a moment an empty package stands in for it.
    """
    package = types.ModuleType("dotenv")
    package.__path__ = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "dotenv")]
    sys.modules["dotenv"] = package
    try:
        from dotenv.parser import parse_stream
    finally:
        del sys.modules["dotenv"]
        sys.modules.pop("dotenv.parser", None)
    return parse_stream


def configure_edr(project: str) -> None:
    """Let edr find its settings and packages: those of the project, where it has Elementary.

    edr wants a folder with a config.yml, which therefore is made in .venv each time that edr starts.
    """
    settings = os.path.join(project, "elementary_config.yml")
    if not os.path.isfile(settings):
        return
    folder = os.path.join(sys.prefix, "edr")
    if "edr" in (os.path.basename(name).split(".")[0] for name in sys.orig_argv[:2]):
        os.makedirs(folder, exist_ok=True)
        shutil.copyfile(settings, os.path.join(folder, "config.yml"))
    # what edr's own dbt project reads
    os.environ.setdefault("DBT_PACKAGES_FOLDER", os.path.join(project, "dbt_packages"))
    for command in EDR_COMMANDS:
        os.environ.setdefault(f"EDR_{command}_CONFIG_DIR", folder)
        os.environ.setdefault(f"EDR_{command}_ENV", os.environ.get("DBT_TARGET") or "local")


def load(project: str) -> None:
    """Apply the settings of the project in the folder `project` to os.environ."""
    profiles = os.path.join(project, "profiles")
    if "DBT_PROFILES_DIR" not in os.environ and os.path.isdir(profiles):
        os.environ["DBT_PROFILES_DIR"] = profiles
    path = os.path.join(project, ".env")
    if not os.path.isfile(path):
        return

    parse_stream = dotenv_parser()
    bad_lines = []
    with open(path, encoding="utf-8-sig") as stream:
        for binding in parse_stream(stream):
            if binding.error:
                bad_lines.append(str(binding.original.line))
            elif binding.key and binding.value and binding.key not in os.environ:
                value = binding.value
                if binding.key in PATHS and ":" not in value:  # no address such as s3://bucket
                    value = os.path.join(project, value)
                os.environ[binding.key] = value
    if bad_lines:
        warn(f"{path}: skipped line {', '.join(bad_lines)}, which is not of the form NAME=value.")


try:
    load(os.path.dirname(sys.prefix))
    configure_edr(os.path.dirname(sys.prefix))
except Exception as error:  # noqa: BLE001 - whatever it is, Python must start
    try:
        warn(f"The settings in .env were not loaded: {type(error).__name__}: {error}")
    except Exception:  # noqa: BLE001, S110 - there may be no stderr
        pass

"""Start-up hook of .venv: gives every Python program of the project its settings.

setup_venv.sh copies this file into the environment beside a .pth file that imports it, so `dbt`,
`edr` and everything else that runs in .venv finds the settings, whatever the shell and the working
folder. It

- sets each variable of the project's .env that has a value and is not in the environment already
  (values are taken as they are written: ${OTHER} is not expanded),
- ends the program with a sentence where .env holds a name that the project doesn't know: some names
  (LD_PRELOAD, GIT_CONFIG_COUNT, PYTHONPATH) would run code in every program that this one starts,
- takes files named there as relative to the project, whatever folder a tool works in (edr runs dbt
  in a folder of its own),
- lets only the owner read what the program writes,
- sets DBT_PROFILES_DIR to the project's profiles/ when it is not set.

The project is the folder in which .venv stands. Nothing else here may stop Python from starting: what
is wrong with .env is said once on stderr, without the text of the line, which may be a secret.

    python scripts/project_env.py

prints the sentences about the names in .env, and sets nothing.
"""

import os
import re
import shutil
import sys
import types

OWN_PREFIXES = (
    "CLIENT_",
    "DBT_ENV_SECRET_",
)  # names of the client's own; dbt hides the second's values
EVERYWHERE = {
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
}
# What the libraries under an adapter read, by a variable that only that adapter's .env.example has.
# No file that may name a program to run: AWS_CONFIG_FILE, GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES.
OF_ADAPTER = {
    "REDSHIFT_HOST": {
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"),
        *("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    },
    "BIGQUERY_LOCATION": {
        *("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_QUOTA_PROJECT"),
    },
}
PATHS = ("LOCAL_DUCKDB", "DUCKDB_PATH")
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
    so for a moment an empty package takes its place.
    """
    if __name__ == "__main__":
        from dotenv.parser import parse_stream

        return parse_stream
    package = types.ModuleType("dotenv")
    package.__path__ = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "dotenv")]
    sys.modules["dotenv"] = package
    try:
        from dotenv.parser import parse_stream
    finally:
        del sys.modules["dotenv"]
        sys.modules.pop("dotenv.parser", None)
    return parse_stream


def read(path: str) -> list:
    """The lines of .env as python-dotenv reads them, comments and bad lines included."""
    with open(path, encoding="utf-8-sig") as stream:
        return list(dotenv_parser()(stream))


def line_of(binding) -> int:
    """The line with the name; python-dotenv counts the empty ones before it to it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def of_mappings(project: str) -> set[str]:
    """The variables that name the folders of the client's systems: SHOP_DATA of mappings/shop.yml."""
    folder = os.path.join(project, "mappings")
    files = os.listdir(folder) if os.path.isdir(folder) else []
    return {f"{name[:-4].upper()}_DATA" for name in files if name.endswith(".yml")}


def accepted(project: str) -> set[str]:
    """The names that .env may hold besides those of the client's own."""
    names = EVERYWHERE | of_mappings(project)
    example = os.path.join(project, ".env.example")
    if os.path.isfile(example):
        with open(example, encoding="utf-8") as stream:
            names.update(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", stream.read(), re.MULTILINE))
    for variable, of_libraries in OF_ADAPTER.items():
        if variable in names:
            names |= of_libraries
    return names


def refusals(project: str, bindings: list) -> list[str]:
    """A sentence for each name in .env that is not accepted."""
    names = accepted(project)
    return [
        f"{project}{os.sep}.env, line {line_of(binding)}: {binding.key} isn't a variable of this project "
        f"(.env.example lists them). Delete the line and set it in your shell where you need it, or "
        f"name it {OWN_PREFIXES[0]}{binding.key} where code of your own reads it."
        for binding in bindings
        if binding.key and binding.key not in names and not binding.key.startswith(OWN_PREFIXES)
    ]


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

    bindings = read(path)
    if refused := refusals(project, bindings):
        print("\n".join(refused), file=sys.stderr, flush=True)
        os._exit(2)  # an exception here would end in a message about Python itself
    bad_lines, paths = [], {*PATHS, *of_mappings(project)}
    for binding in bindings:
        if binding.error:
            bad_lines.append(str(line_of(binding)))
        elif binding.key and binding.value and binding.key not in os.environ:
            value = binding.value
            if binding.key in paths and ":" not in value:  # no address such as s3://bucket
                value = os.path.join(project, value)
            os.environ[binding.key] = value
    if bad_lines:
        warn(f"{path}: skipped line {', '.join(bad_lines)}, which is not of the form NAME=value.")


def start() -> None:
    """What happens when a Python of .venv starts."""
    project = os.path.dirname(sys.prefix)
    os.umask(
        0o077
    )  # databases, answers and reports hold personal data: only their owner reads them
    try:
        # a letter that this terminal can't show is written as its escape, instead of an error
        sys.stdout.reconfigure(errors="backslashreplace")
        load(project)
        configure_edr(project)
    except Exception as error:  # noqa: BLE001 - whatever it is, Python must start
        try:
            warn(f"The settings in .env were not loaded: {type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001, S110 - there may be no stderr
            pass


if __name__ == "__main__":
    PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if os.path.isfile(os.path.join(PROJECT, ".env")):
        print("\n".join(refusals(PROJECT, read(os.path.join(PROJECT, ".env")))))
else:
    start()

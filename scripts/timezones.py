"""The time zones that copier.yml accepts: the list of the package tzdata, as a template.

`python scripts/timezones.py` rewrites includes/timezones.jinja. Run it after an upgrade of tzdata.
"""

from importlib.resources import files
from pathlib import Path

PATH = Path(__file__).resolve().parent.parent / "includes" / "timezones.jinja"


def zones() -> list[str]:
    """All names of the IANA list, sorted, from the installed tzdata (never from the system)."""
    names = files("tzdata").joinpath("zones").read_text().split()
    return sorted(set(names) - {"Factory"})  # Factory is a placeholder for "not set"


def as_template() -> str:
    """The text of includes/timezones.jinja."""
    lines = "\n".join(zones())
    return (
        "[# The IANA time zones. Made from the package tzdata by `python scripts/timezones.py`. #]\n"
        f"[% set timezones = '''\n{lines}\n'''.split() %]\n"
    )


if __name__ == "__main__":
    PATH.write_text(as_template())

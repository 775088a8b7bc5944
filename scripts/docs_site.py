"""Build the documentation of the template as a site: `make docs`.

zensical builds it strictly, so a link to a page or heading that is not there is an error. It has an
environment of its own, made from requirements/docs.txt: its versions do not fit dbt's.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
import rendering
import virtual_environments

SITE = rendering.ROOT / "build" / "site"
# the command line of zensical, without the traceback that it adds to its own message
ZENSICAL = "import sys; sys.tracebacklimit = 0; from zensical.main import cli; cli()"


def build(folder: Path) -> tuple[bool, str]:
    """Build the site that mkdocs.yml in `folder` describes; whether all is well, and what was said."""
    lock = (rendering.ROOT / "requirements" / "docs.txt").read_bytes()
    done = subprocess.run(
        [
            virtual_environments.python_of(lock, "docs"),
            "-c",
            ZENSICAL,
            "build",
            "--clean",
            "--strict",
        ],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode == 0, done.stdout


if __name__ == "__main__":
    good, said = build(rendering.ROOT)
    if not good:
        sys.exit(f"{said}\nThe site has broken links: mend the places above, then make docs again.")
    print(f"Open {SITE / 'index.html'} in a browser.")
    print("Its search needs a server: python3 -m http.server --directory build/site")

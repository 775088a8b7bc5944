"""Make the pictures of the README and the documentation: `make pictures`.

- docs/session.svg: from the template to the answers, as a terminal shows it;
- docs/dashboard.png: the head of the dashboard, photographed by headless Chromium.

The programs really run, in a new project with the default answers under a temporary folder. What
they print is shortened; a line of `...` says where.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

import demo
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

DOCS = demo.ROOT / "docs"
COLUMNS = 80
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# What is kept of the session: one answer, and the lines that begin so.
ANSWER = "q02_customers_by_segment:"
KEPT = re.compile(
    r"The project is|Making .venv|Made .env|== \w+ took|  Done|The demo took|  (project|database|answers|dash)"
)


def run(command: list[str], folder: Path) -> str:
    """What a command prints in a terminal of COLUMNS columns, colours included; it has to succeed."""
    kept = {name: value for name, value in demo.environment().items() if name != "MAKEFLAGS"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def draw(text: str, title: str, path: Path) -> None:
    """Write what a terminal shows as an SVG that asks nobody for anything."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text))
    svg = console.export_svg(title=title, theme=MONOKAI, unique_id=path.stem)
    # rich names a font on the web
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    path.write_text(svg.replace("Fira Code, monospace", "monospace"), "utf-8")
    print(f"Drew {path.relative_to(demo.ROOT)}.")


def plain(line: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", line)


def shortened(output: str) -> list[str]:
    """The lines worth showing, with `...` for those between."""
    lines: list[str] = []
    for block in output.split("\n\n"):
        whole = ANSWER in plain(block)
        for line in block.splitlines():
            if whole or KEPT.match(plain(line)):
                lines.append(line)
            elif lines[-1:] != ["..."]:
                lines.append("...")
    return lines


def session(parent: Path) -> str:
    """From the template to the answers, in a new folder `my-client` under `parent`.

    What is copied is the working tree; the address that is shown stands for it.
    """
    steps = (
        (
            "copier copy --defaults https://git.example.com/customer-360.git my-client",
            [sys.executable, "-m", "copier", "copy", "--defaults", str(demo.SOURCE), "my-client"],
            parent,
        ),
        ("cd my-client", None, parent),
        ("make install", ["make", "install"], parent / "my-client"),
        ("make demo", ["make", "demo"], parent / "my-client"),
    )
    lines = []
    for shown, command, folder in steps:
        lines.append(f"\x1b[1m$ {shown}\x1b[0m")
        lines += shortened(run(command, folder)) if command else []
    return "\n".join(lines).replace(f"{parent}/", "")


def photograph(page: Path, picture: Path) -> None:
    """The head of a page as a browser shows it."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not browser:
        sys.exit("There is no Chromium to photograph the dashboard with: install it first.")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options += ["--virtual-time-budget=5000", "--window-size=1280,660", f"--screenshot={picture}"]
    subprocess.run([browser, *options, page.as_uri()], check=True, capture_output=True)
    print(f"Drew {picture.relative_to(demo.ROOT)}.")


def main() -> None:
    demo.export_template()
    with tempfile.TemporaryDirectory() as folder:
        parent = Path(os.path.realpath(folder))
        draw(session(parent), "From the template to the answers", DOCS / "session.svg")
        photograph(
            parent / "my-client" / "dashboard" / "build" / "index.html", DOCS / "dashboard.png"
        )


if __name__ == "__main__":
    main()

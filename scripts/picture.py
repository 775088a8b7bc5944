"""Draw what `make answers` prints in build/demo as docs/answers.svg: `make demo`, `make picture`.

The program really runs; of its output, the answers named in SHOWN are drawn.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "build" / "demo"
PICTURE = ROOT / "docs" / "answers.svg"
SHOWN = ("q03_", "q05_", "q08_", "q12_")
COLUMNS = 80


def answers() -> str:
    """What `make answers` prints in a terminal of COLUMNS columns, colours included."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
    done = subprocess.run(
        ["make", "--no-print-directory", "answers"],
        cwd=PROJECT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit("There is no demo to draw: run make demo first.")
    return done.stdout


def main() -> None:
    blocks = [
        block
        for block in answers().split("\n\n")
        if any(re.search(rf"^\S*{name}", block, re.MULTILINE) for name in SHOWN)
    ]
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi("\x1b[1m$ make answers\x1b[0m\n\n" + "\n\n".join(blocks)))
    svg = console.export_svg(title="The twelve answers (four of them)", theme=MONOKAI)
    # rich names a font on the web; the picture asks nobody for anything
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    PICTURE.write_text(svg.replace("Fira Code, monospace", "monospace"), "utf-8")
    print(f"Drew {PICTURE.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()

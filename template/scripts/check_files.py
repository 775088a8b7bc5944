"""Refuse files that should not be committed; the hook `files` calls it with their names.

    python scripts/check_files.py FILE...

A file is refused when it is larger than LIMIT, holds the markers of a merge conflict, or is what
Copier leaves when it could not apply an update (*.rej). Exit code 1 with a line for each.
"""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 1_000_000  # bytes; data belongs into the warehouse
# a conflict has both lines; one alone may be an underlined heading
MARKERS = (b"\n<<<<<<< ", b"\n>>>>>>> ")


def problem(path: Path) -> str | None:
    """Why the file is refused, or None."""
    if path.suffix == ".rej":
        return "a part of an update that could not be applied: settle it and delete the file"
    if not path.is_file():
        return None  # deleted
    if path.stat().st_size > LIMIT:
        return f"larger than {LIMIT:,} bytes"
    content = b"\n" + path.read_bytes()
    return "has markers of a merge conflict" if all(m in content for m in MARKERS) else None


def main(names: list[str]) -> int:
    problems = {name: found for name in names if (found := problem(Path(name)))}
    for name, found in problems.items():
        print(f"{name}: {found}")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Tools for projects made from the Customer 360 template."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import Problem, handover


def main() -> None:
    parser = argparse.ArgumentParser(prog="customer-360", description=__doc__)
    tools = parser.add_subparsers(required=True, metavar="TOOL")
    tool = tools.add_parser(
        "handover",
        help="write the folder handover/ of a project, for the client to keep",
        description="Run the project's answers, dashboard and documentation, and write all of it "
        "as HTML into the folder handover/ of the project.",
    )
    tool.add_argument("project", type=Path, nargs="?", default=".", help="its folder; default: .")
    tool.set_defaults(run=lambda arguments: handover.hand_over(arguments.project.resolve()))
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except Problem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()

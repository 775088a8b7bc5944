"""Tools for projects made from the Customer 360 template."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import Problem, handover


def add_fleet(tool: argparse.ArgumentParser) -> None:
    """The arguments of the fleet, whose packages are an extra of this one."""
    try:
        from . import fleet
    except ModuleNotFoundError as missing:
        name = missing.name
        tool.add_argument("rest", nargs=argparse.REMAINDER)
        tool.set_defaults(
            run=lambda _: sys.exit(f"{name} isn't installed: install the extra fleet.")
        )
    else:
        fleet.add_arguments(tool)


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
    tool = tools.add_parser(
        "fleet",
        help="look after many projects: their versions, edits, and updates",
        description="Look after the projects that fleet.yml lists.",
    )
    add_fleet(tool)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except Problem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()

"""The entity diagram: tables as boxes, relationships tests as arrows, drawn as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, ROW, HEAD, GAP_X, GAP_Y, MARGIN = 210, 18, 26, 90, 22, 10  # in pixels
INK, LINE, SOFT = "#1c2733", "#1f4e79", "#5b6876"
FILLS = {"core": "#e3edf7", "marts": "#e8f3e6"}


@dataclass
class Entity:
    """A table of the diagram: its layer, its key, and the columns that refer to other tables."""

    name: str
    layer: str
    key: Sequence[str]
    others: int  # columns that are not shown
    refers: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # column to table, column

    @property
    def rows(self) -> list[str]:
        return list(dict.fromkeys([*self.key, *self.refers]))

    @property
    def height(self) -> int:
        return HEAD + ROW * (len(self.rows) + 1) + 6


def depths(entities: Mapping[str, Entity]) -> dict[str, int]:
    """In which column of the diagram a table stands: right of all that it refers to."""
    found: dict[str, int] = {}

    def depth(name: str, path: tuple[str, ...] = ()) -> int:
        if name not in found:
            targets = {
                table
                for table, _ in entities[name].refers.values()
                if table in entities and table != name and table not in path
            }
            found[name] = 1 + max((depth(each, (*path, name)) for each in targets), default=-1)
        return found[name]

    for name in entities:
        depth(name)
    return found


def places(entities: Mapping[str, Entity]) -> dict[str, tuple[int, int]]:
    """The upper left corner of each box. Tables without any relation stand in rows below."""
    related = {name for name, each in entities.items() if each.refers} | {
        table for each in entities.values() for table, _ in each.refers.values()
    }
    columns: dict[int, list[str]] = {}
    for name, depth in depths(entities).items():
        if name in related:
            columns.setdefault(depth, []).append(name)
    corners, bottom = {}, MARGIN
    for depth, names in sorted(columns.items()):
        y = MARGIN
        for name in names:
            corners[name] = (MARGIN + depth * (WIDTH + GAP_X), y)
            y += entities[name].height + GAP_Y
        bottom = max(bottom, y)
    across = max(len(columns), 3)
    alone = [name for name in entities if name not in related]
    for start in range(0, len(alone), across):
        line = alone[start : start + across]
        for place, name in enumerate(line):
            corners[name] = (MARGIN + place * (WIDTH + GAP_X), bottom)
        bottom += max(entities[name].height for name in line) + GAP_Y
    return corners


def box(entity: Entity, x: int, y: int) -> str:
    fill = FILLS.get(entity.layer, "#fff")
    frame = f'x="{x}" y="{y}" width="{WIDTH}" height="{entity.height}" rx="5"'
    parts = [
        f'<g id="{escape(entity.name)}"><rect {frame} fill="{fill}" stroke="{SOFT}"/>',
        f'<text x="{x + 10}" y="{y + 18}" font-weight="600">{escape(entity.name)}</text>',
    ]
    for number, column in enumerate(entity.rows):
        marks = " key" * (column in entity.key) + " \N{RIGHTWARDS ARROW}" * (
            column in entity.refers
        )
        parts.append(
            f'<text x="{x + 10}" y="{y + HEAD + ROW * (number + 1) - 4}">{escape(column)}'
            f'<tspan fill="{SOFT}">{marks}</tspan></text>'
        )
    count = f"{entity.others} other column" + ("" if entity.others == 1 else "s")
    end = y + HEAD + ROW * (len(entity.rows) + 1) - 4
    parts.append(f'<text x="{x + 10}" y="{end}" fill="{SOFT}">{count}</text></g>')
    return "".join(parts)


def arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A curve from the left of a column to the right of the key that it refers to."""
    (x1, y1), (x2, y2) = start, end
    bend = max(40, abs(x1 - x2) // 2)
    return (
        f'<path d="M{x1},{y1} C{x1 - bend},{y1} {x2 + bend},{y2} {x2},{y2}" fill="none" '
        f'stroke="{LINE}" stroke-width="1.3" marker-end="url(#end)"/>'
    )


def draw(entities: Mapping[str, Entity]) -> str:
    """The diagram as an SVG element."""
    corners = places(entities)
    arrows = []
    for name, entity in entities.items():
        for column, (table, target) in entity.refers.items():
            if table not in entities:
                continue
            (x1, y1), (x2, y2) = corners[name], corners[table]
            at = [y1 + HEAD + ROW * entity.rows.index(column) + ROW // 2]
            rows = entities[table].rows
            at.append(y2 + HEAD + ROW * (rows.index(target) if target in rows else 0) + ROW // 2)
            arrows.append(arrow((x1, at[0]), (x2 + WIDTH, at[1])))
    width = max(x for x, _ in corners.values()) + WIDTH + MARGIN
    height = max(y + entities[name].height for name, (_, y) in corners.items()) + MARGIN
    boxes = "".join(box(entities[name], x, y) for name, (x, y) in corners.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="system-ui, sans-serif" font-size="12" fill="{INK}" '
        'role="img" aria-label="Entity diagram"><defs><marker id="end" viewBox="0 0 8 8" refX="7" '
        f'refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" '
        f'fill="{LINE}"/></marker></defs>{"".join(arrows)}{boxes}</svg>'
    )

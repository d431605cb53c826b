# SPDX-License-Identifier: MIT
"""A structure as bytes: rows of four, the lowest address at the top left, offsets in bytes at the left.

Structures within a structure are shown by their own fields. An array of a few elements shows each of them, a
longer one is cut, and what has no fixed end stays open.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry_model import Registry, Structure, Type

from .svg import Drawing, fit, text_width

ROW = 4  # bytes
HEIGHT = 20.0  # of a row
GUTTER = 30.0  # left of the bytes, for offsets
COLUMN = 75.0  # of one byte
MANY = 4  # an array of more elements than this is cut
NAME, NOTE = 12.0, 9.5


@dataclass(frozen=True)
class Cell:
    """A box of the diagram. A size of 0 is an open end."""

    offset: int
    size: int
    name: str
    type: str
    cut: bool = False


def cells(registry: Registry, structure: Structure, base: int = 0, prefix: str = "") -> list[Cell]:
    result: list[Cell] = []
    for field in structure.fields:
        kind = Type.parse(field.type)
        offset, name = base + field.offset, prefix + field.name
        if kind.tail:
            result.append(Cell(offset, 0, f"{name}[]", kind.base))
        elif kind.count is None and kind.base in registry.structures:
            result += cells(registry, registry.structures[kind.base], offset, f"{name}.")
        else:
            total = registry.size(kind)
            if kind.count is None:
                result.append(Cell(offset, total, name, kind.base))
            elif kind.count > MANY or "reserved" in name:
                result.append(Cell(offset, total, f"{name}[{kind.count}]", kind.base, cut=total > 4 * ROW))
            else:
                one = total // kind.count
                result += [Cell(offset + i * one, one, f"{name}[{i}]", kind.base) for i in range(kind.count)]
    return result


def draw(registry: Registry, structure: Structure) -> str:
    boxes = cells(registry, structure)
    width = GUTTER + ROW * COLUMN + 1
    listed = ", ".join(f"{box.offset} {box.name}" for box in boxes)
    drawing = Drawing(width, f"Bytes of {structure.name}: {listed}")
    for byte in range(ROW):
        drawing.text(GUTTER + (byte + 0.5) * COLUMN, 6, f"+{byte}", NOTE, "note", "middle")
    y = 14.0  # where the current row starts
    for box in boxes:
        within = box.offset % ROW
        if within and within + box.size > ROW or box.size > ROW and box.size % ROW:
            raise ValueError(f"{structure.name}.{box.name} does not lie on rows of {ROW} bytes")
        height = HEIGHT * (2 if box.cut else max(box.size // ROW, 1))
        _box(drawing, box, GUTTER + within * COLUMN, y, height)
        if within == 0:
            drawing.text(GUTTER - 6, y + HEIGHT / 2, str(box.offset), NOTE, "note", "end")
        if box.size == 0 or within + box.size >= ROW:
            y += height
    return str(drawing)


def _box(drawing: Drawing, box: Cell, x: float, y: float, height: float) -> None:
    reserved = " reserved" if box.name.rpartition(".")[2].startswith("reserved") else ""
    width = COLUMN * (box.size if 0 < box.size < ROW else ROW)
    if box.size == 0:
        drawing.path(f"M{x:g},{y + height:g}V{y:g}H{x + width:g}V{y + height:g}", y + height, "edge open")
    elif box.cut:
        _cut_box(drawing, x, y, width, height, "box" + reserved)
    else:
        drawing.rectangle(x, y, width, height, "box" + reserved)
    middle, room = y + height / 2, width - 12
    size = fit(box.name, NAME, room)
    drawing.text(x + 6, middle, box.name, size, "name" + reserved)
    if text_width(box.name, size) + text_width(box.type, NOTE) + 8 <= room:
        drawing.text(x + width - 6, middle, box.type, NOTE, "note", "end")


def _cut_box(drawing: Drawing, x: float, y: float, width: float, height: float, look: str) -> None:
    """A box whose left and right sides have a kink: there is more of it than is drawn."""
    a, b, right = y + height / 2 - 4, y + height / 2 + 4, x + width
    kink = (
        f"M{x:g},{y:g}H{right:g}V{a:g}l-4,3l8,2L{right:g},{b:g}V{y + height:g}"
        f"H{x:g}V{b:g}l4,-3l-8,-2L{x:g},{a:g}Z"
    )
    drawing.path(kink, y + height, look)

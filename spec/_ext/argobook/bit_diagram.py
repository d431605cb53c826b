# SPDX-License-Identifier: MIT
"""A word as bits: the highest at the left, as in processor manuals.

Bits without a name are drawn as one box, however many they are, so that the others have room. A field carries
its name within; a single bit gets a line to its name below.
"""

from __future__ import annotations

from dataclasses import dataclass

from .svg import Drawing, fit, text_width

WIDTH = 330.0
BIT = 22.0  # of a single bit, where there is room
NARROWEST = 14.0
BOX = 22.0  # height
STEP = 15.0  # from one name to the next
NAME, NOTE = 12.0, 9.5


@dataclass(frozen=True)
class Part:
    """Bits high to low of a word, both included. Without a name: zero."""

    high: int
    low: int
    name: str = ""

    @property
    def single(self) -> bool:
        return self.high == self.low

    def least(self, bit: float) -> float:
        """The narrowest box that can be read."""
        if self.single:
            return bit
        return max(text_width(self.name, NAME) + 10, 48.0) if self.name else 44.0


def fill(parts: list[Part], bits: int) -> list[Part]:
    """The parts, highest first, and what lies between them."""
    result: list[Part] = []
    above = bits - 1
    for part in sorted(parts, key=lambda part: -part.high):
        if part.high > above:
            raise ValueError(f"bits {part.high} to {part.low} overlap others, or the word's end")
        if part.high < above:
            result.append(Part(above, part.high + 1))
        result.append(part)
        above = part.low - 1
    if above >= 0:
        result.append(Part(above, 0))
    return result


def draw(title: str, parts: list[Part], bits: int) -> str:
    parts = fill(parts, bits)
    listed = ", ".join(f"{_range(part)} {part.name or 'zero'}" for part in parts)
    drawing = Drawing(WIDTH, f"Bits of {title}: {listed}")
    left = 1.0
    widths = _widths(parts, WIDTH - 2)
    named = [i for i, part in enumerate(parts) if part.single and part.name]
    if named:  # the first name is written to the left of its bit
        reach = text_width(parts[named[0]].name, NAME) + 12 - sum(widths[: named[0]]) - widths[named[0]] / 2
        if reach > 0:
            left += reach
            widths = _widths(parts, WIDTH - 2 - reach)
    x, top = left, 14.0
    y = top + BOX + STEP
    for part, width in zip(parts, widths):
        reserved = "" if part.name else " reserved"
        drawing.text(
            x + width / 2, 6, _range(part), fit(_range(part), NOTE, width - 1, 6.0), "note", "middle"
        )
        drawing.rectangle(x, top, width, BOX, "box" + reserved)
        middle = x + width / 2
        if part.name and part.single:
            drawing.path(f"M{middle:g},{top + BOX:g}V{y:g}h-7", y, "leader")
            drawing.text(middle - 10, y, part.name, NAME, "name", "end")
            y += STEP
        else:
            label = part.name or "0"
            drawing.text(
                middle, top + BOX / 2, label, fit(label, NAME, width - 6), "name" + reserved, "middle"
            )
        x += width
    return str(drawing)


def _range(part: Part) -> str:
    return str(part.high) if part.single else f"{part.high}\u2013{part.low}"


def _widths(parts: list[Part], room: float) -> list[float]:
    """Single bits alike; the rest is shared among the others by their bits."""
    for bit in (BIT, 18.0, NARROWEST):
        least = [part.least(bit) for part in parts]
        spare = room - sum(least)
        if spare >= 0:
            break
    else:
        raise ValueError("too many single bits for one diagram")
    wide = [0 if part.single else part.high - part.low + 1 for part in parts]
    if not any(wide):
        return [room / len(parts)] * len(parts)
    return [width + spare * bits / sum(wide) for width, bits in zip(least, wide)]

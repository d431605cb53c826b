# SPDX-License-Identifier: MIT
"""The little SVG that the book's diagrams need.

Every shape has a class and, as attributes, that class's look on paper. The HTML theme restyles the classes
with its own variables, so that a diagram follows light and dark; the PDF takes the attributes as they are.
Text stays text.
"""

from __future__ import annotations

from html import escape

FONT = "'JetBrains Mono', 'DejaVu Sans Mono', monospace"
CHARACTER = 0.6  # width of a monospaced character, in font sizes

_INK, _MUTED, _LINE, _SHADE = "#1b1f24", "#646b75", "#8b929c", "#eef0f3"
PAPER: dict[str, dict[str, str]] = {
    "box": {"fill": "none", "stroke": _LINE, "stroke-width": "1"},
    "box reserved": {"fill": _SHADE, "stroke": _LINE, "stroke-width": "1"},
    "edge": {"fill": "none", "stroke": _LINE, "stroke-width": "1"},
    "edge open": {"fill": "none", "stroke": _LINE, "stroke-width": "1", "stroke-dasharray": "4 3"},
    "leader": {"fill": "none", "stroke": _LINE, "stroke-width": "0.75"},
    "name": {"fill": _INK},
    "name reserved": {"fill": _MUTED},
    "note": {"fill": _MUTED},
}


def text_width(text: str, size: float) -> float:
    return len(text) * CHARACTER * size


def fit(text: str, size: float, room: float, smallest: float = 7.0) -> float:
    """The font size at which `text` fits into `room`. ValueError if that is too small to read."""
    if text_width(text, size) <= room:
        return size
    size = room / (CHARACTER * len(text))
    if size < smallest:
        raise ValueError(f"'{text}' is too long for its box in a diagram")
    return size


class Drawing:
    """Shapes, in user units. A phone shows about one unit as one pixel."""

    def __init__(self, width: float, description: str) -> None:
        self.width = width
        self.height = 0.0
        self._description = description
        self._shapes: list[str] = []

    def rectangle(self, x: float, y: float, width: float, height: float, look: str = "box") -> None:
        self._shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{_attributes(look)}/>'
        )
        self._reach(y + height)

    def path(self, commands: str, lowest: float, look: str = "edge") -> None:
        """`lowest` is the path's greatest y."""
        self._shapes.append(f'<path d="{commands}"{_attributes(look)}/>')
        self._reach(lowest)

    def text(
        self, x: float, y: float, text: str, size: float, look: str = "name", anchor: str = "start"
    ) -> None:
        """`y` is the middle of the line, not the baseline."""
        baseline = y + 0.35 * size
        self._shapes.append(
            f'<text x="{x:g}" y="{baseline:.4g}" font-size="{size:.3g}" text-anchor="{anchor}"'
            f"{_attributes(look)}>{escape(text)}</text>"
        )
        self._reach(y + 0.6 * size)

    def __str__(self) -> str:
        height = self.height + 1
        return (
            f'<svg class="argo-diagram" xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {self.width:g} {height:g}" '
            f'width="{self.width:g}" height="{height:g}" role="img" '
            f'aria-label="{escape(self._description)}" font-family="{FONT}">'
            + "".join(self._shapes)
            + "</svg>"
        )

    def _reach(self, y: float) -> None:
        self.height = max(self.height, y)


def _attributes(look: str) -> str:
    return "".join(f' {name}="{value}"' for name, value in {"class": look, **PAPER[look]}.items())

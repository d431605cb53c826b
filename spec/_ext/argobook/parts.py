# SPDX-License-Identifier: MIT
"""What the directives build their output from: words, tables, facts, labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from docutils import nodes
from sphinx import addnodes

Cell = str | nodes.Node | Sequence[nodes.Node]

KEYWORDS = (
    "MUST NOT",
    "SHALL NOT",
    "SHOULD NOT",
    "NOT RECOMMENDED",
    "MUST",
    "SHALL",
    "SHOULD",
    "MAY",
    "REQUIRED",
    "RECOMMENDED",
    "OPTIONAL",
)
_KEYWORD = re.compile(r"\b(" + "|".join(KEYWORDS) + r")\b")
_NAMES = re.compile(r"(ARGO-[A-Z]+-[0-9]{3})|(ARGO_[A-Z0-9_]+\*?|argo_[a-z0-9_]+|\b(?:max|rx|tx)_[a-z_]+\b)")


def code(text: str, *classes: str) -> nodes.literal:
    return nodes.literal(text, text, classes=list(classes))


def label(text: str, *classes: str) -> nodes.inline:
    return nodes.inline(text, text, classes=["argo-label", *classes])


def narrow(text: str) -> nodes.inline:
    """What a column's heading says, for windows too narrow for columns."""
    return nodes.inline("", f"{text} ", classes=["argo-narrow"])


def link(kind: str, name: str, text: str | None = None) -> addnodes.pending_xref:
    """To an obligation (req), an operation (op) or a structure (struct), if the book has it."""
    return addnodes.pending_xref(
        "",
        code(text or name),
        refdomain="argo",
        reftype=kind,
        reftarget=name,
        refexplicit=True,
        refwarn=False,
    )


def words(text: str) -> list[nodes.Node]:
    """A sentence of the registry, its names set as code and linked where there is something to link to."""
    result: list[nodes.Node] = []
    end = 0
    for match in _NAMES.finditer(text):
        if match.start() > end:
            result.append(nodes.Text(text[end : match.start()]))
        requirement, name = match.groups()
        result.append(
            link("req", requirement)
            if requirement
            else link("struct", name)
            if name.startswith("argo_")
            else code(name)
        )
        end = match.end()
    if end < len(text):
        result.append(nodes.Text(text[end:]))
    return result


def sentence(text: str) -> list[nodes.Node]:
    """The same, with the capital and the full stop that a phrase of the registry lacks."""
    text = text[:1].upper() + text[1:] if not re.match(r"[a-z]+_", text) else text
    return words(text if text.endswith((".", "?", "!")) else text + ".")


def emphasize_keywords(node: nodes.Node) -> None:
    for text in list(node.findall(nodes.Text)):
        if isinstance(text.parent, nodes.literal) or not _KEYWORD.search(text):
            continue
        pieces: list[nodes.Node] = []
        for i, piece in enumerate(_KEYWORD.split(text.astext())):
            if piece:
                pieces.append(
                    nodes.strong(piece, piece, classes=["argo-keyword"]) if i % 2 else nodes.Text(piece)
                )
        text.parent.replace(text, pieces)


def paragraph(content: Cell, *classes: str) -> nodes.paragraph:
    return nodes.paragraph("", "", *_inline(content), classes=list(classes))


def join(items: Iterable[nodes.Node], separator: str = ", ") -> list[nodes.Node]:
    result: list[nodes.Node] = []
    for item in items:
        if result:
            result.append(nodes.Text(separator))
        result.append(item)
    return result


def table(
    kind: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Cell] | nodes.row]
) -> nodes.table:
    """`columns` are class and heading. In a narrow window rows become blocks, see argo.css."""
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=1) for _ in columns]
    head, body = nodes.thead(), nodes.tbody()
    group += [head, body]
    head += row(columns, [heading for _, heading in columns])
    for each in rows:
        body += each if isinstance(each, nodes.row) else row(columns, each)
    result = nodes.table("", group, classes=["argo-table", f"argo-{kind}", "colwidths-auto"])
    return result


def row(
    columns: Sequence[tuple[str, str]], cells: Sequence[Cell], identifier: str | None = None
) -> nodes.row:
    result = nodes.row(ids=[identifier] if identifier else [])
    for (column, _), cell in zip(columns, cells, strict=True):
        entry = nodes.entry(classes=[f"argo-c-{column}"])
        blocks = not isinstance(cell, (str, nodes.Node)) and cell and isinstance(cell[0], nodes.paragraph)
        entry += list(cell) if blocks else [paragraph(cell)] if _inline(cell) else []
        result += entry
    return result


def facts(pairs: Iterable[tuple[str, Cell]]) -> nodes.container:
    """Name and value side by side, in a flow that wraps."""
    box = nodes.container(classes=["argo-facts"])
    for name, value in pairs:
        box += nodes.paragraph(
            "", "", nodes.inline(name, name, classes=["argo-fact"]), nodes.Text(" "), *_inline(value)
        )
    return box


def svg(drawing: str) -> nodes.raw:
    return nodes.raw("", f'<div class="argo-figure">{drawing}</div>', format="html")


def hexadecimal(number: int, digits: int = 0) -> str:
    return f"0x{number:0{digits}x}"


def _inline(content: Cell) -> list[nodes.Node]:
    if isinstance(content, str):
        return [nodes.Text(content)] if content else []
    return [content] if isinstance(content, nodes.Node) else list(content)

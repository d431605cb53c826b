# SPDX-License-Identifier: MIT
"""`names`: all names of the C headers, as the headers have them, with their values and their chapters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from generate_headers import headers

from .directive import BookDirective
from .parts import Cell, code, link, table

_DEFINE = re.compile(r"^#define (ARGO_\w+(?:\(\w+\))?) +(\S.*?)(?: +/\*.*)?$", re.MULTILINE)
_CONSTANT = re.compile(r"UINT\d+_C\((\w+)\)|(\w+)u")


class NamesDirective(BookDirective):
    """.. names::"""

    COLUMNS = (("name", "Name"), ("value", "Value"), ("place", "Chapter"))

    def build(self) -> list[nodes.Node]:
        rows = sorted([*self._macros(), *self._structures()])
        return [table("names", self.COLUMNS, [self._row(*each) for each in rows])]

    def _macros(self) -> Iterator[tuple[str, str, str]]:
        for file, text in headers(self.registry).items():
            for name, value in dict(_DEFINE.findall(text)).items():
                if name.startswith("ARGO_ALIGNAS"):
                    continue  # C's own word, which C++ spells otherwise
                plain = _CONSTANT.fullmatch(value)
                yield name, (plain[1] or plain[2]) if plain else value, file.removesuffix(".h")

    def _structures(self) -> Iterator[tuple[str, str, str]]:
        for each in self.registry.structures.values():
            yield each.name, f"{each.size} bytes", each.area

    def _row(self, name: str, value: str, area: str) -> list[Cell]:
        structure = name in self.registry.structures
        shown = link("struct", name, f"struct {name}") if structure else code(name)
        return [shown, value if structure else code(value), self._chapter(area)]

    def _chapter(self, area: str) -> nodes.Node:
        return addnodes.pending_xref(
            "",
            nodes.inline(area, area),
            refdomain="std",
            reftype="ref",
            reftarget=area,
            refexplicit=False,
            refwarn=True,
            refdoc=self.env.docname,
        )


def setup(app: Sphinx) -> None:
    app.add_directive("names", NamesDirective)

# SPDX-License-Identifier: MIT
"""Bytes and bits: `structure`, `flags`, `features`, `bitfield`. A diagram each, and the table that explains
it.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

from registry_model import Feature, Field, FlagBit, FlagField, Type

from . import bit_diagram, byte_diagram
from .bit_diagram import Part
from .directive import BookDirective
from .parts import Cell, code, facts, label, link, paragraph, sentence, svg, table, words

FIELDS = (("offset", "Offset"), ("size", "Size"), ("type", "Type"), ("name", "Name"), ("meaning", "Meaning"))
BITS = (("offset", "Bits"), ("name", "Name"), ("meaning", "Meaning"))


class StructureDirective(BookDirective):
    """.. structure:: argo_iov"""

    required_arguments = 1

    def build(self) -> list[nodes.Node]:
        structure = self.lookup("structure", self.registry.structures)
        box = nodes.container(classes=["argo-structure"])
        box["ids"].append(self.anchor("struct", structure.name, structure.name.replace("_", "-")))
        about: list[tuple[str, Cell]] = [("Size", f"{structure.size} bytes")]
        if structure.align:
            about.append(("Alignment", f"{structure.align} bytes"))
        about.append(("Header", code(f"argo/{structure.area}.h")))
        if structure.source:
            about.append(("Layout as", structure.source))
        box += [
            paragraph(
                [code(f"struct {structure.name}"), nodes.Text(". "), *sentence(structure.brief)], "argo-title"
            ),
            facts(about),
            svg(byte_diagram.draw(self.registry, structure)),
            table("fields", FIELDS, [self._row(each) for each in structure.fields]),
        ]
        return [box]

    def _row(self, field: Field) -> list[Cell]:
        kind = Type.parse(field.type)
        size = self.registry.size(kind)
        shown: Cell = code(field.type)
        if kind.base in self.registry.structures:
            shown = link("struct", kind.base, field.type)
        return [
            str(field.offset),
            str(size) if size else "",
            shown,
            code(field.name),
            words(field.brief),
        ]


class BitsDirective(BookDirective):
    def meaning(self, item: FlagBit | FlagField | Feature) -> list[nodes.Node]:
        """What it says, and on what it depends."""
        result = sentence(item.brief)
        feature = getattr(item, "feature", None)
        if feature:
            result += [nodes.Text(" "), label(f"feature {feature}")]
        if self.registry.is_draft(item):
            result += [nodes.Text(" "), label("draft", "argo-draft")]
        return result


class FlagsDirective(BitsDirective):
    """.. flags:: REGISTER"""

    required_arguments = 1

    def build(self) -> list[nodes.Node]:
        group = self.lookup("group of flags", {each.group: each for each in self.registry.flags})
        parts = [Part(bit.bit, bit.bit, bit.name) for bit in group.bits]
        parts += [Part(field.high, field.low, field.name) for field in group.fields]
        rows: list[tuple[int, list[Cell]]] = []
        for bit in group.bits:
            rows.append((bit.bit, [str(bit.bit), code(group.macro(bit.name)), self.meaning(bit)]))
        for field in group.fields:
            where, macro = f"{field.low}\u2013{field.high}", f"{group.macro(field.name)}_*"
            rows.append((field.low, [where, code(macro), self.meaning(field)]))
        rows.sort(key=lambda each: each[0])
        bits = int(group.type[1:])
        return [
            paragraph(
                [code(f"ARGO_{group.group}_*"), nodes.Text(". "), *sentence(group.brief)], "argo-title"
            ),
            svg(bit_diagram.draw(f"ARGO_{group.group}", parts, bits)),
            table("bits", BITS, [row for _, row in rows]),
        ]


class FeaturesDirective(BitsDirective):
    """.. features::"""

    def build(self) -> list[nodes.Node]:
        features = sorted(self.registry.features, key=lambda each: each.bit)
        parts = [Part(each.bit, each.bit, each.name) for each in features]
        return [
            svg(bit_diagram.draw("the features", parts, 64)),
            table(
                "bits", BITS, [[str(each.bit), code(each.macro()), self.meaning(each)] for each in features]
            ),
        ]


class BitfieldDirective(BookDirective):
    """.. bitfield:: operation-word"""

    required_arguments = 1
    WORDS = {
        "operation-word": (
            32,
            [
                (Part(23, 16, "major"), "The major that the caller speaks."),
                (Part(15, 0, "operation"), "The operation's number."),
            ],
        ),
        "mechanism": (
            32,
            [
                (Part(31, 16, "revision"), "The mechanism's revision."),
                (Part(15, 0, "mechanism"), "The mechanism's number."),
            ],
        ),
        "revision": (
            32,
            [
                (Part(31, 16, "minor"), "The minor of the highest major."),
                (Part(15, 8, "highest"), "The highest major that is offered."),
                (Part(7, 0, "lowest"), "The lowest major that is offered."),
            ],
        ),
    }

    def build(self) -> list[nodes.Node]:
        bits, parts = self.lookup("word", self.WORDS)
        rows = [
            [f"{part.low}\u2013{part.high}", code(part.name), words(meaning)]
            for part, meaning in reversed(parts)
        ]
        return [
            svg(bit_diagram.draw(self.arguments[0], [part for part, _ in parts], bits)),
            table("bits", BITS, rows),
        ]


def setup(app: Sphinx) -> None:
    for name, directive in {
        "structure": StructureDirective,
        "flags": FlagsDirective,
        "features": FeaturesDirective,
        "bitfield": BitfieldDirective,
    }.items():
        app.add_directive(name, directive)

# SPDX-License-Identifier: MIT
"""The plain tables of the registry: limits, mechanisms, CPUID leaves, constants, and names for numbers."""

from __future__ import annotations

from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx

from registry_model import Mechanism, Number

from .directive import BookDirective
from .parts import Cell, code, facts, hexadecimal, join, label, paragraph, sentence, table

NAMED = (("number", "Number"), ("name", "Name"), ("meaning", "Meaning"))
ARCHITECTURES = {"any": "any", "x86": "x86", "arm": "Arm"}


class LimitsDirective(BookDirective):
    """.. limits::"""

    COLUMNS = (
        ("name", "Limit"),
        ("offset", "Offset in argo_info"),
        ("number", "At least"),
        ("meaning", "What it bounds"),
    )

    def build(self) -> list[nodes.Node]:
        offsets = {field.name: field.offset for field in self.registry.structures["argo_info"].fields}
        rows = [
            [code(each.name), str(offsets[each.name]), str(each.minimum), self._meaning(each)]
            for each in self.registry.limits
        ]
        return [table("limits", self.COLUMNS, rows)]

    def _meaning(self, limit) -> list[nodes.Node]:
        needs = [nodes.Text(" "), label(f"feature {limit.feature}")] if limit.feature else []
        return [*sentence(limit.brief), *needs]


class MechanismsDirective(BookDirective):
    """.. mechanisms::"""

    COLUMNS = (
        ("number", "Number"),
        ("name", "Mechanism"),
        ("architecture", "Machine"),
        ("status", "Status"),
        ("meaning", "How a call is made"),
        ("parameters", "Parameters"),
    )

    def build(self) -> list[nodes.Node]:
        rows = [
            [
                str(each.number),
                code(each.name),
                ARCHITECTURES[each.arch],
                label(each.status, f"argo-{each.status}"),
                sentence(each.brief),
                join(code(parameter.name) for parameter in each.parameters),
            ]
            for each in self.registry.mechanisms
        ]
        return [table("mechanisms", self.COLUMNS, rows)]


class MechanismDirective(BookDirective):
    """.. mechanism:: MSR"""

    required_arguments = 1
    COLUMNS = (("register", "Register"), ("name", "Parameter"), ("meaning", "Meaning"))

    def build(self) -> list[nodes.Node]:
        mechanism = self.lookup("mechanism", {each.name: each for each in self.registry.mechanisms})
        rows = [
            [code(each.register.upper()), code(each.name), sentence(each.brief)]
            for each in mechanism.parameters
        ]
        box = nodes.container(classes=["argo-operation"])
        box += [
            paragraph([code(mechanism.name), nodes.Text(". "), *sentence(mechanism.brief)], "argo-title"),
            facts(self._facts(mechanism)),
            table("parameters", self.COLUMNS, rows),
        ]
        return [box]

    def _facts(self, mechanism: Mechanism) -> list[tuple[str, Cell]]:
        return [
            ("Number", str(mechanism.number)),
            ("Revision", str(mechanism.revision)),
            ("In C", code(mechanism.macro())),
            ("Machine", ARCHITECTURES[mechanism.arch]),
            ("Status", label(mechanism.status, f"argo-{mechanism.status}")),
        ]


class CpuidDirective(BookDirective):
    """.. cpuid-leaves::"""

    COLUMNS = (("number", "Leaf"), ("name", "Name"), ("meaning", "Registers"))

    def build(self) -> list[nodes.Node]:
        cpuid = self.registry.cpuid
        about: list[tuple[str, Cell]] = [
            (
                "Bases",
                [
                    code(hexadecimal(cpuid.first, 8)),
                    nodes.Text(" to "),
                    code(hexadecimal(cpuid.last, 8)),
                    nodes.Text(" in steps of "),
                    code(hexadecimal(cpuid.step)),
                ],
            ),
            ("Signature", [code(cpuid.signature)]),
        ]
        about += [(name, code(hexadecimal(value, 8))) for name, value in cpuid.words().items()]
        rows = [
            [code(f"base + {each.leaf}"), code(each.macro()), self._registers(each.brief)]
            for each in cpuid.leaves
        ]
        return [facts(about), table("leaves", self.COLUMNS, rows)]

    def _registers(self, brief: str) -> list[nodes.Node]:
        return [paragraph(sentence(part.strip())) for part in brief.split(";")]


class ConstantsDirective(BookDirective):
    """.. constants:: ring"""

    required_arguments = 1
    COLUMNS = (("name", "Name"), ("number", "Value"), ("meaning", "Meaning"))

    def build(self) -> list[nodes.Node]:
        area = self.lookup("area", {each.name: each for each in self.registry.areas}).name
        values = self.registry.constant_values()
        rows = [
            [code(each.macro()), str(values[each.name]), sentence(each.brief)]
            for each in self.registry.constants
            if each.area == area
        ]
        if not rows:
            raise ValueError(f"area '{area}' has no constants in the registry")
        return [table("constants", self.COLUMNS, rows)]


class NumbersDirective(BookDirective):
    """Names for numbers; subclasses say which, and how the numbers are written."""

    decimal = False

    def numbers(self) -> Iterable[Number]:
        raise NotImplementedError

    def build(self) -> list[nodes.Node]:
        return [table("numbers", NAMED, [self._row(each) for each in self.numbers()])]

    def _row(self, item: Number) -> list[Cell]:
        meaning = sentence(item.brief)
        if item.status != "stable":
            meaning += [nodes.Text(" "), label(item.status, f"argo-{item.status}")]
        number = str(item.number) if self.decimal else hexadecimal(item.number, 4)
        return [code(number), code(item.macro()), meaning]


class BindingsDirective(NumbersDirective):
    """.. bindings::"""

    decimal = True

    def numbers(self) -> Iterable[Number]:
        return self.registry.bindings


class ImplementationsDirective(NumbersDirective):
    """.. implementations::"""

    def numbers(self) -> Iterable[Number]:
        return self.registry.implementations


class DomidsDirective(NumbersDirective):
    """.. domids::"""

    def numbers(self) -> Iterable[Number]:
        return self.registry.domids


class PortsDirective(NumbersDirective):
    """.. ports::"""

    def numbers(self) -> Iterable[Number]:
        return self.registry.ports


def setup(app: Sphinx) -> None:
    for name, directive in {
        "limits": LimitsDirective,
        "mechanisms": MechanismsDirective,
        "mechanism": MechanismDirective,
        "cpuid-leaves": CpuidDirective,
        "constants": ConstantsDirective,
        "bindings": BindingsDirective,
        "implementations": ImplementationsDirective,
        "domids": DomidsDirective,
        "ports": PortsDirective,
    }.items():
        app.add_directive(name, directive)

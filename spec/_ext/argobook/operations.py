# SPDX-License-Identifier: MIT
"""Operations: `operation` is the head of an operation's page, `operations` the table of all."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes
from sphinx.application import Sphinx

from registry_model import Argument, ArgumentType, Operation

from .directive import BookDirective
from .parts import Cell, code, facts, hexadecimal, join, label, link, narrow, paragraph, sentence, table

ARGUMENTS = 4  # of a call
WORD = 8  # bytes of one


class OperationDirective(BookDirective):
    """.. operation:: sendv"""

    required_arguments = 1
    OUTCOME = (("outcome", "What comes of it"), ("meaning", ""))

    def build(self) -> list[nodes.Node]:
        operation = self.lookup("operation", self.registry.operations)
        box = nodes.container(classes=["argo-operation"])
        box["ids"].append(self.anchor("op", operation.name, f"op-{operation.name.replace('_', '-')}"))
        box += [
            paragraph([code(operation.name), nodes.Text(". "), *sentence(operation.brief)], "argo-title"),
            facts(self._facts(operation)),
        ]
        if operation.arguments is not None:
            box += self._arguments(operation.arguments)
        outcome = [
            ("Returns", operation.returns),
            ("Changes", operation.changes),
            ("Events owed", operation.events),
            ("When denied", operation.denied),
        ]
        if any(text for _, text in outcome):
            rows = [[name, sentence(text)] for name, text in outcome if text]
            box += table("outcome", self.OUTCOME, rows)
        return [box]

    def _facts(self, operation: Operation) -> list[tuple[str, Cell]]:
        abi = self.registry.abi
        return [
            ("Number", code(hexadecimal(operation.number, 2))),
            ("Operation word", code(hexadecimal(operation.number | abi.major << 16, 8))),
            ("In C", code(operation.macro())),
            ("Feature", code(operation.feature) if operation.feature else "none, always there"),
            ("Since", operation.since),
            ("Status", label(operation.status, f"argo-{operation.status}")),
        ]

    def _arguments(self, arguments: Sequence[Argument]) -> nodes.table:
        frame = next(
            field.offset for field in self.registry.structures["argo_frame"].fields if field.name == "arg"
        )
        columns = [
            ("name", "Argument"),
            ("offset", "Frame"),
            *(("register", names) for names, _ in self.book.conventions()),
            ("type", "Type"),
            ("meaning", "Meaning"),
        ]

        def place(index: int) -> list[Cell]:
            registers = [[narrow(names), code(each[index])] for names, each in self.book.conventions()]
            return [str(frame + WORD * index), *registers]

        rows: list[list[Cell]] = []
        for index, argument in enumerate(arguments):
            kind = ArgumentType.parse(argument.type)
            shown: Cell = code(argument.type)
            if kind.pointee in self.registry.structures:
                shown = link("struct", kind.pointee, argument.type)
            rows.append([code(argument.name), *place(index), shown, sentence(argument.brief)])
        for index in range(len(arguments), ARGUMENTS):
            rows.append(["\u2013", *place(index), code("u64"), "Not used, zero."])
        return table("arguments", columns, rows)


class OperationsDirective(BookDirective):
    """.. operations::"""

    COLUMNS = (
        ("number", "Number"),
        ("name", "Operation"),
        ("feature", "Feature"),
        ("status", "Status"),
        ("meaning", "What it does"),
    )

    def build(self) -> list[nodes.Node]:
        rows = [
            [
                code(hexadecimal(each.number, 2)),
                link("op", each.name),
                code(each.feature) if each.feature else "",
                label(each.status, f"argo-{each.status}"),
                sentence(each.brief),
            ]
            for each in sorted(self.registry.operations.values(), key=lambda each: each.number)
        ]
        return [table("operations", self.COLUMNS, rows)]


class ErrorNumbersDirective(BookDirective):
    """.. error-numbers::"""

    COLUMNS = (("number", "Number"), ("name", "Error"), ("meaning", "Meaning"), ("operations", "Returned by"))

    def build(self) -> list[nodes.Node]:
        rows = [
            [str(error.number), code(error.name), sentence(error.brief), self._operations(error.name)]
            for error in sorted(self.registry.errors.values(), key=lambda each: each.number)
        ]
        return [table("errors-all", self.COLUMNS, rows)]

    def _operations(self, error: str) -> list[nodes.Node]:
        names = dict.fromkeys(name for name, row in self.registry.conditions() if row.error == error)
        if "entry" in names:
            return [nodes.Text("every operation")]
        return join(link("op", name) for name in names)


def setup(app: Sphinx) -> None:
    app.add_directive("operation", OperationDirective)
    app.add_directive("operations", OperationsDirective)
    app.add_directive("error-numbers", ErrorNumbersDirective)

# SPDX-License-Identifier: MIT
"""`traceability`: obligations by cases by targets by mutants, on one page that can be filtered, and as JSON.

The page works without JavaScript and from a file; trace.js only hides rows.
"""

from __future__ import annotations

from html import escape

from docutils import nodes
from sphinx.application import Sphinx

from docs_trace import Row, matrix, tally

from .directive import BookDirective
from .parts import Cell, code, facts, join, label, link, narrow, paragraph, row, table

STATES = {
    "": "all",
    "tested": "with a case",
    "untested": "without a case",
    "failing": "failing or undecided somewhere",
    "survived": "with a surviving mutant",
}


class TraceabilityDirective(BookDirective):
    """.. traceability::"""

    def build(self) -> list[nodes.Node]:
        rows = matrix(self.book.obligations.values(), self.book.evidence)
        box = nodes.container(classes=["argo-trace"])
        box += [
            facts([(name, value) for name, value in tally(rows, self.book.evidence)]),
            self._filters(rows),
            self._matrix(rows),
        ]
        result: list[nodes.Node] = [box]
        if self.book.evidence.cases:
            result += self._cases()
        return result

    def _filters(self, rows: list[Row]) -> nodes.raw:
        def choice(name: str, title: str, values: dict[str, str]) -> str:
            options = "".join(
                f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in values.items()
            )
            return f'<label>{title} <select name="{name}">{options}</select></label>'

        profiles = {"": "all"} | {each: each for each in dict.fromkeys(row.profile for row in rows)}
        subjects = {"": "all"} | {each: each for each in dict.fromkeys(row.subject for row in rows)}
        return nodes.raw(
            "",
            '<form class="argo-filters" hidden>'
            '<label>Text <input type="search" name="text" placeholder="ID or case"></label>'
            + choice("profile", "Profile", profiles)
            + choice("subject", "Subject", subjects)
            + choice("state", "Show", STATES)
            + "<output></output></form>",
            format="html",
        )

    def _matrix(self, rows: list[Row]) -> nodes.table:
        evidence = self.book.evidence
        columns = [("name", "Obligation"), ("profile", "Profile"), ("cases", "Cases")]
        columns += [("verdict", target.name) for target in evidence.targets]
        if evidence.mutants is not None:
            columns.append(("mutants", "Mutants"))
        body = []
        for each in rows:
            name = [
                link("req", each.id, f"{each.id}~{each.revision}" if each.revision > 1 else each.id),
                nodes.Text(" "),
                label(each.subject),
            ]
            cells = [name, label(each.profile), self._cases_of(each)]
            for target in evidence.targets:
                cells.append(self._verdict(target.name, each.verdicts.get(target.name)))
            if evidence.mutants is not None:
                cells.append(self._mutants_of(each))
            line = row(columns, cells)
            line["classes"] += [f"profile-{each.profile}", f"subject-{each.subject}", *each.states]
            body.append(line)
        return table("matrix", columns, body)

    def _cases_of(self, each: Row) -> list[nodes.Node]:
        if each.cases:
            return join((code(case.id) for case in each.cases), " ")
        return (
            [nodes.emphasis("", "", *paragraph(f"{each.testability}: {each.reason}").children)]
            if each.reason
            else []
        )

    def _verdict(self, target: str, verdict: str | None) -> Cell:
        if verdict is None:
            return ""
        result = label("", "argo-verdict", f"argo-is-{verdict.lower().replace('_', '-')}")
        result += narrow(target)
        result += nodes.Text(verdict.replace("_", " ").lower())
        return result

    def _mutants_of(self, each: Row) -> list[nodes.Node]:
        """How many are killed, and the names of those that are not."""
        counted = [mutant for mutant in each.mutants if mutant.verdict != "equivalent"]
        killed = [mutant for mutant in counted if mutant.verdict == "killed"]
        result: list[nodes.Node] = (
            [label(f"{len(killed)} of {len(counted)} killed", "argo-is-killed")] if killed else []
        )
        rest = [mutant for mutant in each.mutants if mutant.verdict != "killed"]
        return join(
            [
                *result,
                *(label(f"{mutant.id} {mutant.verdict}", f"argo-is-{mutant.verdict}") for mutant in rest),
            ],
            " ",
        )

    def _cases(self) -> list[nodes.Node]:
        columns = [("name", "Case"), ("profile", "Profile"), ("cases", "Obligations"), ("place", "Source")]
        rows = [
            [
                code(case.id),
                label(case.profile),
                join((link("req", each) for each in case.requirements), " "),
                code(f"{case.file}:{case.line}"),
            ]
            for case in self.book.evidence.cases
        ]
        return [nodes.rubric("", "Cases"), table("cases", columns, rows)]


def setup(app: Sphinx) -> None:
    app.add_directive("traceability", TraceabilityDirective)
    app.add_js_file("trace.js", loading_method="defer")

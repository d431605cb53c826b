# SPDX-License-Identifier: MIT
"""Obligations: `req` is one, `errors` one for each row of an operation's errors, `obligations` the index.

tools/requirements.py is what reads and checks them; these directives show what it found.
"""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx

import requirements
from registry_model import Condition
from requirements import Requirement

from .directive import BookDirective
from .evidence import evidence_of
from .parts import code, emphasize_keywords, label, link, paragraph, row, sentence, table

OPTIONS = {name: directives.unchanged_required for name in requirements.OPTIONS}


class ObligationDirective(BookDirective):
    option_spec = OPTIONS

    def obligation(self, identity: str) -> Requirement:
        found = self.book.obligations.get(identity)
        if found is None:
            raise ValueError(f"{identity} is not among the obligations that tools/requirements.py finds")
        return found

    def head(self, obligation: Requirement, *more: nodes.Node) -> nodes.paragraph:
        """The ID, which is its own permalink, and what qualifies it."""
        shown = f"{obligation.id}~{obligation.revision}" if obligation.revision > 1 else obligation.id
        result = paragraph([permalink(obligation.id, shown), *more], "argo-head")
        qualities = [obligation.subject, obligation.profile]
        if obligation.testability != "auto":
            qualities.append(obligation.testability)
        if obligation.since != "1.0":
            qualities.append(f"since {obligation.since}")
        for quality in qualities:
            result += [nodes.Text(" "), label(quality)]
        return result


class ReqDirective(ObligationDirective):
    """.. req:: ARGO-SENDV-012"""

    required_arguments = 1
    has_content = True

    def build(self) -> list[nodes.Node]:
        obligation = self.obligation(self.arguments[0])
        box = nodes.container(classes=["argo-req", f"argo-on-{obligation.subject}"])
        box["ids"].append(self.anchor("req", obligation.id, obligation.id))
        box += self.head(obligation)
        text = nodes.container(classes=["argo-sentence"])
        self.state.nested_parse(self.content, self.content_offset, text)
        emphasize_keywords(text)
        box += text
        box += evidence_of(self.book, obligation)
        return [box]


class ErrorsDirective(ObligationDirective):
    """.. errors:: sendv"""

    required_arguments = 1
    COLUMNS = (("rank", ""), ("error", "Returns"), ("condition", "When"))

    def build(self) -> list[nodes.Node]:
        operation = self.arguments[0]
        rows = [row for name, row in self.registry.conditions() if name == operation]
        if not rows and operation not in ("entry", *self.registry.operations):
            raise ValueError(f"there is no operation '{operation}' in the registry")
        if not rows:
            return [paragraph("It has no errors of its own.")]
        return [table("errors", self.COLUMNS, [self._row(rank, each) for rank, each in enumerate(rows, 1)])]

    def _row(self, rank: int, condition: Condition) -> nodes.row:
        obligation = self.obligation(condition.req)
        anchor = self.anchor("req", obligation.id, obligation.id)
        number = self.registry.errors[condition.error].number
        cell = [
            self.head(obligation),
            paragraph(sentence(condition.when), "argo-sentence"),
            *evidence_of(self.book, obligation),
        ]
        return row(
            self.COLUMNS,
            [str(rank), [code(condition.error), nodes.Text(" "), label(str(number))], cell],
            anchor,
        )


class ObligationsDirective(BookDirective):
    """.. obligations::"""

    COLUMNS = (
        ("name", "Obligation"),
        ("revision", "Revision"),
        ("subject", "Subject"),
        ("keyword", "Keyword"),
        ("profile", "Profile"),
        ("testability", "Testability"),
    )

    def build(self) -> list[nodes.Node]:
        rows = [
            [
                link("req", each.id),
                str(each.revision),
                each.subject,
                each.keyword,
                each.profile,
                each.testability,
            ]
            for each in self.book.obligations.values()
        ]
        result: list[nodes.Node] = [table("obligations", self.COLUMNS, rows)]
        retired = sorted(identity for identity, entry in self.book.ledger.items() if entry.retired)
        if retired:
            result.append(
                paragraph(
                    [
                        nodes.Text("Retired, never to be used again: "),
                        *(code(identity + " ") for identity in retired),
                    ]
                )
            )
        return result


def permalink(identity: str, shown: str) -> nodes.reference:
    return nodes.reference("", "", code(shown), refid=identity, internal=True, classes=["argo-id"])


def setup(app: Sphinx) -> None:
    app.add_directive("req", ReqDirective)
    app.add_directive("errors", ErrorsDirective)
    app.add_directive("obligations", ObligationsDirective)

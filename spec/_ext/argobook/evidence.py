# SPDX-License-Identifier: MIT
"""What is shown below an obligation: why it has no case, which cases check it, and what targets said last."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from docs_evidence import Target
from requirements import Requirement

from .book import Book
from .parts import code, join, label, paragraph, sentence


class Details(nodes.General, nodes.Element):
    """A summary that opens: on paper it is always open."""


def evidence_of(book: Book, obligation: Requirement) -> list[nodes.Node]:
    cases = book.evidence.cases_of(obligation.id)
    result: list[nodes.Node] = []
    if obligation.reason and not cases:
        result.append(paragraph([nodes.Text("No case: "), *sentence(obligation.reason)], "argo-foot"))
    if cases:
        count = "1 case" if len(cases) == 1 else f"{len(cases)} cases"
        details = Details(summary=count, classes=["argo-foot"])
        details += paragraph(join(code(case.id) for case in cases))
        result.append(details)
    shown = [
        verdict_label(target, obligation)
        for target in book.evidence.targets
        if obligation.id in target.verdicts
    ]
    if shown:
        result.append(paragraph(join(shown, " "), "argo-foot", "argo-verdicts"))
    return result


def verdict_label(target: Target, obligation: Requirement) -> nodes.inline:
    """What a target said; void if it was about another revision of the sentence."""
    said = target.verdicts[obligation.id]
    verdict = said.verdict if said.revision == obligation.revision else "void"
    result = label(f"{target.name} ", "argo-verdict", f"argo-is-{verdict.lower().replace('_', '-')}")
    result += nodes.strong(verdict, verdict.replace("_", " ").lower())
    return result


def visit_details(translator: HTML5Translator, node: Details) -> None:
    translator.body.append(translator.starttag(node, "details"))
    translator.body.append(f"<summary>{translator.encode(node['summary'])}</summary>")


def depart_details(translator: HTML5Translator, node: Details) -> None:
    translator.body.append("</details>\n")


def setup(app: Sphinx) -> None:
    app.add_node(Details, html=(visit_details, depart_details))

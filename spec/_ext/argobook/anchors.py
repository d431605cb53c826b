# SPDX-License-Identifier: MIT
"""Anchors that are unique in the whole book, so that all chapters can stand on one page for the PDF.

Docutils makes a section's anchor from its title, and many chapters have a section 'Errors'. So every anchor
gets its chapter's name in front: `sendv-errors`. Obligations, operations and structures keep theirs. The
domain that makes links to citations is told where they are now.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_UNIQUE = re.compile(r"(ARGO-|op-|argo-|term-)")


class UniqueAnchors(SphinxTransform):
    default_priority = 870  # all references are made, and no label has been collected yet

    def apply(self, **kwargs: object) -> None:
        chapter = nodes.make_id(self.env.docname)

        def unique(identifier: str) -> str:
            if identifier == chapter or identifier.startswith(f"{chapter}-") or _UNIQUE.match(identifier):
                return identifier
            return f"{chapter}-{identifier}"

        for node in self.document.findall(nodes.Element):
            for attribute in ("ids", "backrefs"):
                if node.get(attribute):
                    node[attribute] = [unique(each) for each in node[attribute]]
            if node.get("refid"):
                node["refid"] = unique(node["refid"])
        self.document.ids = {unique(each): node for each, node in self.document.ids.items()}
        self.document.nameids = {name: each and unique(each) for name, each in self.document.nameids.items()}
        known = self.env.get_domain("citation").data["citations"]  # where marks such as [XEN-SRC] lead
        for citation in self.document.findall(nodes.citation):
            label = citation[0].astext()
            chapter_of_it, _, line = known[label]
            known[label] = (chapter_of_it, citation["ids"][0], line)


def setup(app: Sphinx) -> None:
    app.add_transform(UniqueAnchors)

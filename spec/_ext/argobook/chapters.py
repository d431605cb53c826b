# SPDX-License-Identifier: MIT
"""`chapters`: a toctree of those chapters that exist; one that is not written yet is left out, in silence."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.directives.other import TocTree


class Chapters(TocTree):
    def run(self) -> list[nodes.Node]:
        for i in reversed(range(len(self.content))):
            if self.content[i].strip() and self.content[i].strip() not in self.env.found_docs:
                del self.content[i]
        return super().run()


def setup(app: Sphinx) -> None:
    app.add_directive("chapters", Chapters)

# SPDX-License-Identifier: MIT
"""Roles: obligations (:req:), operations (:op:), structures (:struct:), and numbers of things (:count:)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import SphinxRole, XRefRole
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)


class CountRole(SphinxRole):
    """:count:`obligations` is their number, so that no sentence states one that has grown old."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        counts = self.env.app.argo.counts()
        if self.text not in counts:
            message = self.inliner.reporter.error(
                f"nothing is counted as '{self.text}'; there is {', '.join(sorted(counts))}", line=self.lineno
            )
            return [], [message]
        return [nodes.Text(str(counts[self.text]))], []


class ArgoDomain(Domain):
    name = "argo"
    label = "Argo"
    object_types = {
        "req": ObjType("obligation", "req"),
        "op": ObjType("operation", "op"),
        "struct": ObjType("structure", "struct"),
    }
    roles = {
        "req": XRefRole(warn_dangling=True),
        "op": XRefRole(warn_dangling=True),
        "struct": XRefRole(warn_dangling=True),
        "count": CountRole(),
    }
    dangling_warnings = {
        "req": "there is no obligation %(target)s",
        "op": "there is no operation %(target)s",
        "struct": "there is no structure %(target)s",
    }
    initial_data: dict[str, Any] = {"objects": {}}
    data_version = 1

    @property
    def objects(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(kind, name) -> (document, anchor)"""
        return self.data["objects"]

    def note(self, kind: str, name: str, anchor: str, location: Any) -> None:
        known = self.objects.get((kind, name))
        if known and known != (self.env.docname, anchor):
            logger.warning("%s is described already, in %s", name, known[0], location=location)
        self.objects[kind, name] = (self.env.docname, anchor)

    def clear_doc(self, docname: str) -> None:
        for key, (document, _) in list(self.objects.items()):
            if document == docname:
                del self.objects[key]

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        self.objects.update(
            {key: place for key, place in otherdata["objects"].items() if place[0] in docnames}
        )

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        place = self.objects.get((typ, target))
        return make_refnode(builder, fromdocname, *place, contnode, target) if place else None

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.Element]]:
        found = [
            (kind, self.resolve_xref(env, fromdocname, builder, kind, target, node, contnode))
            for kind in self.object_types
        ]
        return [(f"argo:{kind}", reference) for kind, reference in found if reference is not None]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        for (kind, name), (document, anchor) in sorted(self.objects.items()):
            yield name, name, kind, document, anchor, 1


def setup(app: Sphinx) -> None:
    app.add_domain(ArgoDomain)

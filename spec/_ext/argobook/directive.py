# SPDX-License-Identifier: MIT
"""What every directive of the book shares: the book's data, and errors that name the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from registry_model import Registry

from .book import Book
from .domain import ArgoDomain

T = TypeVar("T")


class BookDirective(SphinxDirective):
    """A directive without content or options; subclasses say what they take and implement build()."""

    has_content = False

    @property
    def book(self) -> Book:
        return self.env.app.argo

    @property
    def registry(self) -> Registry:
        return self.book.registry

    @property
    def domain(self) -> ArgoDomain:
        return self.env.get_domain("argo")

    def run(self) -> list[nodes.Node]:
        try:
            return self.build()
        except ValueError as error:
            raise self.error(str(error)) from None

    def build(self) -> list[nodes.Node]:
        raise NotImplementedError

    def lookup(self, kind: str, known: Mapping[str, T]) -> T:
        """What the directive's argument names."""
        name = self.arguments[0]
        if name not in known:
            raise ValueError(f"there is no {kind} '{name}' in the registry; there is {', '.join(known)}")
        return known[name]

    def anchor(self, kind: str, name: str, identifier: str) -> str:
        """Makes a place that roles can point at."""
        self.domain.note(kind, name, identifier, self.get_location())
        return identifier

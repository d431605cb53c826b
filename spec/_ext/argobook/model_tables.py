# SPDX-License-Identifier: MIT
"""What the models of the protocol cover, and the wrong variants that they find: both from spec/models."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

import models

from .directive import BookDirective
from .parts import code, join, link, paragraph, sentence, table

SEARCHES = {
    "weak": "weak memory",
    "tso": "x86's memory",
    "hostile": "weak memory, hostile owner",
    "hostile_tso": "x86's memory, hostile owner",
    "calls": "steps of calls",
}


class ModelDirective(BookDirective):
    def read(self) -> list[models.Model]:
        try:
            return models.read(Path(self.env.srcdir).parent, self.book.obligations.values())
        except models.ModelError as error:
            raise ValueError(str(error)) from None


class SearchesDirective(ModelDirective):
    """.. model-searches::"""

    COLUMNS = (("name", "Model"), ("meaning", "Within which bounds"), ("search", "Searched"), ("req", "Obligations"))

    def build(self) -> list[nodes.Node]:
        known = models.proven(Path(self.env.srcdir).parent)["searches"]
        rows = [
            [
                code(model.name),
                sentence(model.bounds),
                [paragraph(self._covered(model, name, known)) for name in model.search],
                join(link("req", each) for each in model.proves),
            ]
            for model in self.read()
        ]
        return [table("models", self.COLUMNS, rows)]

    def _covered(self, model: models.Model, name: str, known: dict) -> str:
        covered = known.get(f"{model.name}.{name}")
        if not covered:
            raise ValueError(f"{models.PROVEN} has no {model.name}.{name}; ./argo model-check --accept")
        return f"{SEARCHES.get(name, name)}: {covered['states']:,} states, {covered['depth']} steps deep"


class VariantsDirective(ModelDirective):
    """.. model-variants::"""

    COLUMNS = (("name", "Model"), ("req", "Obligation"), ("meaning", "What is wrong"), ("fails", "What then fails"))

    def build(self) -> list[nodes.Node]:
        rows = [
            [code(model.name), link("req", each.obligation), self._what(each), sentence(each.fails)]
            for model in self.read()
            for each in model.variants
        ]
        return [table("variants", self.COLUMNS, rows)]

    def _what(self, variant: models.Variant) -> list[nodes.Node]:
        parts = [paragraph(sentence(variant.what))]
        parts += [
            paragraph([nodes.Text(f"Not seen with {SEARCHES.get(name, name)}: "), *sentence(why)])
            for name, why in variant.unseen.items()
        ]
        return parts


def setup(app: Sphinx) -> None:
    app.add_directive("model-searches", SearchesDirective)
    app.add_directive("model-variants", VariantsDirective)

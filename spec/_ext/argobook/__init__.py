# SPDX-License-Identifier: MIT
"""The Sphinx extension of the book: directives for obligations and for what the registry holds.

    obligations   req errors obligations traceability
    operations    operation operations error-numbers
    layouts       structure flags features bitfield
    tables        limits constants bindings mechanisms mechanism cpuid-leaves implementations domids ports
                  names
    models        model-searches model-variants
    book          chapters; roles :req: :op: :struct: :count:

It is given the repository's tools on sys.path (conf.py) and the evidence of a build as configuration values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from docs_evidence import EvidenceError
from docs_ledger import LedgerError
from registry_source import RegistryError
from requirements import BookError

from . import (
    anchors,
    book,
    chapters,
    domain,
    evidence,
    model_tables,
    names,
    obligations,
    operations,
    structures,
    tables,
    traceability,
)


def read_book(app: Sphinx, config: Config) -> None:
    def path(name: str) -> Path | None:
        return Path(config[name]) if config[name] else None

    results = tuple(Path(each) for each in config.argo_results.split(":") if each)
    try:
        app.argo = book.read(Path(app.srcdir), path("argo_cases"), results, path("argo_mutants"))
    except (RegistryError, BookError, LedgerError, EvidenceError) as error:
        raise ConfigError(str(error)) from None
    config.argo_digest = app.argo.digest  # another digest means that every chapter is read again


def setup(app: Sphinx) -> dict[str, Any]:
    for name in ("argo_cases", "argo_results", "argo_mutants"):
        app.add_config_value(name, "", "", [str])
    app.add_config_value("argo_digest", "", "env", [str])
    app.connect("config-inited", read_book)
    for module in (
        domain,
        anchors,
        chapters,
        evidence,
        model_tables,
        names,
        obligations,
        operations,
        structures,
        tables,
        traceability,
    ):
        module.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

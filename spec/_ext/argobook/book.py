# SPDX-License-Identifier: MIT
"""The book's data: the registry, the obligations, and the evidence that a build was given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import docs_evidence
import docs_ledger
import registry
import requirements
from docs_evidence import Evidence
from docs_ledger import Ledger
from registry_model import Registry
from requirements import Requirement


@dataclass(frozen=True)
class Book:
    registry: Registry
    obligations: dict[str, Requirement]
    ledger: Ledger
    evidence: Evidence
    digest: str  # of all that is not a chapter

    def counts(self) -> dict[str, int]:
        """What :count: can say."""
        result = {
            "obligations": len(self.obligations),
            "operations": len(self.registry.operations),
            "structures": len(self.registry.structures),
            "errors": len(self.registry.errors),
            "mechanisms": len(self.registry.mechanisms),
            "features": len(self.registry.features),
            "limits": len(self.registry.limits),
        }
        if self.evidence.cases is not None:
            result["cases"] = len(self.evidence.cases)
        return result

    def conventions(self) -> list[tuple[str, tuple[str, ...]]]:
        """Mechanisms that pass arguments in registers: their names, and a register for each argument."""
        found: dict[tuple[str, ...], list[str]] = {}
        for mechanism in self.registry.mechanisms:
            if mechanism.registers:
                found.setdefault(mechanism.registers.arguments, []).append(mechanism.name)
        return [(", ".join(names), registers) for registers, names in found.items()]

    @cached_property
    def profiles(self) -> list[str]:
        return list(dict.fromkeys(each.profile for each in self.obligations.values()))


def read(
    spec: Path, cases: Path | None = None, results: tuple[Path, ...] = (), mutants: Path | None = None
) -> Book:
    """The book in `spec`. RegistryError, BookError, LedgerError or EvidenceError say what is wrong."""
    source = spec / "registry" / "argo.yaml"
    known = registry.load(source)
    ledger = spec / "abi" / "obligations.json"
    digest = hashlib.sha256()
    given = [source, ledger, *([cases] if cases else []), *results, *([mutants] if mutants else [])]
    for path in [*sorted((spec / "_ext").rglob("*.py")), *sorted((spec / "models").glob("*.*")), *given]:
        digest.update(path.read_bytes() if path.exists() else b"")
    return Book(
        known,
        {each.id: each for each in requirements.extract(spec, known)},
        docs_ledger.read(ledger),
        docs_evidence.read(cases, results, mutants),
        digest.hexdigest(),
    )

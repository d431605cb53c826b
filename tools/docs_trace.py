# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The matrix: each obligation with its cases, what each target said, and the mutants that break it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from docs_evidence import Case, Evidence, Mutant
from requirements import Requirement

GOOD = ("PASS", "NOT_SUPPORTED", "SKIP", "NOT_TESTED", "VOID")


@dataclass(frozen=True)
class Row:
    id: str
    revision: int
    subject: str
    profile: str
    testability: str
    reason: str
    cases: list[Case]
    verdicts: dict[str, str]  # by target; VOID: it was about another revision
    mutants: list[Mutant]

    @property
    def states(self) -> list[str]:
        result = ["tested" if self.cases else "untested"]
        if any(verdict not in GOOD for verdict in self.verdicts.values()):
            result.append("failing")
        if any(mutant.verdict == "survived" for mutant in self.mutants):
            result.append("survived")
        return result


def matrix(obligations: Iterable[Requirement], evidence: Evidence) -> list[Row]:
    return [
        Row(
            each.id,
            each.revision,
            each.subject,
            each.profile,
            each.testability,
            each.reason or "",
            evidence.cases_of(each.id),
            _verdicts(each, evidence),
            evidence.mutants_of(each.id),
        )
        for each in obligations
    ]


def _verdicts(obligation: Requirement, evidence: Evidence) -> dict[str, str]:
    result = {}
    for target in evidence.targets:
        said = target.verdicts.get(obligation.id)
        if said:
            result[target.name] = said.verdict if said.revision == obligation.revision else "VOID"
    return result


def tally(rows: list[Row], evidence: Evidence) -> list[tuple[str, str]]:
    """What a reader wants to know first."""
    untested = [row for row in rows if not row.cases]
    result = [("Obligations", str(len(rows)))]
    if evidence.cases is not None:
        result += [
            ("Cases", str(len(evidence.cases))),
            ("With a case", str(len(rows) - len(untested))),
            ("Without, for a written reason", str(sum(1 for row in untested if row.reason))),
        ]
    for target in evidence.targets:
        said = [row.verdicts.get(target.name) for row in rows]
        result.append(
            (
                target.name,
                f"{said.count('PASS')} pass, {sum(1 for each in said if each and each not in GOOD)} fail",
            )
        )
    if evidence.mutants is not None:
        verdicts = [mutant.verdict for mutant in evidence.mutants]
        result.append(
            (
                "Mutants",
                f"{verdicts.count('killed')} of {len(verdicts) - verdicts.count('equivalent')} killed",
            )
        )
    return result


def as_json(rows: list[Row], evidence: Evidence) -> dict[str, Any]:
    return {
        "targets": [{"name": target.name, "suite": target.suite} for target in evidence.targets],
        "obligations": [
            {
                "id": row.id,
                "revision": row.revision,
                "subject": row.subject,
                "profile": row.profile,
                "testability": row.testability,
                "reason": row.reason,
                "cases": [case.id for case in row.cases],
                "verdicts": row.verdicts,
                "mutants": [asdict(mutant) for mutant in row.mutants],
            }
            for row in rows
        ],
    }

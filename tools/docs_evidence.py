# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is known about the obligations from outside the book: the suite's cases, results of targets, mutants.

Cases come from `argo-conformance list --json`, results from `argo-conformance run --out` (results.json),
mutants from the run over the broken engines: a list of {"id", "requirements", "verdict", "case"}, the verdict
being killed, survived or equivalent, the case the one that killed it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MUTANT_VERDICTS = ("killed", "survived", "equivalent")
# From harmless to grave. What is worse than SKIP needs somebody's eyes.
VERDICTS = (
    "PASS",
    "NOT_SUPPORTED",
    "SKIP",
    "NOT_TESTED",
    "KFAIL",
    "XPASS",
    "ERROR",
    "FAIL",
    "WEDGED",
    "CRASH",
)


class EvidenceError(Exception):
    """One sentence: the file, and what is wrong with it."""


@dataclass(frozen=True)
class Case:
    id: str
    profile: str
    requirements: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True)
class Verdict:
    """What a target said about one sentence: an obligation at a revision."""

    verdict: str
    revision: int


@dataclass(frozen=True)
class Target:
    """One results.json."""

    name: str
    suite: str  # version and commit
    verdicts: dict[str, Verdict]  # by obligation
    cases: dict[str, str]  # verdict by case


@dataclass(frozen=True)
class Mutant:
    id: str
    requirements: tuple[str, ...]
    verdict: str
    case: str


@dataclass(frozen=True)
class Evidence:
    """What was given is in it; None or empty is what was not."""

    cases: tuple[Case, ...] | None = None
    targets: tuple[Target, ...] = ()
    mutants: tuple[Mutant, ...] | None = None
    _by_requirement: dict[str, list[Case]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for case in self.cases or ():
            for requirement in case.requirements:
                self._by_requirement.setdefault(requirement, []).append(case)

    def cases_of(self, requirement: str) -> list[Case]:
        return self._by_requirement.get(requirement, [])

    def mutants_of(self, requirement: str) -> list[Mutant]:
        return [mutant for mutant in self.mutants or () if requirement in mutant.requirements]


def read(cases: Path | None, results: Iterable[Path], mutants: Path | None) -> Evidence:
    """EvidenceError if a file is not what it should be."""
    return Evidence(
        _read_cases(cases) if cases else None,
        tuple(_read_target(path) for path in results),
        _read_mutants(mutants) if mutants else None,
    )


def _read_cases(path: Path) -> tuple[Case, ...]:
    data = _json(path)
    if isinstance(data, dict):
        data = data.get("cases")
    if not isinstance(data, list):
        raise EvidenceError(f"{path}: is no list of cases; argo-conformance list --json writes one")
    result = []
    for item in data:
        _keys(path, "a case", item, id=str, profile=str, requirements=list, file=str, line=int)
        result.append(
            Case(item["id"], item["profile"], tuple(item["requirements"]), item["file"], item["line"])
        )
    return tuple(result)


def _read_target(path: Path) -> Target:
    data = _json(path)
    _keys(path, "the file", data, suite=dict, target=dict, cases=list, requirements=list)
    _keys(path, "'suite'", data["suite"], version=str, commit=str)
    _keys(path, "'target'", data["target"], name=str)
    verdicts, cases = {}, {}
    for item in data["requirements"]:
        _keys(path, "a requirement", item, id=str, revision=int, verdict=str)
        verdicts[item["id"]] = Verdict(_verdict(path, item["verdict"]), item["revision"])
    for item in data["cases"]:
        _keys(path, "a case", item, id=str, arch=str, verdict=str)
        cases[item["id"]] = _worse(cases.get(item["id"], "PASS"), _verdict(path, item["verdict"]))
    machines = sorted({item["arch"] for item in data["cases"] if item["arch"]} - {"x86_64"})
    name = " ".join([data["target"]["name"], *machines])
    return Target(name, f"{data['suite']['version']} {data['suite']['commit'][:12]}", verdicts, cases)


def _read_mutants(path: Path) -> tuple[Mutant, ...]:
    data = _json(path)
    if isinstance(data, dict):
        data = data.get("mutants")
    if not isinstance(data, list):
        raise EvidenceError(f"{path}: is no list of mutants")
    result = []
    for item in data:
        _keys(path, "a mutant", item, id=str, requirements=list, verdict=str)
        if item["verdict"] not in MUTANT_VERDICTS:
            raise EvidenceError(
                f"{path}: mutant {item['id']}: unknown verdict '{item['verdict']}';"
                f" there is {', '.join(MUTANT_VERDICTS)}"
            )
        result.append(
            Mutant(item["id"], tuple(item["requirements"]), item["verdict"], item.get("case") or "")
        )
    return tuple(result)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise EvidenceError(f"{path}:{error.lineno}: is not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise EvidenceError(f"{path}: is not UTF-8") from None


def _keys(path: Path, what: str, item: Any, **types: type) -> None:
    if not isinstance(item, dict):
        raise EvidenceError(f"{path}: {what} is not an object")
    for key, kind in types.items():
        if not isinstance(item.get(key), kind):
            raise EvidenceError(f"{path}: {what} lacks '{key}', or it is no {kind.__name__}")


def _verdict(path: Path, verdict: str) -> str:
    if verdict not in VERDICTS:
        raise EvidenceError(f"{path}: unknown verdict '{verdict}'; there is {', '.join(VERDICTS)}")
    return verdict


def _worse(a: str, b: str) -> str:
    return max(a, b, key=VERDICTS.index)

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What must hold before the book is built. Each gate gives the places where it does not, one sentence each.

    keywords    a normative keyword stands in an obligation, nowhere else
    numbers     a count that a text states is the count that there is
    names       a macro or structure that a chapter names is in the headers
    headers     the committed headers are what the registry gives
    ledger      an ID is never used twice, a changed sentence has a new revision
    cases       an obligation has a case or a reason; a case names obligations that exist
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docs_ledger
import generate
import registry
import registry_references
import requirements
from docs_evidence import Evidence
from docs_prose import prose
from generate_headers import headers
from registry_model import Item, Registry
from requirements import Requirement
from requirements_rst import Problem

KEYWORDS = re.compile(r"\b(MUST|SHALL|SHOULD|MAY|REQUIRED|RECOMMENDED|OPTIONAL)\b")
_COUNT = re.compile(
    r"(?<![\d.,~-])\b(\d+) (obligations|operations|structures|error numbers|mechanisms|cases)\b"
)
_MACRO = re.compile(r"\bARGO_[A-Z0-9_]+\b\*?")
_STRUCTURE = re.compile(r"\bstruct (argo_[a-z0-9_]+)")


@dataclass(frozen=True)
class Tree:
    """A copy of the repository, whole or not, and what its book holds."""

    root: Path
    registry: Registry
    obligations: list[Requirement]

    @property
    def spec(self) -> Path:
        return self.root / "spec"

    @property
    def ledger(self) -> Path:
        return self.spec / "abi" / "obligations.json"

    def texts(self) -> Iterator[tuple[Path, str]]:
        for path in sorted(self.spec.glob("*.rst")):
            yield path, path.read_text(encoding="utf-8")


def read(root: Path) -> Tree:
    """RegistryError or BookError if the registry or a chapter is wrong."""
    source = registry.load(root / "spec" / "registry" / "argo.yaml")
    return Tree(root, source, requirements.extract(root / "spec", source))


def check(tree: Tree, evidence: Evidence) -> list[Problem]:
    gates = (
        keywords(tree),
        numbers(tree, evidence),
        names(tree),
        committed_headers(tree),
        ledger(tree),
        cases(tree, evidence),
    )
    return [problem for gate in gates for problem in gate]


def keywords(tree: Tree) -> Iterator[Problem]:
    hint = "is a keyword of obligations; make it one ('.. req::'), or write it small"
    for path, text in tree.texts():
        for line, words in prose(text):
            for match in KEYWORDS.finditer(words):
                yield Problem(str(path), line, f"{match[0]} {hint}")
    for item, key, text in _texts(tree.registry):
        for match in KEYWORDS.finditer(text):
            yield Problem("argo.yaml", item.line(key), f"{match[0]} {hint}")


def numbers(tree: Tree, evidence: Evidence) -> Iterator[Problem]:
    actual = {
        "obligations": len(tree.obligations),
        "operations": len(tree.registry.operations),
        "structures": len(tree.registry.structures),
        "error numbers": len(tree.registry.errors),
        "mechanisms": len(tree.registry.mechanisms),
    }
    if evidence.cases is not None:
        actual["cases"] = len(evidence.cases)
    readme = tree.root / "README.md"
    texts = [*tree.texts(), *([(readme, readme.read_text(encoding="utf-8"))] if readme.exists() else [])]
    for path, text in texts:
        for line, words in prose(text) if path.suffix == ".rst" else enumerate(text.splitlines(), 1):
            for match in _COUNT.finditer(words):
                number, what = int(match[1]), match[2]
                if what in actual and number != actual[what]:
                    hint = f"; write :count:`{what}`" if path.suffix == ".rst" and " " not in what else ""
                    yield Problem(
                        str(path), line, f"says {number} {what}, and there are {actual[what]}{hint}"
                    )


def names(tree: Tree) -> Iterator[Problem]:
    known = {name for name, _ in registry_references.macros(tree.registry)} | registry_references.OWN_MACROS
    known |= {
        f"ARGO_CPUID_{name}"
        for name in ("FIRST", "STEP", "LAST", *(f"SIGNATURE_{word}" for word in ("EBX", "ECX", "EDX")))
    }
    for path, text in tree.texts():
        for line, words in enumerate(text.splitlines(), 1):
            for name in _MACRO.findall(words):
                stem = name.rstrip("*")
                if not (stem in known or name != stem and any(each.startswith(stem) for each in known)):
                    yield Problem(str(path), line, f"names {name}, which is in no header")
            for name in _STRUCTURE.findall(words):
                if name not in tree.registry.structures:
                    yield Problem(str(path), line, f"names struct {name}, which is in no header")


def committed_headers(tree: Tree) -> Iterator[Problem]:
    directory = tree.root / "abi-headers" / "include" / "argo"
    for difference in generate.differences(directory, headers(tree.registry)):
        yield Problem(
            difference.split(":", 1)[0],
            1,
            difference.split(": ", 1)[1].splitlines()[0] + "; run tools/generate.py headers",
        )


def ledger(tree: Tree) -> Iterator[Problem]:
    for where, sentence in docs_ledger.check(docs_ledger.read(tree.ledger), tree.obligations):
        if isinstance(where, Requirement):
            yield Problem(str(tree.spec / f"{where.chapter}.rst"), where.line, sentence)
        else:
            yield Problem(str(tree.ledger), 1, sentence)


def cases(tree: Tree, evidence: Evidence) -> Iterator[Problem]:
    """Nothing if no list of cases was given."""
    if evidence.cases is None:
        return
    known = {each.id for each in tree.obligations}
    retired = {identity for identity, entry in docs_ledger.read(tree.ledger).items() if entry.retired}
    for case in evidence.cases:
        if not case.requirements:
            yield Problem(case.file, case.line, f"case {case.id} names no obligation")
        for name in case.requirements:
            if name not in known:
                what = "was retired" if name in retired else "is in no chapter"
                yield Problem(case.file, case.line, f"case {case.id} names {name}, which {what}")
    for each in tree.obligations:
        if not each.reason and not evidence.cases_of(each.id):
            yield Problem(
                str(tree.spec / f"{each.chapter}.rst"),
                each.line,
                f"{each.id} has no case; write one, or say why there is none (':reason:')",
            )


def _texts(item: Item) -> Iterator[tuple[Item, str, str]]:
    """Every text of the registry, with the entry and the key that hold it."""
    for each in dataclasses.fields(item):
        value = getattr(item, each.name)
        if isinstance(value, str):
            yield item, each.name, value
        parts: Iterable[object] = (
            value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
        )
        for part in parts:
            if isinstance(part, Item):
                yield from _texts(part)

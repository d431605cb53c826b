#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Mutants: wrong ideas about single obligations, as data, and the sources that have all of them at once.

conformance/mutants/<chapter>.toml holds the mutants of a chapter's obligations:

    file = "reference-impl/engine/sendv.cpp"          # where those are that do not say otherwise

    [ARGO-SENDV-012.drops_empty_message]
    what = "Drops a message without payload, yet returns success."
    from = "return Result::success(message.bytes);"   # stands once in the file, or, with `in`, once in a
    to = "..."                                        # text that does: in = "..."
    equivalent = "..."                                # if nobody can see a difference: why
    also = [{from = "...", to = "..."}]               # if it takes more than one place

    [without]
    ARGO-SENDV-099 = "Why no mutant can break it."

    mutants.py generate --out DIR    write the mutated sources, DIR/tree, and their table, DIR/table.gen.cpp
    mutants.py check                 look whether each automatic obligation has a mutant or a reason

A text that ends with ';' or '}' is a statement, any other an expression. A site becomes a choice that is made
at run time, `(argo_mutant(17) ? (to) : (from))`; mutants may share a site, or contain each other's.

Exit: 0 fine; 1 a mutant is wrong or missing, with one line on stderr for each; 2 the command line or the book.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import registry
from registry_source import RegistryError
from requirements import BookError, Requirement, did_you_mean, extract

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = Path("conformance/mutants")
SPEC = Path("spec")

# What stands in for a hypervisor and its host in the model, and what does for a guest.
HYPERVISOR = ("reference-impl/engine", "conformance/runner/model")
GUEST = ("guest-lib/include/argo",)
SUFFIXES = (".cpp", ".hpp")
EDIT_KEYS = ("file", "in", "from", "to")
KEYS = ("what", *EDIT_KEYS, "also", "equivalent")


@dataclass(frozen=True)
class Edit:
    """A piece of a file, from `start` to `end`, and what stands there instead."""

    file: str
    start: int
    end: int
    to: str


@dataclass(frozen=True)
class Mutant:
    """One wrong idea."""

    obligation: str
    name: str
    what: str
    edits: tuple[Edit, ...]
    equivalent: str

    def id(self) -> str:
        return f"{self.obligation}.{self.name}"


@dataclass
class Catalogue:
    """All mutants in order, and the obligations that none can break, with the reason."""

    mutants: list[Mutant] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class MutantError(Exception):
    """What is wrong, one line each."""


# Reading


def read(root: Path, obligations: Iterable[Requirement]) -> Catalogue:
    """All mutants below `root`. MutantError names each entry that is wrong."""
    known = {each.id: each for each in obligations}
    catalogue = Catalogue()
    paths = sorted((root / MUTANTS).glob("*.toml"))
    if not paths:
        raise MutantError(f"{root / MUTANTS}: there are no mutants (*.toml) here")
    for path in paths:
        _Chapter(root, path, known, catalogue).read()
    if catalogue.problems:
        raise MutantError("\n".join(catalogue.problems))
    return catalogue


class _Chapter:
    """One file of mutants."""

    def __init__(self, root: Path, path: Path, known: dict[str, Requirement], catalogue: Catalogue) -> None:
        self.root, self.path, self.known, self.catalogue = root, path, known, catalogue
        self.text = ""

    def read(self) -> None:
        try:
            self.text = self.path.read_text(encoding="utf-8")
            data = tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._wrong("", str(error))
            return
        file = data.pop("file", None)
        for identity, reason in data.pop("without", {}).items():
            self._without(identity, reason)
        for identity, entries in data.items():
            if self._obligation(identity):
                if not isinstance(entries, dict) or not entries:
                    self._wrong(identity, "is no table [ID.name]")
                    continue
                for name, entry in entries.items():
                    self._mutant(identity, name, entry, file)

    def _without(self, identity: str, reason: object) -> None:
        if not self._obligation(identity):
            return
        if not isinstance(reason, str) or not reason.strip():
            self._wrong(identity, "has no reason")
        elif any(each.obligation == identity for each in self.catalogue.mutants) or f"[{identity}." in self.text:
            self._wrong(identity, "is both broken by a mutant and listed in [without]")
        self.catalogue.without[identity] = str(reason)

    def _obligation(self, identity: str) -> bool:
        obligation = self.known.get(identity)
        if not obligation:
            self._wrong(identity, f"is no obligation of the book{did_you_mean(identity, self.known)}")
        elif obligation.chapter != self.path.stem:
            self._wrong(identity, f"belongs into {obligation.chapter}.toml")
        return bool(obligation)

    def _mutant(self, identity: str, name: str, entry: object, default: object) -> None:
        label = f"{identity}.{name}"
        if not isinstance(entry, dict):
            self._wrong(label, f"is no key of [{identity}]; a mutant is a table [{identity}.name]")
            return
        before = len(self.catalogue.problems)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            self._wrong(label, "a name has small letters, digits and '_'")
        also = entry.get("also", [])
        if not isinstance(also, list) or not all(isinstance(each, dict) for each in also):
            self._wrong(label, "'also' is a list of tables")
            return
        rest = {key: value for key, value in entry.items() if key != "also"}
        self._keys(label, rest, KEYS, ("what", "from", "to"))
        for each in also:
            self._keys(label, each, EDIT_KEYS, ("from", "to"))
        if len(self.catalogue.problems) > before:
            return
        if not rest["what"].endswith("."):
            self._wrong(label, "'what' must be a sentence")
        if not rest.get("equivalent", "why").strip():
            self._wrong(label, "'equivalent' must say why")
        file = rest.get("file", default)
        edits = [self._edit(label, identity, {"file": file, **each}) for each in (rest, *also)]
        whole = tuple(each for each in edits if each)
        self.catalogue.mutants.append(Mutant(identity, name, rest["what"], whole, rest.get("equivalent", "")))

    def _keys(self, label: str, table: dict[str, object], known: tuple[str, ...], needed: tuple[str, ...]) -> None:
        for key, value in table.items():
            if key not in known:
                self._wrong(label, f"unknown key '{key}'{did_you_mean(key, known)}")
            elif not isinstance(value, str):
                self._wrong(label, f"'{key}' is no text")
        for key in needed:
            if key not in table:
                self._wrong(label, f"lacks '{key}'")

    def _edit(self, label: str, identity: str, entry: dict[str, str]) -> Edit | None:
        """Where the text to replace stands."""
        file = str(entry["file"])
        folders = GUEST if self.known[identity].subject == "guest" else HYPERVISOR
        if str(Path(file).parent) not in folders or not file.endswith(SUFFIXES):
            self._wrong(label, f"file '{file}' is no source in {' or '.join(folders)}")
            return None
        if entry["to"] == entry["from"]:
            self._wrong(label, "'to' is what 'from' is")
        try:
            text = (self.root / file).read_text(encoding="utf-8")
        except OSError as error:
            self._wrong(label, f"{file}: {error.strerror}")
            return None
        start, end = 0, len(text)
        for key in ("in", "from"):
            if key not in entry:
                continue
            found = text[start:end].count(entry[key])
            if found != 1:
                within = "the text of 'in'" if key == "from" and "in" in entry else file
                hint = "; make it longer, or give its surroundings with 'in'" if found else ""
                self._wrong(label, f"the text of '{key}' stands {found} times in {within}, not once{hint}")
                return None
            start = text.index(entry[key], start, end)
            end = start + len(entry[key])
        return Edit(file, start, end, entry["to"])

    def _wrong(self, label: str, what: str) -> None:
        key = f"[{label}]"
        line = self.text[: self.text.find(key)].count("\n") + 1 if key in self.text else 1
        self.catalogue.problems.append(f"{self.path}:{line}: {label}{': ' if label else ''}{what}")


# Writing


@dataclass
class _Site:
    """A piece of a source with the mutants that replace just it, and the sites inside it."""

    start: int
    end: int
    choices: list[tuple[int, str]]  # mutant's number, and its text
    inner: list[_Site] = field(default_factory=list)


def mutate(text: str, edits: list[tuple[int, Edit]]) -> str:
    """A source with all its mutants, each under its number. MutantError where two of its sites cut each other."""
    sites: dict[tuple[int, int], _Site] = {}
    for number, each in edits:
        site = sites.setdefault((each.start, each.end), _Site(each.start, each.end, []))
        site.choices.append((number, each.to))
    outermost = _Site(0, len(text), [])
    around = [outermost]
    for site in sorted(sites.values(), key=lambda each: (each.start, -each.end)):
        while site.start >= around[-1].end:
            around.pop()
        if site.end > around[-1].end:
            one, other = around[-1], site
            raise MutantError(
                f"'{text[one.start:one.end]}' and '{text[other.start:other.end]}' cut each other;"
                " widen one, so that it holds the other"
            )
        around[-1].inner.append(site)
        around.append(site)
    return _render(text, outermost)


def _render(text: str, site: _Site) -> str:
    original, position = "", site.start
    for inner in site.inner:
        original += text[position : inner.start] + _render(text, inner)
        position = inner.end
    original += text[position : site.end]
    if not site.choices:
        return original
    if text[site.start : site.end].rstrip().endswith((";", "}")):
        choices = "".join(f"if (argo_mutant({number})) {{ {to} }} else " for number, to in site.choices)
        return f"{{ {choices}{{ {original} }} }}"
    choices = "".join(f"argo_mutant({number}) ? ({to}) : " for number, to in site.choices)
    return f"({choices}({original}))"


def table(catalogue: Catalogue) -> str:
    """What the program knows of its mutants."""

    def text(value: str) -> str:
        return json.dumps(value)

    rows = "".join(
        f"    {{{number}, {text(each.id())}, {text(each.obligation)}, {text(each.what)}, {text(each.edits[0].file)},"
        f" {text(each.equivalent)}}},\n"
        for number, each in enumerate(catalogue.mutants, 1)
    )
    reasons = "".join(f"    {{{text(name)}, {text(why)}}},\n" for name, why in sorted(catalogue.without.items()))
    return (
        "// Written by tools/mutants.py from conformance/mutants.\n"
        '#include "mutants/table.hpp"\n\n'
        "namespace argo::mutants {\n\n"
        f"const std::vector<Mutant> all_mutants{{\n{rows}}};\n\n"
        f"const std::vector<Without> without_mutant{{\n{reasons}}};\n\n"
        "} // namespace argo::mutants\n"
    )


def sources(root: Path, catalogue: Catalogue) -> dict[str, str]:
    """All sources, mutated or not, by their names. MutantError where mutants do not go together."""
    by_file: dict[str, list[tuple[int, Edit]]] = {}
    for number, mutant in enumerate(catalogue.mutants, 1):
        for edit in mutant.edits:
            by_file.setdefault(edit.file, []).append((number, edit))
    result = {}
    problems = []
    for folder in HYPERVISOR + GUEST:
        for path in sorted((root / folder).iterdir()):
            name = f"{folder}/{path.name}"
            if path.suffix not in SUFFIXES:
                continue
            try:
                result[name] = mutate(path.read_text(encoding="utf-8"), by_file.get(name, []))
            except MutantError as error:
                problems.append(f"{name}: {error}")
    if problems:
        raise MutantError("\n".join(problems))
    return result


def generate(root: Path, catalogue: Catalogue, out: Path) -> None:
    for name, text in sources(root, catalogue).items():
        _write(out / "tree" / name, text)
    _write(out / "table.gen.cpp", table(catalogue))


def _write(path: Path, text: str) -> None:
    """Unless it stands there already, so that nothing is compiled again for it."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# Checking


def missing(catalogue: Catalogue, obligations: Iterable[Requirement]) -> list[str]:
    """Automatic obligations with neither mutant nor reason."""
    broken = {each.obligation for each in catalogue.mutants}
    return [
        each.id
        for each in obligations
        if each.testability == "auto" and each.id not in broken and each.id not in catalogue.without
    ]


def check(catalogue: Catalogue, obligations: list[Requirement]) -> str:
    """One line that says that all is well. MutantError otherwise."""
    absent = missing(catalogue, obligations)
    if absent:
        chapters = {each.id: each.chapter for each in obligations}
        raise MutantError(
            "\n".join(
                f"{MUTANTS / chapters[each]}.toml: {each} has no mutant; write one, or say why not in [without]"
                for each in absent
            )
        )
    broken = {each.obligation for each in catalogue.mutants}
    equivalent = sum(1 for each in catalogue.mutants if each.equivalent)
    return (
        f"{len(catalogue.mutants)} mutants ({equivalent} equivalent) of {len(broken)} obligations,"
        f" {len(catalogue.without)} without for a reason"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The mutants of the Argo conformance suite.")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help="a copy of the repository")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("generate", help="write the mutated sources and their table")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    commands.add_parser("check", help="look whether each automatic obligation has a mutant or a reason")
    return parser


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        source = registry.load(options.root / SPEC / "registry" / "argo.yaml")
        obligations = extract(options.root / SPEC, source)
        catalogue = read(options.root, obligations)
        if options.command == "generate":
            generate(options.root, catalogue, options.out)
        else:
            sources(options.root, catalogue)
            print(check(catalogue, obligations))
    except MutantError as error:
        print(error, file=sys.stderr)
        return 1
    except (BookError, RegistryError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"mutants.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The models of the protocol, as data: what is searched, which wrong ideas each must find, and what it found last.

spec/models/<model>.pml is a model in Promela, <model>.toml its table:

    what = "..."                          # what the model is about
    bounds = "..."                        # within which bounds
    proves = ["ARGO-RING-008"]            # the obligations that it speaks of

    [search]                              # how the model is searched: a name, and switches (-D)
    weak = []
    tso = ["TSO"]

    [replay]                              # the same for executions that become cases; may be absent
    honest = []

    [ARGO-RING-008.tx_ptr_before_the_message]
    what = "Publishes tx_ptr before ..."  # what is wrong about it
    define = "TX_FIRST"                   # the switch that makes it so
    fails = "the message is whole"        # the assertion that must fail: the comment behind it
    search = ["weak"]                     # the searches that must find it; all, unless it says so
    unseen.tso = "..."                    # of them, one that cannot, and why: there the assertion must hold

A .pml without a table is a part that others include. proven.json says what each search covered when it was accepted
last, cases/<model>.<replay>.txt what the model says happens.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from requirements import Requirement, did_you_mean

MODELS = Path("spec/models")
PROVEN = "proven.json"
CASES = "cases"

KEYS = {"what": str, "bounds": str, "proves": list, "search": dict, "replay": dict}
VARIANT_KEYS = {"what": str, "define": str, "fails": str, "search": list, "unseen": dict}

_ASSERTION = re.compile(r"\bassert\(.*\);?\s*/\*\s*(.*?)\s*\*/")
_SWITCH = re.compile(r"^#\s*(?:ifdef|ifndef)\s+(\w+)|\bdefined\((\w+)\)", re.M)
_INCLUDE = re.compile(r'^#include "(\w+\.pml)"', re.M)
_OWN_SWITCHES = {"REPLAY"}


class ModelError(Exception):
    """What is wrong, one line each."""


@dataclass(frozen=True)
class Variant:
    """One wrong idea."""

    obligation: str
    name: str
    what: str
    define: str
    fails: str
    search: tuple[str, ...]
    unseen: dict[str, str]  # searches that cannot find it, and why

    def id(self) -> str:
        return f"{self.obligation}.{self.name}"


@dataclass(frozen=True)
class Model:
    """A model and its table."""

    name: str
    what: str
    bounds: str
    proves: tuple[str, ...]
    search: dict[str, tuple[str, ...]]
    replay: dict[str, tuple[str, ...]]
    variants: tuple[Variant, ...]
    files: tuple[Path, ...]  # the model first, then what it includes


def assertions(path: Path) -> dict[int, str]:
    """What each assertion of a file says of itself, by its line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {number: _ASSERTION.search(line) for number, line in enumerate(lines, 1)}
    return {number: match[1] for number, match in found.items() if match}


def proven(root: Path) -> dict[str, Any]:
    """What was accepted last; nothing if there is nothing."""
    path = root / MODELS / PROVEN
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"spin": "", "searches": {}}
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from None


def read(root: Path, obligations: Iterable[Requirement]) -> list[Model]:
    """All models below `root`. ModelError names each entry that is wrong."""
    folder = root / MODELS
    known = {each.id for each in obligations}
    tables = sorted(folder.glob("*.toml"))
    if not tables:
        raise ModelError(f"{folder}: there are no models (*.toml) here")
    problems: list[str] = []
    models = [each for each in (_Table(path, known, problems).read() for path in tables) if each]
    used = {path.name for model in models for path in model.files}
    if not problems:
        problems += [
            f"{path}: no model uses it; a model has a table, {path.stem}.toml"
            for path in sorted(folder.glob("*.pml"))
            if path.name not in used
        ]
    if problems:
        raise ModelError("\n".join(problems))
    return models


class _Table:
    """One table."""

    def __init__(self, path: Path, known: set[str], problems: list[str]) -> None:
        self.path, self.known, self.problems = path, known, problems
        self.said: set[str] = set()
        self.switches: set[str] = set()

    def read(self) -> Model | None:
        before = len(self.problems)
        try:
            data = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._wrong("", str(error))
            return None
        head = {key: value for key, value in data.items() if not key.startswith("ARGO-")}
        self._keys("", head, KEYS, ("what", "bounds", "proves", "search"))
        files = self._files()
        if len(self.problems) > before:
            return None
        for identity in head["proves"]:
            self._obligation(identity)
        search = self._switches("search", head["search"])
        replay = self._switches("replay", head.get("replay", {}))
        variants = [
            self._variant(identity, name, entry, search)
            for identity, entries in data.items()
            if identity.startswith("ARGO-") and self._obligation(identity) and self._table(identity, entries)
            for name, entry in entries.items()
        ]
        used = {each for switches in (*search.values(), *replay.values()) for each in switches} | _OWN_SWITCHES
        for switch in sorted(self.switches - used - {each.define for each in variants if each}):
            self._wrong("", f"no entry uses the model's switch {switch}")
        if len(self.problems) > before:
            return None
        return Model(
            self.path.stem,
            head["what"],
            head["bounds"],
            tuple(head["proves"]),
            search,
            replay,
            tuple(each for each in variants if each),
            tuple(files),
        )

    def _files(self) -> list[Path]:
        """The model and what it includes; notes what they can be switched to, and what they assert."""
        files = [self.path.with_suffix(".pml")]
        for path in files:
            try:
                text = path.read_text(encoding="utf-8")
            except OSError as error:
                self._wrong("", f"{path.name}: {error.strerror}")
                return files
            self.switches |= {one or other for one, other in _SWITCH.findall(text)}
            self.said |= set(assertions(path).values())
            files += [path.parent / name for name in _INCLUDE.findall(text) if path.parent / name not in files]
        return files

    def _switches(self, kind: str, table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        result = {}
        for name, switches in table.items():
            if not isinstance(switches, list) or not all(isinstance(each, str) for each in switches):
                self._wrong(f"{kind}.{name}", "is no list of switches")
                continue
            for switch in switches:
                self._switch(f"{kind}.{name}", switch)
            result[name] = tuple(switches)
        return result

    def _variant(
        self, identity: str, name: str, entry: Any, search: dict[str, tuple[str, ...]]
    ) -> Variant | None:
        label = f"{identity}.{name}"
        before = len(self.problems)
        if not self._table(label, entry):
            return None
        self._keys(label, entry, VARIANT_KEYS, ("what", "define", "fails"))
        if len(self.problems) > before:
            return None
        self._switch(label, entry["define"])
        if entry["fails"] not in self.said:
            hint = did_you_mean(entry["fails"], self.said)
            self._wrong(label, f"no assertion says '{entry['fails']}'{hint}")
        searches = entry.get("search", list(search))
        for each in (*searches, *entry.get("unseen", {})):
            if each not in search:
                self._wrong(label, f"there is no search '{each}'{did_you_mean(str(each), search)}")
        unseen = entry.get("unseen", {})
        if not all(isinstance(why, str) and why.strip() for why in unseen.values()):
            self._wrong(label, "'unseen' must say why")
        if set(searches) <= set(unseen):
            self._wrong(label, "no search finds it")
        if len(self.problems) > before:
            return None
        return Variant(identity, name, entry["what"], entry["define"], entry["fails"], tuple(searches), unseen)

    def _keys(self, label: str, table: dict[str, Any], known: dict[str, type], needed: Iterable[str]) -> None:
        for key, value in table.items():
            if key not in known:
                self._wrong(label, f"unknown key '{key}'{did_you_mean(key, known)}")
            elif not isinstance(value, known[key]):
                self._wrong(label, f"'{key}' is of the wrong kind")
        for key in needed:
            if key not in table:
                self._wrong(label, f"lacks '{key}'")

    def _obligation(self, identity: str) -> bool:
        if identity not in self.known:
            self._wrong(identity, f"is no obligation of the book{did_you_mean(identity, self.known)}")
        return identity in self.known

    def _table(self, label: str, entry: Any) -> bool:
        if not isinstance(entry, dict):
            self._wrong(label, "is no table; a wrong idea is a table [ID.name]")
        return isinstance(entry, dict)

    def _switch(self, label: str, switch: str) -> None:
        if switch not in self.switches:
            hint = did_you_mean(switch, self.switches)
            self._wrong(label, f"{self.path.stem}.pml has no switch '{switch}'{hint}")

    def _wrong(self, label: str, what: str) -> None:
        self.problems.append(f"{self.path}: {label + ': ' if label else ''}{what}")

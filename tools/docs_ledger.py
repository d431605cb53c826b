# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The ledger of obligations, spec/abi/obligations.json: every ID that was ever published.

An ID and a revision stand for one sentence for ever. The ledger keeps the sentence's digest, so that a
changed sentence without a new revision is seen, and it keeps the IDs of obligations that are no more, so that
none comes back with another meaning. Only `docs.py accept` writes it, and a person reads the change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from requirements import Requirement

_ABOUT = (
    "Every obligation ever published: its revision and its sentence's SHA-256. A retired one stays for ever."
    " Written by tools/docs.py accept."
)


class LedgerError(Exception):
    """One sentence: what is wrong with the ledger, or why it does not take a change."""


@dataclass(frozen=True)
class Entry:
    revision: int
    sha256: str  # of the normalized sentence
    since: str
    retired: bool = False


Ledger = dict[str, Entry]


def digest(sentence: str) -> str:
    """The same for sentences that differ in spaces alone."""
    return hashlib.sha256(" ".join(sentence.split()).encode()).hexdigest()


def read(path: Path) -> Ledger:
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {identity: Entry(**entry) for identity, entry in data["obligations"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerError(f"{path}: is not a ledger of obligations: {error}") from None


def write(path: Path, ledger: Ledger) -> None:
    lines = [
        f"    {json.dumps(identity)}: {json.dumps(_shown(entry))}"
        for identity, entry in sorted(ledger.items())
    ]
    license_line = json.dumps(f"SPDX-License-Identifier: MIT. {_ABOUT}")
    path.write_text(
        '{\n  "about": ' + license_line + ',\n  "obligations": {\n' + ",\n".join(lines) + "\n  }\n}\n",
        encoding="utf-8",
    )


def check(ledger: Ledger, obligations: Iterable[Requirement]) -> list[tuple[Requirement | str, str]]:
    """Where the book departs from the ledger: an obligation, or the ID of one that is gone; a sentence."""
    faults: list[tuple[Requirement | str, str]] = []
    present = {each.id: each for each in obligations}
    for each in present.values():
        fault = _fault(ledger.get(each.id), each)
        if fault:
            faults.append((each, f"{each.id} {fault}"))
    for identity, entry in ledger.items():
        if identity not in present and not entry.retired:
            faults.append(
                (
                    identity,
                    f"{identity} is gone from the book; if that is meant: docs.py accept --retire {identity}",
                )
            )
    return faults


def accept(
    ledger: Ledger,
    obligations: Iterable[Requirement],
    retire: Collection[str] = (),
    reword: Collection[str] = (),
) -> Ledger:
    """The ledger that the book now asks for.

    LedgerError if that would give an ID or a revision another meaning. `retire`: IDs that may go. `reword`:
    IDs whose sentence may change at the same revision, since it says the same.
    """
    result = dict(ledger)
    present = {each.id: each for each in obligations}
    for identity in [*retire, *reword]:
        if identity not in ledger:
            raise LedgerError(f"{identity} is not in the ledger")
    for identity in retire:
        if identity in present:
            raise LedgerError(f"{identity} is still in the book, in {present[identity].chapter}.rst")
        result[identity] = replace(result[identity], retired=True)
    for each in present.values():
        known = result.get(each.id)
        if known and not _follows(known, each, reworded=each.id in reword):
            raise LedgerError(f"{each.chapter}.rst:{each.line}: {each.id} {_fault(known, each)}")
        result[each.id] = Entry(each.revision, digest(each.text), each.since)
    return result


def _follows(known: Entry, now: Requirement, reworded: bool) -> bool:
    """Whether the ledger can take the obligation as it is now."""
    same = now.revision == known.revision and (reworded or digest(now.text) == known.sha256)
    return not known.retired and (same or now.revision == known.revision + 1)


def _fault(known: Entry | None, now: Requirement) -> str:
    """What is wrong with an obligation, as the ledger sees it; nothing if it is in it as it is."""
    if known is None:
        return "is not in the ledger; docs.py accept enters it"
    if known.retired:
        return "was retired and cannot come back; take a number that was never used"
    if now.revision == known.revision:
        if digest(now.text) != known.sha256:
            hint = f"give it ':revision: {known.revision + 1}'"
            return f"has another sentence than revision {known.revision} had; {hint}"
        return ""
    if now.revision == known.revision + 1:
        return "has a new revision; docs.py accept enters it"
    hint = f"a new sentence has revision {known.revision + 1}"
    return f"has revision {now.revision}, and the ledger {known.revision}; {hint}"


def _shown(entry: Entry) -> dict[str, object]:
    return {key: value for key, value in asdict(entry).items() if key != "retired" or value}

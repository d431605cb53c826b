# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What changed from one registry to another, in words, and what kind of change each is.

    breaking    who did right by the old ABI does wrong by the new one: a guest, a hypervisor, or C source
    addition    something can be relied on that could not before
    draft       it was a draft, or is one now; drafts promise nothing
    wording     a text that explains; if it is an obligation's, the ledger of obligations watches it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from abi_gate_layout import compare_fields
from registry_model import Condition, FlagGroup, Item, Limit, Operation, Registry, Structure

Kind = Literal["breaking", "addition", "draft", "wording"]


@dataclass(frozen=True)
class Change:
    kind: Kind
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"


def compare(old: Registry, new: Registry) -> list[Change]:
    """All changes but that of the version itself, the grave ones first."""
    changes = list(_Comparison(old, new).run())
    return sorted(changes, key=lambda change: ("breaking", "addition", "draft", "wording").index(change.kind))


class _Comparison:
    # Attributes that may change without anybody having to do anything.
    WORDING = ("brief", "source", "license", "since", "returns", "area", "changes", "events", "denied")

    def __init__(self, old: Registry, new: Registry) -> None:
        self.old = old
        self.new = new

    def run(self) -> Iterator[Change]:
        old, new = self.old, self.new
        yield from self.rows("every operation", old.entry, new.entry)
        yield from self.collection(old.areas, new.areas)
        yield from self.collection(old.errors.values(), new.errors.values(), "number")
        yield from self.collection(
            old.operations.values(), new.operations.values(), "number", special=self.operation
        )
        yield from self.collection(old.structures.values(), new.structures.values(), special=self.structure)
        yield from self.constants()
        yield from self.collection(old.limits, new.limits, special=self.limit)
        yield from self.collection(old.flags, new.flags, special=self.flags)
        yield from self.collection(old.features, new.features, "bit")
        for kind in ("bindings", "mechanisms", "implementations", "domids", "ports"):
            yield from self.collection(getattr(old, kind), getattr(new, kind), "number")
        yield from self.attributes(old.cpuid, new.cpuid, "the CPUID block", skip=("leaves",))
        yield from self.collection(old.cpuid.leaves, new.cpuid.leaves, "leaf")

    def collection(
        self, old: Iterable[Item], new: Iterable[Item], number: str = "", special: Any = None
    ) -> Iterator[Change]:
        """Entries by name. `number` is the attribute that no two names may share, now and before."""
        before, after = _by_name(old), _by_name(new)
        for name, item in before.items():
            if name not in after:
                yield Change("draft" if self.was_draft(item) else "breaking", f"{item.label()} is gone")
        for name, item in after.items():
            if name not in before:
                yield Change("draft" if self.is_draft(item) else "addition", f"{item.label()} is new")
                yield from self.reused(item, before, number)
            else:
                yield from self.entry(before[name], item, special)

    def entry(self, old: Item, new: Item, special: Any) -> Iterator[Change]:
        changes = list(special(old, new) if special else self.attributes(old, new, new.label()))
        if self.was_draft(old) and not self.is_draft(new):
            yield Change("addition", f"{new.label()} is no draft any more")
        elif not self.was_draft(old) and self.is_draft(new):
            yield Change("breaking", f"{new.label()} is a draft again")
        for change in changes:
            free = self.was_draft(old) and change.kind != "wording"
            yield Change("draft", change.sentence) if free else change

    def reused(self, item: Item, before: Mapping[str, Item], number: str) -> Iterator[Change]:
        for owner in before.values():
            if number and getattr(owner, number) == getattr(item, number):
                yield Change(
                    "breaking",
                    f"{item.label()} has the {number} {getattr(item, number)}, which was that of"
                    f" {owner.label()}; a number is never used twice",
                )

    def attributes(self, old: Item, new: Item, label: str, skip: tuple[str, ...] = ()) -> Iterator[Change]:
        for key in vars(new):
            if key in ("lines", "name", "status", *skip):
                continue
            a, b = getattr(old, key), getattr(new, key)
            if a != b:
                wording = key in self.WORDING
                yield Change(
                    "wording" if wording else "breaking",
                    f"{label}: '{key}' changed" + ("" if wording else f" from {_shown(a)} to {_shown(b)}"),
                )

    def was_draft(self, item: Item) -> bool:
        return self.draft_in(self.old, item)

    def is_draft(self, item: Item) -> bool:
        return self.draft_in(self.new, item)

    @staticmethod
    def draft_in(registry: Registry, item: Item) -> bool:
        return getattr(item, "status", "stable") != "stable" or registry.is_draft(item)

    # What needs more than a comparison of attributes

    def operation(self, old: Operation, new: Operation) -> Iterator[Change]:
        yield from self.attributes(old, new, new.label(), skip=("arguments", "errors", "feature"))
        if old.feature != new.feature:
            kind: Kind = "breaking" if new.feature else "addition"
            yield Change(
                kind,
                f"{new.label()}: its feature changed from {_shown(old.feature)} to {_shown(new.feature)}",
            )
        before, after = old.arguments or (), new.arguments or ()
        for index, (a, b) in enumerate(zip(before, after)):
            if a.type != b.type:
                yield Change("breaking", f"{new.label()}: argument {index} changed from {a.type} to {b.type}")
            elif (a.name, a.brief) != (b.name, b.brief):
                yield Change("wording", f"{new.label()}: argument {index} is described otherwise")
        for argument in before[len(after) :]:
            yield Change("breaking", f"{new.label()}: argument '{argument.name}' is gone")
        for argument in after[len(before) :]:
            yield Change(
                "addition", f"{new.label()}: argument '{argument.name}' is new, where a zero was asked for"
            )
        yield from self.rows(new.label(), old.errors or (), new.errors or ())

    def rows(self, label: str, old: tuple[Condition, ...], new: tuple[Condition, ...]) -> Iterator[Change]:
        """Errors in order of precedence. The lists are exhaustive, so one more is as grave as one less."""
        before, after = {row.req: row for row in old}, {row.req: row for row in new}
        for req, row in before.items():
            if req not in after:
                yield Change("breaking", f"{label}: error {row.error} ({req}) is gone")
        for req, row in after.items():
            if req not in before:
                yield Change(
                    "breaking",
                    f"{label}: error {row.error} ({req}) is new; a call that succeeded may fail now",
                )
            elif before[req].error != row.error:
                yield Change("breaking", f"{label}: {req} changed from {before[req].error} to {row.error}")
            elif before[req].when != row.when:
                yield Change("wording", f"{label}: the condition of {req} is worded otherwise")
        a = [req for req in before if req in after]
        b = [req for req in after if req in before]
        if a != b:
            first = next(i for i, (x, y) in enumerate(zip(a, b)) if x != y)
            yield Change(
                "breaking",
                f"{label}: the order of errors changed; {b[first]} ({after[b[first]].error}) now"
                f" precedes {a[first]} ({before[a[first]].error})",
            )

    def structure(self, old: Structure, new: Structure) -> Iterator[Change]:
        yield from self.attributes(old, new, new.label(), skip=("fields", "size"))
        for breaking, sentence in compare_fields(self.old, old, self.new, new):
            yield Change("breaking" if breaking else "addition", f"{new.label()}: {sentence}")

    def constants(self) -> Iterator[Change]:
        old, new = self.old.constant_values(), self.new.constant_values()
        yield from self.collection(
            self.old.constants,
            self.new.constants,
            special=lambda a, b: self.attributes(a, b, b.label(), skip=("value",)),
        )
        for name in old.keys() & new.keys():
            if old[name] != new[name]:
                yield Change("breaking", f"constant '{name}' changed from {old[name]} to {new[name]}")

    def limit(self, old: Limit, new: Limit) -> Iterator[Change]:
        yield from self.attributes(old, new, new.label(), skip=("minimum",))
        if old.minimum != new.minimum:
            kind: Kind = "breaking" if new.minimum < old.minimum else "addition"
            yield Change(
                kind, f"{new.label()}: the least that is offered changed from {old.minimum} to {new.minimum}"
            )

    def flags(self, old: FlagGroup, new: FlagGroup) -> Iterator[Change]:
        yield from self.attributes(old, new, new.label(), skip=("group", "bits", "fields"))
        for change in (
            *self.collection(old.bits, new.bits, "bit"),
            *self.collection(old.fields, new.fields, "low"),
        ):
            yield Change(change.kind, f"{new.label()}: {change.sentence}")


def _by_name(items: Iterable[Item]) -> dict[str, Item]:
    return {getattr(item, item.NAME): item for item in items}


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, tuple):
        return ", ".join(_shown(each) for each in value) or "nothing"
    return str(getattr(value, "name", value))

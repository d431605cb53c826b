# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The headers' tables of constants: what an area has besides its structures and operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from c_text import Row, defines, macro, number, paragraph
from registry_model import Condition, FlagGroup, Named, Number, Registry


@dataclass(frozen=True)
class Table:
    """Lines that belong together, under a comment of one line or more."""

    comment: list[str]
    rows: list[Row]


def tables(registry: Registry, area: str) -> list[Table]:
    """Those of one area, in order."""
    found = [_sizes(registry, area), *(table(registry) for table in _TABLES.get(area, ()))]
    found += [_flags(registry, group) for group in registry.flags if group.area == area]
    return [table for table in found if table.rows]


def conditions(rows: Sequence[Condition]) -> list[str]:
    """Lines of a comment: errors, in their order."""
    names = max((len(macro(row.error)) for row in rows), default=0)
    ids = max((len(row.req) for row in rows), default=0)
    lines = []
    for row in rows:
        lines += paragraph(row.when, f"  {macro(row.error):{names}}  {row.req:{ids}}  ")
    return lines


def _text(registry: Registry, item: Named) -> str:
    """What it is, whether it holds already, and the feature it needs."""
    status = "draft" if registry.is_draft(item) else getattr(item, "status", "stable")
    before = "" if status == "stable" else f"{status.capitalize()}: "
    feature = getattr(item, "feature", None)
    if not feature:
        return before + item.brief
    joint = " Needs" if item.brief.endswith(".") else "; needs"
    stop = "." if item.brief.endswith(".") else ""
    return f"{before}{item.brief}{joint} {macro('FEATURE', feature)}{stop}"


def _sizes(registry: Registry, area: str) -> Table:
    values = registry.constant_values()
    rows = [
        (each.macro(), number(values[each.name], each.type), each.brief)
        for each in registry.constants
        if each.area == area
    ]
    return Table(["Constants."], defines(rows))


def _flags(registry: Registry, group: FlagGroup) -> Table:
    rows = []
    for bit in group.bits:
        rows.append((group.macro(bit.name), number(1 << bit.bit, group.type, digits=1), _text(registry, bit)))
    for each in group.fields:
        mask = number((2 << each.high) - (1 << each.low), group.type, digits=1)
        rows.append((group.macro(each.name, "SHIFT"), number(each.low), _text(registry, each)))
        rows.append((group.macro(each.name, "MASK"), mask, "The same, in place."))
    return Table([f"{group.brief} {group.type[1:]} bits."], defines(rows))


def _numbers(registry: Registry, comment: str, items: Iterable[Number], digits: int = 0) -> Table:
    """A list of named numbers."""
    rows = [(each.macro(), number(each.number, digits=digits), _text(registry, each)) for each in items]
    return Table([comment], defines(rows))


def _implementations(registry: Registry) -> Table:
    return _numbers(registry, "Implementations.", registry.implementations, 4)


def _domids(registry: Registry) -> Table:
    return _numbers(registry, "Domids with a meaning.", registry.domids, 4)


def _ports(registry: Registry) -> Table:
    return _numbers(registry, "Well-known ports.", registry.ports, 8)


def _bindings(registry: Registry) -> Table:
    return _numbers(registry, "Kinds of binding.", registry.bindings)


def _errors(registry: Registry) -> Table:
    comment = [
        "Errors. A result below zero is one of these, negated. Numbers of the ABI, never the host's errno.",
        "",
        "What every operation checks first, in order of precedence:",
        *conditions(registry.entry),
    ]
    # Signed, so that -ARGO_EINVAL is what it seems.
    rows = [(each.macro(), str(each.number), each.brief) for each in registry.errors.values()]
    return Table(comment, defines(rows))


def _operations_without_area(registry: Registry) -> Table:
    rows = [
        (each.macro(), number(each.number, digits=2), f"{each.status.capitalize()}: {each.brief}")
        for each in registry.operations.values()
        if each.area is None
    ]
    return Table(["Operations that have a number, but are not defined yet."], defines(rows))


def _features(registry: Registry) -> Table:
    rows = [
        (each.macro(), number(1 << each.bit, "u64", digits=3), _text(registry, each))
        for each in registry.features
    ]
    return Table(["Features: bits of argo_info.features."], defines(rows))


def _limits(registry: Registry) -> Table:
    rows = [(each.macro(), number(each.minimum), _text(registry, each)) for each in registry.limits]
    return Table(["The least that an implementation may tell as its limits in argo_info."], defines(rows))


def _cpuid_places(registry: Registry) -> Table:
    comment = "CPUID, x86. Where a block of leaves can be: from the first place to the last, step by step."
    places = {"FIRST": registry.cpuid.first, "STEP": registry.cpuid.step, "LAST": registry.cpuid.last}
    rows = [(macro("CPUID", name), f"UINT32_C({value:#x})", "") for name, value in places.items()]
    return Table([comment], defines(rows))


def _cpuid_signature(registry: Registry) -> Table:
    words = registry.cpuid.words().items()
    rows = [(macro("CPUID_SIGNATURE", register), number(value, digits=8), "") for register, value in words]
    return Table([f'What the first leaf of the block holds: "{registry.cpuid.signature}".'], defines(rows))


def _cpuid_leaves(registry: Registry) -> Table:
    leaves = registry.cpuid.leaves
    width = max((len(each.name) for each in leaves), default=0)
    comment = ["Leaves, counted from the block's place:"]
    for each in leaves:
        comment += paragraph(each.brief, f"  {each.name:{width}}  ")
    return Table(comment, defines([(each.macro(), number(each.leaf), "") for each in leaves]))


def _mechanisms(registry: Registry) -> Table:
    width = max((len(each.name) for each in registry.mechanisms), default=0)
    comment = ["Mechanisms, and what EBX, ECX and EDX of their entry in the list hold."]
    for each in registry.mechanisms:
        where = "" if each.arch == "any" else f"{each.arch}, "
        text = f"({where}revision {each.revision}) {_text(registry, each)}"
        comment += ["", *paragraph(text, f"  {each.name:{width}}  ")]
        names = max((len(parameter.name) for parameter in each.parameters), default=0)
        for parameter in each.parameters:
            before = f"{parameter.register.upper()}  {parameter.name:{names}}  "
            comment += paragraph(parameter.brief, f"  {'':{width}}    {before}")
    return Table(comment, defines([(each.macro(), number(each.number), "") for each in registry.mechanisms]))


_TABLES: dict[str, tuple[Callable[[Registry], Table], ...]] = {
    "discovery": (_cpuid_places, _cpuid_signature, _cpuid_leaves, _mechanisms, _implementations),
    "call": (_operations_without_area, _errors),
    "address": (_domids, _ports),
    "query": (_features, _limits),
    "vector": (_bindings,),
}

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What a registry must fulfil beyond its schema. Here: names and numbers are given once and fit their place.

Layouts of structures are in registry_layout.py, references in registry_references.py. The first fault ends
the check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import registry_layout
import registry_references
from registry_model import WIDTHS, Fault, FlagGroup, Item, Named, Registry, evaluate
from registry_source import RegistryError

_LOWER = "lower-case letters, digits and _", re.compile(r"[a-z][a-z0-9_]*")
_UPPER = "capital letters, digits and _", re.compile(r"[A-Z][A-Z0-9_]*")
_C_WORDS = frozenset(
    "alignas alignof and asm auto bool break case catch char class concept const constexpr continue default"
    " delete do double else enum explicit export extern false final float for friend goto if inline int long"
    " mutable namespace new not operator or override private protected public register requires restrict"
    " return short signed sizeof static struct switch template this throw true try typedef typename union"
    " unsigned using virtual void volatile while xor".split()
)


def check(file: str, registry: Registry) -> None:
    """RegistryError if the registry contradicts itself."""
    try:
        _names(registry)
        _macros(registry)
        _numbers(registry)
        _constants(registry)
        for group in registry.flags:
            _flags(group)
        _cpuid(registry)
        registry_references.check(registry)
        for structure in registry.structures.values():
            registry_layout.check(registry, structure)
    except Fault as fault:
        raise RegistryError(file, fault.line, str(fault)) from None


# Names


def _names(its: Registry) -> None:
    for items in (its.areas, its.operations.values(), its.structures.values(), its.limits):
        _spelled(items, _LOWER)
    for items in (its.errors.values(), its.constants, its.features, its.bindings, its.mechanisms,
                  its.implementations, its.domids, its.ports, its.cpuid.leaves):  # fmt: skip
        _spelled(items, _UPPER)
    for structure in its.structures.values():
        if not structure.name.startswith("argo_"):
            raise Fault(structure, "", f"{structure.label()} must begin with 'argo_'")
        _spelled(structure.fields, _LOWER, structure)
        for field in structure.fields:
            if field.name in _C_WORDS:
                raise Fault(field, "name", f"{field.label()} of {structure.label()} is a word of C or C++")
    for operation in its.operations.values():
        _spelled(operation.arguments or (), _LOWER, operation)
    for mechanism in its.mechanisms:
        _spelled(mechanism.parameters, _LOWER, mechanism)
        _unique(mechanism.parameters, "register", mechanism)
        if mechanism.registers and len(mechanism.registers.arguments) != 4:
            label = f"registers of {mechanism.label()}"
            raise Fault(mechanism.registers, "arguments", f"{label} must name one for each of four arguments")
    _unique(its.flags, "group")
    for group in its.flags:
        if not _UPPER[1].fullmatch(group.group):
            raise Fault(group, "group", f"{group.label()} must be {_UPPER[0]}")
        _spelled((*group.bits, *group.fields), _UPPER, group)


def _spelled(items: Iterable[Named], form: tuple[str, re.Pattern[str]], of: Item | None = None) -> None:
    """Names of this form, each used once."""
    items = list(items)
    for item in items:
        if not form[1].fullmatch(item.name):
            raise Fault(item, "name", f"{_of(item, of)} must be {form[0]}")
    _unique(items, "name", of)


def _macros(registry: Registry) -> None:
    """No two entries may become the same macro."""
    seen: dict[str, Item] = {}
    for name, item in registry_references.macros(registry):
        if name in seen:
            other = f"{seen[name].label()} in line {seen[name].line()}"
            raise Fault(item, "name", f"{item.label()} would become {name}, as does {other}")
        if name in registry_references.OWN_MACROS:
            raise Fault(item, "name", f"{item.label()} would become {name}, which the headers define")
        seen[name] = item


def _of(item: Item, of: Item | None) -> str:
    return f"{item.label()} of {of.label()}" if of else item.label()


# Numbers


def _numbers(its: Registry) -> None:
    _within([its.abi], "major", 1, 0xFF)
    _within([its.abi], "minor", 0, 0xFFFF)
    _within(its.mechanisms, "revision", 1, 0xFFFF)
    _within(its.limits, "minimum", 0, 0xFFFFFFFF)
    for items, key, low, high in (
        (its.errors.values(), "number", 1, 4095),
        (its.operations.values(), "number", 0, 0xFFFF),
        (its.features, "bit", 0, 63),
        (its.bindings, "number", 0, 0xFFFFFFFF),
        (its.mechanisms, "number", 1, 0xFFFF),
        (its.implementations, "number", 1, 0xFFFFFFFF),
        (its.domids, "number", 0, 0xFFFF),
        (its.ports, "number", 0, 0xFFFFFFFF),
        (its.cpuid.leaves, "leaf", 0, 0xFF),
    ):
        _within(items, key, low, high)
        _unique(items, key)
    for operation in its.operations.values():
        if 4 < operation.number < 0x20:
            number = f"{operation.label()} has number {operation.number:#x}"
            raise Fault(operation, "number", f"{number}; 0x5 to 0x1f stay unassigned for ever")


def _within(items: Iterable[Item], key: str, low: int, high: int) -> None:
    for item in items:
        if not low <= getattr(item, key) <= high:
            raise Fault(item, key, f"'{key}' of {item.label()} must be from {low:#x} to {high:#x}")


def _unique(items: Iterable[Item], key: str, of: Item | None = None) -> None:
    seen: dict[object, Item] = {}
    for item in items:
        value = getattr(item, key)
        if value in seen:
            what, line = f"{_of(item, of)} is used already", seen[value].line(key)
            if key == "name":
                raise Fault(item, key, f"{what}, in line {line}")
            shown = f"{value} ({value:#x})" if isinstance(value, int) and value > 9 else value
            raise Fault(item, key, f"{key} {shown} of {what}, by {seen[value].label()} in line {line}")
        seen[value] = item


def _constants(registry: Registry) -> None:
    values: dict[str, int] = {}
    for each in registry.constants:
        try:
            values[each.name] = evaluate(each.value, values)
        except ValueError as error:
            raise Fault(each, "value", f"'value' of {each.label()}: {error}") from None
        if not 0 <= values[each.name] < 1 << WIDTHS[each.type]:
            wrong = f"{values[each.name]}, which is no {each.type}"
            raise Fault(each, "value", f"'value' of {each.label()} is {wrong}")


def _flags(group: FlagGroup) -> None:
    """Bits lie within the word and belong to one flag each."""
    spans: list[tuple[Named, str, int, int]] = [(each, "bit", each.bit, each.bit) for each in group.bits]
    spans += [(each, "low", each.low, each.high) for each in group.fields]
    taken: dict[int, Item] = {}
    for each, key, low, high in spans:
        if low > high:
            raise Fault(each, key, f"{_of(each, group)} has 'low' above 'high'")
        if high >= WIDTHS[group.type]:
            raise Fault(each, key, f"{_of(each, group)} has bit {high}, but the word is a {group.type}")
        for bit in range(low, high + 1):
            if bit in taken:
                other = f"{taken[bit].label()} in line {taken[bit].line()}"
                raise Fault(each, key, f"{_of(each, group)} uses bit {bit}, as does {other}")
            taken[bit] = each


def _cpuid(registry: Registry) -> None:
    its = registry.cpuid
    if len(its.signature) != 12:
        raise Fault(its, "signature", "'signature' of cpuid must have 12 characters, four for each register")
    if its.step == 0 or not its.first <= its.last <= 0xFFFFFFFF or (its.last - its.first) % its.step:
        raise Fault(its, "last", "'last' of cpuid must be reached from 'first' by 'step', within 32 bits")

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""References of a registry: whatever one entry says of another must be so.

Areas, features, errors, structures, limits, requirement IDs, and the macros that texts mention.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from registry_model import HOMES, ArgumentType, Condition, Fault, Item, Operation, Registry

# Macros of the headers that no entry stands for.
OWN_MACROS = frozenset(("ARGO_ABI_MAJOR", "ARGO_ABI_MINOR", "ARGO_OPERATION_WORD"))


def check(registry: Registry) -> None:
    """Fault at the first reference to what does not exist."""
    _areas_and_features(registry)
    _limits(registry)
    for operation in registry.operations.values():
        _complete(operation)
        _arguments(registry, operation)
    _conditions(registry)
    _mentions(registry)


def macros(its: Registry) -> Iterator[tuple[str, Item]]:
    """The name of every macro that an entry stands for."""
    named: list[Item] = [*its.errors.values(), *its.operations.values(), *its.constants, *its.limits]
    named += [*its.features, *its.bindings, *its.mechanisms, *its.implementations, *its.domids, *its.ports]
    named += its.cpuid.leaves
    for item in named:
        yield item.macro(), item
    for group in its.flags:
        for flag in group.bits:
            yield group.macro(flag.name), flag
        for flag_field in group.fields:
            yield group.macro(flag_field.name, "SHIFT"), flag_field
            yield group.macro(flag_field.name, "MASK"), flag_field


def _everything(item: Item) -> Iterator[Item]:
    """An entry and all below it."""
    yield item
    for each in dataclasses.fields(item):
        value = getattr(item, each.name)
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
        for part in parts:
            if isinstance(part, Item):
                yield from _everything(part)


def _areas_and_features(registry: Registry) -> None:
    areas = {each.name for each in registry.areas}
    for section, area in HOMES.items():
        if area not in areas:
            raise Fault(registry, "areas", f"there is no area '{area}', where the {section} belong")
    features = {each.name for each in registry.features}
    for item in _everything(registry):
        for key, known in (("area", areas), ("feature", features)):
            name = getattr(item, key, None)
            if name is not None and name not in known:
                raise Fault(item, key, f"{item.label()} names {key} '{name}', which does not exist")


def _limits(registry: Registry) -> None:
    """Limits and the fields of argo_info that tell them are the same."""
    info = registry.structures.get("argo_info")
    if info is None:
        raise Fault(registry, "structures", "there is no structure 'argo_info', which tells the limits")
    fields = {each.name: each for each in info.fields}
    known = {each.name for each in registry.limits}
    for limit in registry.limits:
        if limit.name not in fields:
            raise Fault(limit, "name", f"{limit.label()} is not a field of argo_info")
        if fields[limit.name].type != "u32":
            field = fields[limit.name]
            raise Fault(field, "type", f"{field.label()} of argo_info is a limit and must be u32")
    for each in info.fields:
        if each.name.startswith("max_") and each.name not in known:
            raise Fault(each, "name", f"field '{each.name}' of argo_info is not among the limits")


# Operations


def _complete(operation: Operation) -> None:
    if operation.status == "stable" or operation.area is not None:
        for key in ("area", "arguments", "returns", "errors"):
            if getattr(operation, key) is None:
                hint = "only a draft without an area may lack it"
                raise Fault(operation, "", f"{operation.label()} has no '{key}'; {hint}")


def _arguments(registry: Registry, operation: Operation) -> None:
    arguments = operation.arguments or ()
    if len(arguments) > 4:
        raise Fault(operation, "arguments", f"{operation.label()} has more than four arguments")
    names = {each.name for each in arguments}
    for each in arguments:
        label = f"{each.label()} of {operation.label()}"
        try:
            kind = ArgumentType.parse(each.type)
        except ValueError as error:
            raise Fault(each, "type", f"{label}: {error}") from None
        if kind.pointee not in (None, "u64", *registry.structures):
            raise Fault(each, "type", f"{label} names structure '{kind.pointee}', which does not exist")
        if kind.count not in (None, *names):
            raise Fault(each, "type", f"{label} is counted by '{kind.count}', which is no argument")


def _conditions(registry: Registry) -> None:
    seen: dict[str, Condition] = {}
    for operation, row in registry.conditions():
        area = "call" if operation == "entry" else registry.operations[operation].area or operation
        words = area.upper().split("_")  # reserve_ring has no area: RESERVE or RING
        where = "entry" if operation == "entry" else f"operation '{operation}'"
        error = registry.errors.get(row.error)
        if error is None:
            raise Fault(row, "error", f"{where} names error '{row.error}', which does not exist")
        if error.major0:
            raise Fault(row, "error", f"{where} names error '{row.error}', which belongs to major 0 alone")
        if not re.fullmatch(rf"ARGO-({'|'.join(words)})-[0-9]{{3}}", row.req):
            form = " or ".join(f"ARGO-{word}-nnn" for word in words)
            raise Fault(row, "req", f"requirement '{row.req}' of {where} must read {form}")
        if row.req in seen:
            line = seen[row.req].line("req")
            raise Fault(row, "req", f"requirement {row.req} is used already, in line {line}")
        seen[row.req] = row


# Texts


def _mentions(registry: Registry) -> None:
    """ARGO_X in a text must be a macro, and ARGO_X_* the beginning of one."""
    known = {name for name, _ in macros(registry)} | OWN_MACROS
    for item in _everything(registry):
        for each in dataclasses.fields(item):
            text = getattr(item, each.name)
            for name in re.findall(r"ARGO_[A-Z0-9_]+\*?", text if isinstance(text, str) else ""):
                pattern = re.escape(name).replace(r"\*", ".+")
                if not any(re.fullmatch(pattern, macro) for macro in known):
                    where = f"'{each.name}' of {item.label()}"
                    raise Fault(item, each.name, f"{where} mentions {name}, which does not exist")

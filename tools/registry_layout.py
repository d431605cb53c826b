# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Layouts of structures: every byte belongs to one field, and any compiler puts it there without being told.

So fields lie in order, at multiples of their own size, without overlap or gap. Alignments are those of a
machine that aligns u64 to 8; one that aligns it to 4 puts the fields at the same offsets.
"""

from __future__ import annotations

from registry_model import SCALARS, Fault, Field, Registry, Structure, Type


def alignment(registry: Registry, base: str) -> int:
    """Of a scalar or a structure, in bytes."""
    if base in SCALARS:
        return SCALARS[base]
    structure = registry.structures[base]
    needed = max(alignment(registry, Type.parse(each.type).base) for each in structure.fields)
    return max(needed, structure.align or 1)


def holds_u64(registry: Registry, base: str) -> bool:
    """Whether there is a 64-bit number in it, whose alignment differs among machines."""
    if base in SCALARS:
        return SCALARS[base] == 8
    return any(holds_u64(registry, Type.parse(each.type).base) for each in registry.structures[base].fields)


def check(registry: Registry, structure: Structure) -> None:
    """Fault if a compiler would lay the structure out otherwise than it says."""
    if not structure.fields:
        raise Fault(structure, "fields", f"{structure.label()} has no fields")
    end, before = 0, "the beginning"
    for field in structure.fields:
        label = f"{field.label()} of {structure.label()}"
        kind = _type(registry, structure, field, label)
        at = f"{label} is at offset {field.offset}"
        if field.offset < end:
            raise Fault(field, "offset", f"{at} and overlaps {before}, which ends at {end}")
        if field.offset > end:
            raise Fault(field, "offset", f"{at} and leaves a gap: {before} ends at {end}")
        if field.offset % alignment(registry, kind.base):
            raise Fault(field, "offset", f"{at}, which is no multiple of {alignment(registry, kind.base)}")
        if kind.tail and field is not structure.fields[-1]:
            raise Fault(field, "type", f"{label} has no end and must be the last")
        end += registry.size(kind)
        before = field.label()
    _whole(registry, structure, end)


def _type(registry: Registry, structure: Structure, field: Field, label: str) -> Type:
    """The field's type: a scalar, or a structure that is complete by then."""
    try:
        kind = Type.parse(field.type)
    except ValueError as error:
        raise Fault(field, "type", f"{label}: {error}") from None
    if kind.base in SCALARS:
        return kind
    names = list(registry.structures)
    if kind.base not in names:
        raise Fault(field, "type", f"{label} has type '{kind.base}', which does not exist")
    if names.index(kind.base) >= names.index(structure.name):
        raise Fault(field, "type", f"{label} has type '{kind.base}', which must stand above")
    if Type.parse(registry.structures[kind.base].fields[-1].type).tail:
        raise Fault(field, "type", f"{label} has type '{kind.base}', which has no end")
    return kind


def _whole(registry: Registry, structure: Structure, end: int) -> None:
    label, size, given = structure.label(), structure.size, structure.align
    if end != size:
        raise Fault(structure, "size", f"'size' of {label} is {size}, but its fields end at {end}")
    if given is not None and (given == 0 or given & (given - 1)):
        raise Fault(structure, "align", f"'align' of {label} must be a power of two")
    needed = alignment(registry, structure.name)
    if given is not None and given < needed:
        raise Fault(structure, "align", f"'align' of {label} is {given}, but its fields need {needed}")
    if size % needed:
        raise Fault(structure, "size", f"'size' of {label} is {size}, no multiple of its alignment {needed}")

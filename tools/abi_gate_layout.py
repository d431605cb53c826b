# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What changed in a structure's bytes, in words."""

from __future__ import annotations

from collections.abc import Iterator

from registry_model import Field, Registry, Structure, Type

# Its caller says how many bytes it knows, so that it may grow at its end.
GROWING = "argo_info"


def compare_fields(
    before: Registry, old: Structure, after: Registry, new: Structure
) -> Iterator[tuple[bool, str]]:
    """Whether a change breaks something, and a sentence. Reserved bytes may get a meaning: they were zero."""
    now = {field.name: field for field in new.fields}
    for field in old.fields:
        same = now.get(field.name)
        if same and (same.offset, same.type) == (field.offset, field.type):
            continue
        if is_reserved(field):
            continue  # the bytes that it held are looked at below
        if same is None:
            yield True, f"field '{field.name}' is gone"
        elif same.offset != field.offset:
            yield True, f"field '{field.name}' moved from offset {field.offset} to {same.offset}"
        else:
            yield True, f"field '{field.name}' changed from {field.type} to {same.type}"
    known = {field.name for field in old.fields if not is_reserved(field)}
    for field in new.fields:
        if field.name not in known and not is_reserved(field):
            yield _new_field(before, old, after, field)
    if old.size != new.size:
        grows = new.name == GROWING and new.size > old.size
        yield not grows, f"its size changed from {old.size} to {new.size}"


def _new_field(before: Registry, old: Structure, after: Registry, field: Field) -> tuple[bool, str]:
    first, last = field.offset, field.offset + _bytes(after, field)
    if old.name == GROWING and first >= old.size:
        return False, f"field '{field.name}' is new, at the end"
    inside = any(
        is_reserved(each) and each.offset <= first and last <= each.offset + _bytes(before, each)
        for each in old.fields
    )
    if inside:
        return False, f"field '{field.name}' is new, in bytes that were reserved"
    return True, f"field '{field.name}' is new, at offset {first}, where it changes the layout"


def is_reserved(field: Field) -> bool:
    return field.name.startswith("reserved")


def _bytes(registry: Registry, field: Field) -> int:
    return registry.size(Type.parse(field.type))

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the fuzz targets, and the suite's random calls, take from the registry: operations with their arguments and
errors, structures with their fields. The page itself is templates/grammar.h.j2."""

from __future__ import annotations

import re

import c_text
from registry_model import SCALARS, Field, Registry, Structure

TYPE = re.compile(r"(?P<element>\w+)(?:\[(?P<many>\w*)\])?$")
ROLES = {"port": "port", "domid": "domid", "partner": "domid", "base": "address", "iovs": "address", "flags": "flags"}
POINTER = re.compile(r"gpa<(?P<element>\w+)(?:\[(?P<count>\w+)\])?>$")


def role(field: Field) -> str:
    """What a number is for, by its name, and by how its brief begins."""
    if field.brief.startswith("out:"):
        return "answer"
    return "zero" if field.name.startswith("reserved") else ROLES.get(field.name, "number")


def fields(registry: Registry, structure: Structure) -> tuple[list[tuple[str, int, int, str]], str]:
    """Name, offset, size and role of each number in a structure, those of structures within it too, as src.port; and
    the structure that its tail repeats, if any."""
    found, tail = [], ""
    for field in structure.fields:
        element, many = TYPE.match(field.type).group("element", "many")
        if many == "":
            tail = element if element in registry.structures else ""
            continue
        inner = registry.structures.get(element)
        size = inner.size if inner else SCALARS[element]
        for i in range(int(many or 1)):
            at = field.offset + i * size
            if inner:
                for name, offset, bytes_, its in fields(registry, inner)[0]:
                    found.append((f"{field.name}.{name}", at + offset, bytes_, its))
            else:
                found.append((field.name, at, size, role(field)))
    return found, tail


def answered(registry: Registry, name: str, brief: str) -> bool:
    """Whether the hypervisor writes to what an argument points to."""
    if name not in registry.structures:
        return False
    inside, tail = fields(registry, registry.structures[name])
    if tail:
        inside = inside + fields(registry, registry.structures[tail])[0]
    return "answer" in brief or any(its == "answer" for *_, its in inside)


def grammar(registry: Registry) -> str:
    structures = [("u64", 8, [("element", 0, 8, "number")], "")]
    for structure in sorted(registry.structures.values(), key=lambda each: bool(fields(registry, each)[1])):
        structures.append((structure.name, structure.size, *fields(registry, structure)))
    operations = []
    for operation in registry.operations.values():
        names = [argument.name for argument in operation.arguments or ()]
        counts = {POINTER.match(each.type).group("count") for each in operation.arguments or () if "gpa" in each.type}
        arguments = []
        for argument in operation.arguments or ():
            pointer = POINTER.match(argument.type)
            element, count = pointer.group("element", "count") if pointer else ("", None)
            kind = "number"
            if pointer:
                kind = "structure" if element in registry.structures else "frames"
            elif argument.name in counts:
                kind = "count"
            elif argument.name == "flags":
                kind = "flags"
            written = answered(registry, element, argument.brief)
            arguments.append((argument.name, element, names.index(count) if count else -1, kind, written))
        rows = [row.error for row in (*registry.entry, *(operation.errors or ()))]
        operations.append((operation, arguments, sorted(set(rows), key=rows.index)))
    return (
        c_text.environment()
        .get_template("grammar.h.j2")
        .render(
            structures=structures,
            operations=operations,
            entry=list(dict.fromkeys(row.error for row in registry.entry)),
            errors=list(registry.errors),
        )
    )

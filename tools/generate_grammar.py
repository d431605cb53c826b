# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the fuzz targets take from the registry: operations with their arguments and errors, structures
with their fields. The page itself is templates/grammar.h.j2."""

from __future__ import annotations

import re

import c_text
from registry_model import SCALARS, Registry, Structure

TYPE = re.compile(r"(?P<element>\w+)(?:\[(?P<many>\w*)\])?$")
POINTER = re.compile(r"gpa<(?P<element>\w+)(?:\[(?P<count>\w+)\])?>$")


def fields(registry: Registry, structure: Structure) -> tuple[list[tuple[str, int, int]], str]:
    """Name, offset and size of each number in a structure, those of structures within it too, as src.port; and the
    structure that its tail repeats, if any."""
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
                for name, offset, bytes_ in fields(registry, inner)[0]:
                    found.append((f"{field.name}.{name}", at + offset, bytes_))
            else:
                found.append((field.name, at, size))
    return found, tail


def grammar(registry: Registry) -> str:
    structures = [("u64", 8, [("element", 0, 8)], "")]
    for structure in sorted(registry.structures.values(), key=lambda each: bool(fields(registry, each)[1])):
        structures.append((structure.name, structure.size, *fields(registry, structure)))
    operations = []
    for operation in registry.operations.values():
        names = [argument.name for argument in operation.arguments or ()]
        arguments = []
        for argument in operation.arguments or ():
            pointer = POINTER.match(argument.type)
            element, count = pointer.group("element", "count") if pointer else ("", None)
            arguments.append((argument.name, element, names.index(count) if count else -1))
        rows = [row.error for row in (*registry.entry, *(operation.errors or ()))]
        operations.append((operation, arguments, sorted(set(rows), key=rows.index)))
    return (
        c_text.environment()
        .get_template("grammar.h.j2")
        .render(structures=structures, operations=operations)
    )

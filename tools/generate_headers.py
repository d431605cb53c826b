# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The C headers: what each holds, and in which words. The page itself is templates/header.h.j2."""

from __future__ import annotations

from dataclasses import dataclass

import c_text
from c_text import Row, macro, number, paragraph
from generate_tables import Table, conditions, tables
from registry_model import Area, ArgumentType, Operation, Registry, Structure, Type

_TYPES = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "s64": "int64_t"}


@dataclass(frozen=True)
class StructureView:
    name: str
    comment: list[str]
    align: int | None
    rows: list[Row]


@dataclass(frozen=True)
class OperationView:
    comment: list[str]
    define: str


@dataclass(frozen=True)
class Header:
    """One area."""

    name: str
    title: list[str]
    includes: list[str]
    tables: list[Table]
    structures: list[StructureView]
    operations: list[OperationView]


def headers(registry: Registry) -> dict[str, str]:
    """File names, below include/argo, and their text."""
    templates = c_text.environment()
    umbrella, page = templates.get_template("abi.h.j2"), templates.get_template("header.h.j2")
    result = {"abi.h": umbrella.render(abi=registry.abi, areas=registry.areas)}
    for area in registry.areas:
        result[f"{area.name}.h"] = page.render(abi=registry.abi, header=_header(registry, area))
    return result


def _header(registry: Registry, area: Area) -> Header:
    version = f"{registry.abi.major}.{registry.abi.minor}"
    return Header(
        area.name,
        paragraph(f"{registry.abi.name} {version}: {area.brief}"),
        _includes(registry, area.name),
        tables(registry, area.name),
        [_structure(each) for each in registry.structures.values() if each.area == area.name],
        [_operation(each) for each in registry.operations.values() if each.area == area.name],
    )


def _includes(registry: Registry, area: str) -> list[str]:
    """The other areas whose structures this one uses, and what every call needs."""
    used: set[str | None] = set()
    needed: set[str] = set()
    for structure in registry.structures.values():
        if structure.area == area:
            used |= {Type.parse(each.type).base for each in structure.fields}
    for operation in registry.operations.values():
        if operation.area == area:
            used |= {ArgumentType.parse(each.type).pointee for each in operation.arguments or ()}
            needed.add("call")
    needed |= {structure.area for structure in registry.structures.values() if structure.name in used}
    return [each.name for each in registry.areas if each.name in needed - {area}]


def _structure(structure: Structure) -> StructureView:
    layout = f"{structure.size} bytes{f', aligned to {structure.align}' if structure.align else ''}."
    if structure.source:
        layout += f" The same bytes as in {structure.source}."
    comment = [f"{structure.brief} {layout}"]
    if len(c_text.comment(comment).splitlines()) > 1:
        comment = paragraph(structure.brief) + paragraph(layout)
    kinds = [Type.parse(each.type) for each in structure.fields]
    types = [_TYPES.get(kind.base, f"struct {kind.base}") for kind in kinds]
    column, digits = max(map(len, types)), len(str(structure.fields[-1].offset))
    rows: list[Row] = []
    for each, kind, c_type in zip(structure.fields, kinds, types):
        array = "[]" if kind.tail else f"[{kind.count}]" if kind.count else ""
        code = f"{c_type:{column}} {each.name}{array};"
        if structure.align and not rows:  # the first field's alignment is the structure's
            code = f"ARGO_ALIGNAS({structure.align}) {c_type} {each.name}{array};"
        rows.append(Row(f"    {code}", f"{each.offset:{digits}}  {each.brief}", kind.tail))
    return StructureView(structure.name, comment, structure.align, rows)


def _operation(operation: Operation) -> OperationView:
    lines = paragraph(f"{operation.name}: {operation.brief}")
    if operation.feature:
        lines.append(f"Needs {macro('FEATURE', operation.feature)}.")
    lines.append("")
    arguments = operation.arguments or ()
    names = max((len(each.name) for each in arguments), default=0)
    types = max((len(each.type) for each in arguments), default=0)
    for index, each in enumerate(arguments):
        lines += paragraph(each.brief, f"  arg[{index}]  {each.name:{names}}  {each.type:{types}}  ")
    if not arguments:
        lines.append("No arguments.")
    lines += ["", *paragraph(operation.returns or "", "Returns: "), ""]
    if operation.errors:
        lines.append("Errors, in order of precedence, after those of every operation (call.h):")
        lines += conditions(operation.errors)
    else:
        lines.append("Errors: those of every operation (call.h), and no others.")
    return OperationView(lines, f"#define {operation.macro()} {number(operation.number, digits=2)}")

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The layout tests: what the registry says of every structure and number, as assertions for a compiler.

Nothing here looks at the headers or at what writes them, so that either finds the other's mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from c_text import environment
from registry_layout import alignment, holds_u64
from registry_model import Registry, Structure, Type

Language = Literal["c", "cxx"]

_TYPES = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "s64": "int64_t"}
_BYTES = {"u16": 4, "u32": 4, "u64": 8}  # of a constant: nothing is narrower than an int


@dataclass(frozen=True)
class Field:
    name: str
    offset: int
    type: str  # of an element
    count: int | None  # elements of an array
    tail: bool


@dataclass(frozen=True)
class Layout:
    name: str
    size: int
    alignment: str
    fields: list[Field]


@dataclass(frozen=True)
class Constant:
    name: str
    value: int
    bytes: int = 4
    signed: bool = False


def layout(registry: Registry, language: Language) -> str:
    """A source file in `language` that compiles if <argo/abi.h> is what the registry says."""
    structures = [_structure(registry, each) for each in registry.structures.values()]
    template = environment().get_template("layout.j2")
    return template.render(
        abi=registry.abi, language=language, structures=structures, constants=list(_constants(registry))
    )


def _structure(registry: Registry, structure: Structure) -> Layout:
    needed = "ALIGN_OF_U64" if holds_u64(registry, structure.name) else alignment(registry, structure.name)
    fields = []
    for each in structure.fields:
        kind = Type.parse(each.type)
        element = _TYPES.get(kind.base, f"struct {kind.base}")
        fields.append(Field(each.name, each.offset, element, kind.count, kind.tail))
    return Layout(structure.name, structure.size, str(structure.align or needed), fields)


def _constants(registry: Registry) -> Iterator[Constant]:
    yield Constant("ARGO_ABI_MAJOR", registry.abi.major)
    yield Constant("ARGO_ABI_MINOR", registry.abi.minor)
    for error in registry.errors.values():
        yield Constant(error.macro(), error.number, signed=True)
    for operation in registry.operations.values():
        yield Constant(operation.macro(), operation.number)
        word = operation.number + registry.abi.major * 0x10000
        yield Constant(f"ARGO_OPERATION_WORD({operation.macro()})", word)
    values = registry.constant_values()
    for constant in registry.constants:
        yield Constant(constant.macro(), values[constant.name], _BYTES[constant.type])
    for limit in registry.limits:
        yield Constant(limit.macro(), limit.minimum)
    for feature in registry.features:
        yield Constant(feature.macro(), 2**feature.bit, 8)
    for group in registry.flags:
        for flag in group.bits:
            yield Constant(group.macro(flag.name), 2**flag.bit, _BYTES[group.type])
        for each in group.fields:
            mask = sum(2**bit for bit in range(each.low, each.high + 1))
            yield Constant(group.macro(each.name, "SHIFT"), each.low)
            yield Constant(group.macro(each.name, "MASK"), mask, _BYTES[group.type])
    numbers = (*registry.bindings, *registry.mechanisms, *registry.implementations, *registry.domids)
    for item in (*numbers, *registry.ports):
        yield Constant(item.macro(), item.number)
    yield from _cpuid(registry)


def _cpuid(registry: Registry) -> Iterator[Constant]:
    cpuid = registry.cpuid
    yield Constant("ARGO_CPUID_FIRST", cpuid.first)
    yield Constant("ARGO_CPUID_STEP", cpuid.step)
    yield Constant("ARGO_CPUID_LAST", cpuid.last)
    for register, letters in zip(
        ("EBX", "ECX", "EDX"), (cpuid.signature[:4], cpuid.signature[4:8], cpuid.signature[8:])
    ):
        value = sum(ord(letter) << 8 * place for place, letter in enumerate(letters))
        yield Constant(f"ARGO_CPUID_SIGNATURE_{register}", value)
    for leaf in cpuid.leaves:
        yield Constant(leaf.macro(), leaf.leaf)

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What a registry holds. These classes are the schema: an attribute here is a key there, and nothing else is.

An attribute without a default is a key that must be given; its type is the value's type. registry_schema.py
reads a file into these classes; what no type can say is in registry_check.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

Status = Literal["stable", "draft", "reserved"]
Architecture = Literal["any", "x86", "arm"]
Width = Literal["u16", "u32", "u64"]
Testability = Literal["auto", "pair", "host-assist", "inspection"]
TESTABILITIES = get_args(Testability)
Profile = Literal[
    "core-loopback", "core-pair", "wildcard", "policy", "lifecycle", "interrupt-vector", "interrupt-evtchn",
    "interrupt-poll", "hostile", "batch", "route", "transport", "upstream",
]  # fmt: skip
PROFILES = get_args(Profile)

# Areas of the sections whose entries name none.
HOMES = {
    "errors": "call",
    "limits": "query",
    "features": "query",
    "bindings": "vector",
    "mechanisms": "discovery",
    "cpuid": "discovery",
    "implementations": "discovery",
    "domids": "address",
    "ports": "address",
}

SCALARS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "s64": 8}  # bytes
WIDTHS = {"u16": 16, "u32": 32, "u64": 64}  # bits


@dataclass(frozen=True, kw_only=True)
class Item:
    """What every entry has: the lines of its keys, for messages. The entry's own line has the key ''."""

    KIND: ClassVar[str] = "item"
    NAMED_BY_KEY: ClassVar[bool] = False  # a map's key is its name
    NAME: ClassVar[str] = "name"  # the attribute that names it in messages
    PREFIX: ClassVar[str] = ""  # of its macro, between ARGO_ and its name
    lines: Mapping[str, int] = field(repr=False, compare=False)

    def line(self, key: str = "") -> int:
        return self.lines.get(key, self.lines[""])

    def label(self) -> str:
        """'operation 'sendv'', for messages."""
        name = getattr(self, self.NAME, None)
        return f"{self.KIND} '{name}'" if name is not None else self.KIND

    def macro(self, *parts: str) -> str:
        """Its name in C, as ARGO_OP_SENDV; with `parts`, that of something that belongs to it."""
        words = ("ARGO", self.PREFIX, getattr(self, self.NAME), *parts)
        return "_".join(word for word in words if word).upper()


class Fault(Exception):
    """What is wrong with an entry; `key` is where in it."""

    def __init__(self, item: Item, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.line = item.line(key)


@dataclass(frozen=True, kw_only=True)
class Named(Item):
    """Nearly all have these two."""

    name: str
    brief: str


@dataclass(frozen=True, kw_only=True)
class Abi(Item):
    KIND = "abi"
    NAME = ""
    name: str
    major: int
    minor: int
    license: str


@dataclass(frozen=True, kw_only=True)
class Area(Named):
    """A header and a chapter."""

    KIND = "area"


@dataclass(frozen=True, kw_only=True)
class Error(Named):
    KIND = "error"
    NAMED_BY_KEY = True
    number: int
    major0: bool = False  # given by major 0 alone


@dataclass(frozen=True, kw_only=True)
class Condition(Item):
    """A row of an operation's errors; its place in the list is its precedence.

    It is an obligation too. The book says once for all rows of an operation which profile they belong to; a
    row that differs says so itself.
    """

    KIND = "condition"
    NAME = "req"
    error: str
    when: str
    req: str
    revision: int = 1
    profile: Profile | None = None
    testability: Testability | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Argument(Named):
    KIND = "argument"
    type: str  # u64, gpa<structure>, gpa<element[argument that counts them]>


@dataclass(frozen=True, kw_only=True)
class Operation(Named):
    """Drafts and reserved numbers may leave out what is not decided yet."""

    KIND = "operation"
    PREFIX = "OP"
    NAMED_BY_KEY = True
    number: int
    since: str
    area: str | None = None
    status: Status = "stable"
    feature: str | None = None
    arguments: tuple[Argument, ...] | None = None
    returns: str | None = None
    changes: str | None = None  # what a call leaves behind, in the hypervisor and in memory
    events: str | None = None  # who is owed one, and when
    denied: str | None = None  # what the caller sees when policy says no
    errors: tuple[Condition, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Field(Named):
    KIND = "field"
    offset: int
    type: str  # u8 u16 u32 u64 s64 or a structure; T[n]; T[] at the end


@dataclass(frozen=True, kw_only=True)
class Structure(Named):
    KIND = "structure"
    NAMED_BY_KEY = True
    area: str
    size: int
    fields: tuple[Field, ...]
    align: int | None = None  # where it is more than the fields need
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Constant(Named):
    KIND = "constant"
    area: str
    value: int | str
    type: Width = "u32"


@dataclass(frozen=True, kw_only=True)
class Limit(Named):
    """A field of argo_info, and the least that every implementation offers."""

    KIND = "limit"
    PREFIX = "MIN"
    minimum: int
    feature: str | None = None


@dataclass(frozen=True, kw_only=True)
class FlagBit(Named):
    KIND = "flag"
    bit: int
    feature: str | None = None
    status: Status = "stable"


@dataclass(frozen=True, kw_only=True)
class FlagField(Named):
    """A number within a word of flags."""

    KIND = "flag field"
    low: int
    high: int
    feature: str | None = None
    status: Status = "stable"


@dataclass(frozen=True, kw_only=True)
class FlagGroup(Item):
    KIND = "flag group"
    NAME = "group"
    group: str
    area: str
    brief: str
    type: Width  # of the word that holds them
    bits: tuple[FlagBit, ...]
    fields: tuple[FlagField, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Feature(Named):
    KIND = "feature"
    PREFIX = "FEATURE"
    bit: int
    status: Status = "stable"


@dataclass(frozen=True, kw_only=True)
class Number(Named):
    """A name for a number."""

    number: int
    status: Status = "stable"


@dataclass(frozen=True, kw_only=True)
class Binding(Number):
    KIND = "binding"
    PREFIX = "BINDING"


@dataclass(frozen=True, kw_only=True)
class Implementation(Number):
    KIND = "implementation"
    PREFIX = "IMPLEMENTATION"


@dataclass(frozen=True, kw_only=True)
class Domid(Number):
    KIND = "domid"
    PREFIX = "DOMID"


@dataclass(frozen=True, kw_only=True)
class Port(Number):
    KIND = "port"
    PREFIX = "PORT"


@dataclass(frozen=True, kw_only=True)
class Parameter(Named):
    KIND = "parameter"
    register: Literal["ebx", "ecx", "edx"]


@dataclass(frozen=True, kw_only=True)
class Registers(Item):
    """Where a mechanism that needs no frame has the parts of a call."""

    KIND = "registers"
    NAME = ""
    number: str  # what tells the call from others of its kind
    operation: str
    arguments: tuple[str, ...]
    result: str


@dataclass(frozen=True, kw_only=True)
class Mechanism(Number):
    KIND = "mechanism"
    PREFIX = "MECHANISM"
    revision: int
    arch: Architecture
    parameters: tuple[Parameter, ...]
    registers: Registers | None = None


@dataclass(frozen=True, kw_only=True)
class Leaf(Named):
    KIND = "leaf"
    PREFIX = "CPUID_LEAF"
    leaf: int


@dataclass(frozen=True, kw_only=True)
class Cpuid(Item):
    KIND = "cpuid"
    NAME = ""
    signature: str
    first: int
    step: int
    last: int
    leaves: tuple[Leaf, ...]

    def words(self) -> dict[str, int]:
        """The signature as the registers show it."""
        raw = self.signature.encode("ascii")
        return {
            name: int.from_bytes(raw[4 * i : 4 * i + 4], "little")
            for i, name in enumerate(("EBX", "ECX", "EDX"))
        }


@dataclass(frozen=True, kw_only=True)
class Registry(Item):
    KIND = "registry"
    NAME = ""
    abi: Abi
    areas: tuple[Area, ...]
    errors: dict[str, Error]
    entry: tuple[Condition, ...]
    operations: dict[str, Operation]
    structures: dict[str, Structure]
    constants: tuple[Constant, ...]
    limits: tuple[Limit, ...]
    flags: tuple[FlagGroup, ...]
    features: tuple[Feature, ...]
    bindings: tuple[Binding, ...]
    mechanisms: tuple[Mechanism, ...]
    cpuid: Cpuid
    implementations: tuple[Implementation, ...]
    domids: tuple[Domid, ...]
    ports: tuple[Port, ...]

    def is_draft(self, item: Item) -> bool:
        """Whether it, or the feature it needs, is a draft."""
        feature = getattr(item, "feature", None)
        drafts = {each.name for each in self.features if each.status == "draft"}
        return getattr(item, "status", "stable") == "draft" or feature in drafts

    def conditions(self) -> list[tuple[str, Condition]]:
        """Every row of errors with its operation's name; 'entry' stands for every operation."""
        rows = [("entry", row) for row in self.entry]
        for operation in self.operations.values():
            rows += [(operation.name, row) for row in operation.errors or ()]
        return rows

    def constant_values(self) -> dict[str, int]:
        """Values of the constants, expressions evaluated."""
        values: dict[str, int] = {}
        for constant in self.constants:
            values[constant.name] = evaluate(constant.value, values)
        return values

    def size(self, kind: Type) -> int:
        """Bytes of a type; 0 of one without an end."""
        one = SCALARS[kind.base] if kind.base in SCALARS else self.structures[kind.base].size
        return 0 if kind.tail else one * (kind.count or 1)


@dataclass(frozen=True)
class Type:
    """A field's type, taken apart."""

    base: str
    count: int | None = None  # elements of an array
    tail: bool = False  # T[]

    @staticmethod
    def parse(text: str) -> Type:
        """ValueError if `text` is not a type at all; whether the base exists is not looked at."""
        match = re.fullmatch(r"([a-z][a-z0-9_]*)(\[([1-9][0-9]*)?\])?", text)
        if not match:
            raise ValueError(f"'{text}' is not a type; write T, T[n] or T[]")
        base, brackets, count = match.groups()
        return Type(base, int(count) if count else None, bool(brackets) and not count)


@dataclass(frozen=True)
class ArgumentType:
    """An argument's type, taken apart. Every argument is 64 bits wide."""

    pointee: str | None = None  # what the gpa is of; None: a plain u64
    count: str | None = None  # the argument that counts the elements

    @staticmethod
    def parse(text: str) -> ArgumentType:
        if text == "u64":
            return ArgumentType()
        match = re.fullmatch(r"gpa<([a-z][a-z0-9_]*)(?:\[([a-z][a-z0-9_]*)\])?>", text)
        if not match:
            raise ValueError(f"'{text}' is not an argument's type; write u64, gpa<T> or gpa<T[count]>")
        return ArgumentType(*match.groups())


def evaluate(value: int | str, names: Mapping[str, int]) -> int:
    """The value of an integer or an expression: names and integers with + - * and parentheses.

    ValueError says what is wrong with it.
    """
    if isinstance(value, int):
        return value
    try:
        return _evaluate(ast.parse(value, mode="eval").body, names)
    except SyntaxError:
        raise ValueError(f"'{value}' is not an expression") from None


def _evaluate(node: ast.expr, names: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            a, b = _evaluate(left, names), _evaluate(right, names)
            return a + b if isinstance(node.op, ast.Add) else a - b if isinstance(node.op, ast.Sub) else a * b
    raise ValueError(f"'{ast.unparse(node)}' is neither a number nor a constant above, nor a sum of such")

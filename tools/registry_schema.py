# SPDX-License-Identifier: Apache-2.0 OR MIT
"""From a tree of nodes to the classes of registry_model.py, refusing what they do not know.

Unknown keys, missing keys and values of the wrong type end the reading with a RegistryError.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from typing import Any

from registry_model import Item
from registry_source import Node, RegistryError

_PLAIN = {str: "text", int: "a whole number", bool: "true or false"}


def build(cls: type[Item], file: str, node: Node) -> Any:
    """An object of class `cls` from the root of a file."""
    return _Builder(file).item(cls, node, None)


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file

    def refuse(self, line: int, sentence: str) -> typing.NoReturn:
        raise RegistryError(self.file, line, sentence)

    def item(self, cls: type[Item], node: Node, key: str | None) -> Item:
        """An object; `key` is its name where the map above names it."""
        if not isinstance(node.value, dict):
            what = f"{cls.KIND} '{key}'" if key else f"{'an' if cls.KIND[0] in 'aeiou' else 'a'} {cls.KIND}"
            self.refuse(node.line, f"{what} must be a map, not {node.kind()}")
        label = self._label(cls, node, key)
        hints = typing.get_type_hints(cls)
        attributes = {each.name: each for each in dataclasses.fields(cls) if each.name != "lines"}
        given: dict[str, Any] = {}
        if cls.NAMED_BY_KEY:
            attributes.pop("name")
            given["name"] = key
        for name, value in node.value.items():
            if name not in attributes:
                self.refuse(value.line, f"unknown key '{name}' in {label}; {_hint(name, list(attributes))}")
            given[name] = self.value(hints[name], value, f"'{name}' of {label}")
        for name, attribute in attributes.items():
            if name not in given and attribute.default is dataclasses.MISSING:
                hint = "; is the file cut off?" if cls.KIND == "registry" else ""
                self.refuse(node.line, f"{label} has no '{name}'{hint}")
        lines = {name: value.line for name, value in node.value.items()}
        return cls(lines={**lines, "": node.line}, **given)

    @staticmethod
    def _label(cls: type[Item], node: Node, key: str | None) -> str:
        name = key if key is not None else getattr(node.value.get(cls.NAME), "value", None)
        return f"{cls.KIND} '{name}'" if name is not None else f"{cls.KIND}"

    def value(self, hint: Any, node: Node, label: str) -> Any:
        """A value of the annotated type."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (types.UnionType, typing.Union):
            present = [each for each in arguments if each is not types.NoneType]
            fitting = [each for each in present if type(node.value) is each]
            return self.value((fitting or present)[0], node, label)
        if origin is typing.Literal:
            if node.value not in arguments:
                self.refuse(node.line, f"{label} must be one of {', '.join(arguments)}, not {node.kind()}")
            return node.value
        if origin is tuple:
            if not isinstance(node.value, list):
                self.refuse(node.line, f"{label} must be a list, not {node.kind()}")
            return tuple(self.value(arguments[0], each, f"an entry of {label}") for each in node.value)
        if origin is dict:
            if not isinstance(node.value, dict):
                self.refuse(node.line, f"{label} must be a map, not {node.kind()}")
            return {key: self.item(arguments[1], each, key) for key, each in node.value.items()}
        if hint in _PLAIN:
            return self._plain(hint, node, label)
        return self.item(hint, node, None)

    def _plain(self, hint: Any, node: Node, label: str) -> Any:
        if type(node.value) is not hint:
            quote = "; quote it" if hint is str and isinstance(node.value, (int, float)) else ""
            self.refuse(node.line, f"{label} must be {_PLAIN[hint]}, not {node.kind()}{quote}")
        if type(node.value) is int and not 0 <= node.value < 1 << 64:
            self.refuse(node.line, f"{label} must be from 0 to 2^64 - 1, not {node.kind()}")
        if hint is str:
            self._text(node, label)
        return node.value

    def _text(self, node: Node, label: str) -> None:
        """Text must survive in a comment of C, on one line."""
        text = node.value
        if not text.strip():
            self.refuse(node.line, f"{label} is empty")
        if not (text.isascii() and text.isprintable()):
            self.refuse(node.line, f"{label} holds something other than printable ASCII on one line")
        if text != text.strip() or "*/" in text or "/*" in text:
            self.refuse(node.line, f"{label} begins or ends with a space, or holds the marks of a comment")


def _hint(name: str, known: list[str]) -> str:
    """What may have been meant by an unknown key."""
    if " " in name:
        return "a text with a comma must be quoted"
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"

# SPDX-License-Identifier: Apache-2.0 OR MIT
"""From a YAML file to a tree that remembers lines.

YAML allows more than a registry needs: duplicate keys, aliases, several documents, tags. All of that is
refused here, so that what follows sees plain maps, lists and scalars, each with its line in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class RegistryError(Exception):
    """One sentence for a person: `argo.yaml:LINE: what is wrong; what to do`."""

    def __init__(self, file: str, line: int | None, sentence: str) -> None:
        super().__init__(f"{file}:{line}: {sentence}" if line else f"{file}: {sentence}")


@dataclass(frozen=True)
class Node:
    """A value and its line. For a value in a map that is the line of its key."""

    value: Any  # str, int, float, bool, None, list[Node] or dict[str, Node]
    line: int

    def kind(self) -> str:
        """What to call it in a message."""
        if isinstance(self.value, dict):
            return "a map"
        if isinstance(self.value, list):
            return "a list"
        if self.value is None:
            return "nothing"
        if isinstance(self.value, bool):
            return "true or false"
        if isinstance(self.value, str):
            return f"the text {self.value!r}"
        return f"the number {self.value}"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """SafeLoader without aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int | yaml.Node | None) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "aliases are not used here", mark)
        return super().compose_node(parent, index)


_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}


def parse(file: str, text: str) -> Node:
    """The tree of `text`. `file` is the name that messages give it."""
    if not text.strip():
        raise RegistryError(file, None, "is empty")
    loader = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise RegistryError(file, None, "holds nothing but comments")
        return _convert(file, loader, root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise RegistryError(file, mark.line + 1 if mark else None, f"not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = f"character U+{error.character:04X}"
        raise RegistryError(file, line, f"not YAML: {character} is not allowed") from None
    except RecursionError:
        raise RegistryError(file, None, "is nested too deeply") from None
    finally:
        if loader is not None:
            loader.dispose()


def read(path: Path) -> Node:
    """The tree of a file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RegistryError(str(path), None, f"cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise RegistryError(path.name, line, f"not UTF-8: byte 0x{raw[error.start]:02x}") from None
    if text.strip() and not text.endswith("\n"):
        raise RegistryError(path.name, text.count("\n") + 1, "ends within a line; is the file cut off?")
    return parse(path.name, text)


def _convert(file: str, loader: _Loader, node: yaml.Node) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Node([_convert(file, loader, item) for item in node.value], line)
    if isinstance(node, yaml.MappingNode):
        entries: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key, key_line = key_node.value, key_node.start_mark.line + 1
            if key_node.tag != "tag:yaml.org,2002:str":
                raise RegistryError(file, key_line, "a key must be text; quote it if it reads otherwise")
            if key in entries:
                first = f"first in line {entries[key].line}"
                raise RegistryError(file, key_line, f"key '{key}' is used twice, {first}")
            entries[key] = Node(_convert(file, loader, value_node).value, key_line)
        return Node(entries, line)
    if node.tag not in _SCALARS:
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        raise RegistryError(file, line, f"a value of type {tag} is not used here")
    try:
        return Node(loader.construct_object(node), line)
    except ValueError:
        raise RegistryError(file, line, f"'{node.value}' is not a number") from None

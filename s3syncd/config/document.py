"""Reads strict YAML into nodes that know their line; the only module that imports yaml.

Strict: no duplicate keys, no tags, one document. Scalars follow YAML 1.2, so that `no` is a word,
`010` and `1:30` are strings and a date stays what was written. Values are kept out of every repr
and every message; what PyYAML says, which quotes the file, `syntax` puts into our words.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from s3syncd.config.problems import Problems, shown_key
from s3syncd.config.syntax import Complaint, Fault, Mark, fault_of

__all__ = ["MAX_FILE_BYTES", "Entry", "Mapping", "Node", "Scalar", "Sequence", "read"]

MAX_FILE_BYTES = 4 * 2**20  # some 20,000 sites; a larger file is not a configuration
MAX_NODES = 500_000  # after anchors are followed; more is a bomb, 20,000 sites have fewer
MAX_MERGES = 8  # anchors within anchors; deeper is a loop
_CORE = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT, _STR, _MERGE = (
    _CORE + name for name in ("null", "bool", "int", "float", "str", "merge")
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value: as Python understands it, and as it was spelled."""

    line: int
    value: str | int | float | bool | None = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    items: list[Node] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's value and the line of the key."""

    line: int
    node: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, in the order of the file."""

    line: int
    entries: dict[str, Entry] = field(repr=False)


Node = Scalar | Sequence | Mapping


class _Loader(yaml.SafeLoader):
    """PyYAML's composer with the scalars of the YAML 1.2 core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML fills it


# At most 18 digits: such an int fits 64 bits and every float operation.
for _tag, _pattern, _first in (
    (_NULL, r"~|null|Null|NULL|", [*"~nN", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    (_INT, r"[-+]?(0|[1-9][0-9]{0,17})|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}", [*"-+0123456789"]),
    (
        _FLOAT,
        r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}\.[0-9]{0,18})([eE][-+]?[0-9]{1,2})?",
        [*"-+.0123456789"],
    ),
    (_MERGE, r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)


def read(path: Path, problems: Problems) -> tuple[Node | None, int]:
    """Read the file at `path`.

    Returns:
        The root node, None when the file is empty or a problem was noted, and the permission bits
        the file had when it was open.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o7777
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problems.add(0, "", f"cannot be read: {reason}", "name the configuration with -c FILE")
        return None, 0
    if len(content) > MAX_FILE_BYTES:
        problems.add(0, "", "is larger than 4 MiB", "name the configuration with -c FILE")
        return None, mode
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.add(line, "", "is not UTF-8 text", "save the file as UTF-8")
        return None, mode
    return _Reading(problems).compose(text), mode


class _Reading:
    """Turns one text into nodes, noting problems as it goes. Used once."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._nodes = 0

    def compose(self, text: str) -> Node | None:
        try:
            root = yaml.compose(text, Loader=_Loader)
            return None if root is None else self._node(root, "")
        except yaml.MarkedYAMLError as error:
            fault = fault_of(text, _complaint(error))
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            fault = Fault(line, column, "contains a control character", "leave it out")
        except (RecursionError, ValueError):
            fault = Fault(0, 0, "is nested too deeply", "write lists and mappings, no deeper")
        self._problems.add(fault.line, "", fault.what, fault.write, column=fault.column)
        return None

    def _add(self, line: int, label: str, what: str, write: str) -> None:
        self._problems.add(line, label, what, write)

    def _node(self, node: yaml.Node, label: str) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise RecursionError
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
            return Mapping(line, self._entries(node, label, depth=0))
        if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
            items = [self._node(item, f"{label}[{n}]") for n, item in enumerate(node.value)]
            return Sequence(line, items)
        if isinstance(node, yaml.ScalarNode) and node.tag in {_NULL, _BOOL, _INT, _FLOAT, _STR}:
            return Scalar(line, _value_of(node), node.value)
        self._add(line, label, "has a tag", "write the plain value, quoted if it starts with !")
        return Scalar(line, None, "")

    def _entries(self, node: yaml.MappingNode, label: str, *, depth: int) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _MERGE:
                for key, entry in self._merged(value_node, line, label, depth=depth).items():
                    merged.setdefault(key, entry)
                continue
            if not isinstance(key_node, yaml.ScalarNode) or not key_node.value:
                self._add(line, label, "has a key that is no name", "write 'key: value'")
                continue
            key = str(key_node.value)
            shown = shown_key(key)
            inner = f"{label}.{shown}" if label else shown
            if key in own:
                what = f"is written twice (first on line {own[key].line})"
                self._add(line, inner, what, "keep one of the two")
                continue
            own[key] = Entry(line, self._node(value_node, inner))
        return {**merged, **own}

    def _merged(self, node: yaml.Node, line: int, label: str, *, depth: int) -> dict[str, Entry]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Entry] = {}
        for source in sources:
            if not isinstance(source, yaml.MappingNode) or depth >= MAX_MERGES:
                self._add(line, label, "merges what is no mapping", "write '<<: *anchor'")
                continue
            for key, entry in self._entries(source, label, depth=depth + 1).items():
                merged.setdefault(key, entry)
        return merged


def _value_of(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text = str(node.value)
    try:
        if node.tag == _NULL:
            return None
        if node.tag == _BOOL:
            return {"true": True, "false": False}[text.lower()]
        if node.tag == _INT:
            return int(text, 0)
        if node.tag == _FLOAT:
            return float(text)
    except (KeyError, ValueError):  # an explicit tag such as !!int before something else
        return text
    return text


def _complaint(error: yaml.MarkedYAMLError) -> Complaint:
    here, begin = (
        Mark(mark.line, mark.column) if mark else None
        for mark in (error.problem_mark, error.context_mark)
    )
    return Complaint(error.problem or "", error.context or "", here, begin)

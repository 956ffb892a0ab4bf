"""YAML as its author wrote it: every scalar stays text, every key knows its line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree] | None"
KeyPath = tuple[str | int, ...]

_NULL = "tag:yaml.org,2002:null"
_DEEPEST = 20
_MOST_KEYS = 20_000


class YamlFault(ValueError):
    """The text is not usable YAML; `line` counts from 1, 0 if unknown."""

    def __init__(self, what: str, *, line: int) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """`tree` is made of dicts, lists, text and None; `lines` maps a key's path to its line (from 1)."""

    tree: Tree
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int | None:
        """Of the key, or of the nearest thing that contains it."""
        for end in range(len(path), -1, -1):
            if found := self.lines.get(path[:end]):
                return found
        return None


def read_yaml(text: str) -> Document:
    """YamlFault if it is malformed, repeats a key, or nests without end. An empty text is an empty mapping."""
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise YamlFault(fault.problem or "cannot be read", line=mark.line + 1 if mark else 0) from None
    except YAMLError:
        raise YamlFault("holds characters that YAML does not allow", line=0) from None
    reader = _Reader()
    return Document({} if root is None else reader.convert(root, ()), reader.lines)


@dataclass(slots=True)
class _Reader:
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def convert(self, node: Node, path: KeyPath) -> Tree:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if len(path) > _DEEPEST or len(self.lines) > _MOST_KEYS:
            raise YamlFault("is too large or nests too deep", line=line)
        match node:
            case ScalarNode():
                return None if node.tag == _NULL else str(node.value)
            case SequenceNode():
                return [self.convert(item, (*path, number)) for number, item in enumerate(node.value)]
            case MappingNode():
                return self._mapping(node, path)
        raise YamlFault("holds something that is neither a value, a list nor a mapping", line=line)

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Tree]:
        result: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in result:
                raise YamlFault(f"has the key {key!r} twice", line=line)
            self.lines[(*path, key)] = line
            result[key] = self.convert(value_node, (*path, key))
        return result

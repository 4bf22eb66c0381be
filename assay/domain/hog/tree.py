"""Typed access to the parser's syntax tree, which is JSON from elsewhere."""

from __future__ import annotations

from typing import Any, Final

from assay.domain.hog.errors import HogCompileError, Position

_PLACES: Final = range(1, 1_000_000)
"""Lines and columns that a source can have; others no parser has made."""


class Tree:
    """A node.

    Every access checks what it finds: a tree of another shape than the parser's own is no program, and
    not a failure of the compiler.

    Attributes:
        kind: the node's name, such as `IfStatement`.
        position: where it starts; None for nodes that the parser made up.
    """

    __slots__ = ("_fields", "kind", "position")

    def __init__(self, fields: Any) -> None:
        if not isinstance(fields, dict) or not isinstance(fields.get("node"), str):
            raise HogCompileError("The syntax tree holds something that is not a node.")
        self._fields = fields
        self.kind: str = fields["node"]
        self.position = _position(fields.get("start"))

    def fails(self, message: str, hint: str = "") -> HogCompileError:
        """The error that something is wrong with this node."""
        return HogCompileError(message, self.position, hint)

    def raw(self, name: str) -> Any:
        """A field as it is; None if it is missing."""
        return self._fields.get(name)

    def text(self, name: str) -> str:
        """A field that is a text."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            raise self._malformed(name)
        return value

    def texts(self, name: str) -> list[str]:
        """A field that is a list of texts."""
        values = self._fields.get(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self._malformed(name)
        return values

    def chain(self) -> list[str]:
        """The names of a `Field`, at least one: `a.b.c`."""
        names = self.texts("chain")
        if not names:
            raise self._malformed("chain")
        return names

    def child(self, name: str) -> Tree:
        """A field that is a node."""
        found = self.optional(name)
        if found is None:
            raise self._malformed(name)
        return found

    def optional(self, name: str) -> Tree | None:
        """A field that is a node or null."""
        value = self._fields.get(name)
        return None if value is None else Tree(value)

    def children(self, name: str) -> list[Tree]:
        """A field that is a list of nodes; a missing one is empty."""
        values = self._fields.get(name)
        if values is None:
            return []
        if not isinstance(values, list):
            raise self._malformed(name)
        return [Tree(value) for value in values]

    def rows(self, name: str, width: int) -> list[list[Any]]:
        """A field that is a list of lists of that many things."""
        values = self._fields.get(name)
        if not isinstance(values, list):
            raise self._malformed(name)
        for value in values:
            if not isinstance(value, list) or len(value) != width:
                raise self._malformed(name)
        return values

    def _malformed(self, name: str) -> HogCompileError:
        return self.fails(f"The node {self.kind} has no usable {name}.")


def _position(start: Any) -> Position | None:
    if not isinstance(start, dict):
        return None
    line, column = start.get("line"), start.get("column")
    if type(line) is int and type(column) is int and line in _PLACES and column + 1 in _PLACES:
        return Position(line, column)
    return None

"""What compiles and is probably not meant."""

from __future__ import annotations

from typing import Final

from assay.domain.hog.compiling.calls import PUBLIC_FUNCTIONS
from assay.domain.hog.hints import hint_for_name
from assay.domain.hog.tree import Tree

EVALUATION_GLOBALS: Final = frozenset(
    {"input", "output", "properties", "event", "target", "evaluation_events"}
)
"""What evaluations can read."""

_MOST: Final = 50
"""Warnings of one program."""


class Warnings:
    """Collects warnings.

    Attributes:
        lines: one each, with line and column.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, tree: Tree, text: str) -> None:
        """Warn about a place."""
        if tree.position is not None and len(self.lines) < _MOST:
            self.lines.append(f"line {tree.position.line}, column {tree.position.column + 1}: {text}")

    def name(self, tree: Tree, name: str, hint: str = "") -> None:
        """Warn about a name that no variable has, unless evaluations have such a global.

        Args:
            hint: what to do about it; others are looked for if it is empty.
        """
        if name in EVALUATION_GLOBALS or name in PUBLIC_FUNCTIONS:
            return
        hint = hint or hint_for_name(name)
        self.add(tree, f"there is no {name[:100]}: the program fails here" + (f"; {hint}" if hint else ""))

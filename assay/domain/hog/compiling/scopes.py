"""Which variable a name means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class FunctionScope:
    """A function that is being compiled.

    Attributes:
        outer: the function around it; None for the program itself.
        blocks: innermost last; slots by name.
        captured: slots of outer functions that it, or a function inside it, uses; in order of first use.
        nesting: loops and `try` that are open.
    """

    outer: FunctionScope | None = None
    blocks: list[dict[str, int]] = field(default_factory=lambda: [{}])
    captured: dict[int, None] = field(default_factory=dict)
    nesting: int = 0

    def find(self, name: str) -> int | None:
        """The slot of a name in this function."""
        for block in reversed(self.blocks):
            if name in block:
                return block[name]
        return None


class Declared(NamedTuple):
    """A variable that has been declared.

    Attributes:
        is_new: whether the innermost block had none of that name.
    """

    slot: int
    is_new: bool


class Scopes:
    """Blocks and functions that are open at one place of a program.

    A slot is a number that one declaration has to itself, so a name that shadows another is no matter later.
    """

    def __init__(self) -> None:
        self._slots = 0
        self._later: list[set[str]] = []
        self.function = FunctionScope()

    def declare(self, name: str) -> Declared:
        """Declare a variable in the innermost block."""
        block = self.function.blocks[-1]
        is_new = name not in block
        block[name] = self.unnamed()
        return Declared(block[name], is_new)

    def unnamed(self) -> int:
        """A slot that no name leads to."""
        self._slots += 1
        return self._slots

    def find(self, name: str) -> int | None:
        """The slot that a name means here, captured on the way out if it is an outer function's."""
        between: list[FunctionScope] = []
        function: FunctionScope | None = self.function
        while function is not None:
            slot = function.find(name)
            if slot is not None:
                for crossed in between:
                    crossed.captured.setdefault(slot)
                return slot
            between.append(function)
            function = function.outer
        return None

    @contextmanager
    def block(self) -> Iterator[None]:
        """Open a block."""
        self.function.blocks.append({})
        try:
            yield
        finally:
            self.function.blocks.pop()

    @contextmanager
    def announced(self, names: set[str]) -> Iterator[None]:
        """Inside the statements of a block; `names` are those that they are still going to declare."""
        self._later.append(names)
        try:
            yield
        finally:
            self._later.pop()

    def later_hint(self, name: str) -> str:
        """What to do about a name that no variable has yet; empty if none around this place gets it."""
        if any(name in names for names in self._later):
            return f"{name} is declared further down: move it before this line"
        return ""

    @contextmanager
    def function_body(self) -> Iterator[FunctionScope]:
        """Open a function."""
        self.function = FunctionScope(outer=self.function)
        inner = self.function
        try:
            yield inner
        finally:
            assert inner.outer is not None  # noqa: S101 - set two lines above
            self.function = inner.outer

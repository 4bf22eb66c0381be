"""Calls: of functions that are known, with as many arguments as they take."""

from __future__ import annotations

from typing import Final

from assay.domain.hog.hints import RESERVED_HINTS, hint_for_function
from assay.domain.hog.library import FUNCTIONS, arity_problem, excess_problem
from assay.domain.hog.program import Node
from assay.domain.hog.tree import Tree

MAX_ARGUMENTS: Final = 300
"""Of one call."""

PUBLIC_FUNCTIONS: Final = frozenset(name for name, function in FUNCTIONS.items() if not function.internal)
"""What source texts may call."""


def check_library_call(tree: Tree, name: str, count: int, hint: str = "") -> None:
    """Check a call of a name that no variable has.

    Args:
        hint: what to do if there is no such function; others are looked for if it is empty.

    Raises:
        HogCompileError: there is no such function, or it takes fewer or more arguments.
    """
    if name not in PUBLIC_FUNCTIONS:
        raise tree.fails(f"There is no function {name}.", hint or hint_for_function(name, PUBLIC_FUNCTIONS))
    if name == "multiIf" and count % 2 == 0:
        raise tree.fails("multiIf takes pairs of a condition and a value, and a value at the end.")
    problem = arity_problem(FUNCTIONS[name], count)
    if problem:
        raise tree.fails(problem, RESERVED_HINTS.get(name, "") if count == 1 else "")


class OwnCalls:
    """Collects a program's calls of its own functions, which may have too many arguments.

    Missing arguments are null. A variable that is assigned to anywhere may hold another function when it is
    called: that is a matter of the run, so calls are checked when the whole program is known.
    """

    def __init__(self) -> None:
        self._most: dict[int, int] = {}
        self._assigned: set[int] = set()
        self._calls: list[tuple[Tree, str, int, int]] = []

    def declare(self, slot: int, function: Node) -> None:
        """A variable is declared with a function (of the compiled form)."""
        parameters = function[4]
        self._most[slot] = len(parameters)

    def assign(self, slot: int) -> None:
        """A variable is assigned to."""
        self._assigned.add(slot)

    def call(self, tree: Tree, name: str, slot: int, count: int) -> None:
        """A variable is called with so many arguments."""
        self._calls.append((tree, name, slot, count))

    def check(self) -> None:
        """Check all calls.

        Raises:
            HogCompileError: one has too many arguments, whatever happens before it.
        """
        for tree, name, slot, count in self._calls:
            most = None if slot in self._assigned else self._most.get(slot)
            problem = "" if most is None else excess_problem(name, most, count)
            if problem:
                raise tree.fails(problem)

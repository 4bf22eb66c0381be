"""Calls of library functions: known, and with as many arguments as they take."""

from __future__ import annotations

from typing import Final

from assay.domain.hog.compiling.hints import RESERVED_HINTS, hint_for_function
from assay.domain.hog.library import FUNCTIONS, arity_problem
from assay.domain.hog.tree import Tree

MAX_ARGUMENTS: Final = 300
"""Of one call."""

PUBLIC_FUNCTIONS: Final = frozenset(name for name, function in FUNCTIONS.items() if not function.internal)
"""What source texts may call."""


def check_library_call(tree: Tree, name: str, count: int) -> None:
    """Check a call of a name that no variable has.

    Raises:
        HogCompileError: there is no such function, or it takes fewer or more arguments.
    """
    if name not in PUBLIC_FUNCTIONS:
        raise tree.fails(f"There is no function {name}.", hint_for_function(name, PUBLIC_FUNCTIONS))
    if name == "multiIf" and count % 2 == 0:
        raise tree.fails("multiIf takes pairs of a condition and a value, and a value at the end.")
    problem = arity_problem(FUNCTIONS[name], count)
    if problem:
        raise tree.fails(problem, RESERVED_HINTS.get(name, "") if count == 1 else "")

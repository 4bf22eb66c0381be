"""How library functions are declared.

    @function("upper", 1)
    def upper(machine: Machine, text: Value) -> Value: ...

A function gets the machine that runs the program and evaluated arguments, charges `machine.budget` *before*
it allocates or loops, never changes its arguments, and raises nothing but `HogRuntimeError`,
`HogInputError` and `LimitExceeded`. It may call functions of the program through `machine.call`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from assay.domain.counts import counted
from assay.domain.hog.budget import Budget
from assay.domain.hog.values import Value

Implementation = Callable[..., Value]


class Machine(Protocol):
    """What library functions see of the machine that runs a program.

    Attributes:
        random: source of random numbers and UUIDs.
    """

    budget: Budget
    random: Random

    def now(self) -> datetime:
        """The moment that the program takes for now; aware, in UTC, the same for the whole run."""

    def call(self, function: Value, arguments: tuple[Value, ...]) -> Value:
        """Call a function value.

        Raises:
            HogRuntimeError: it is no function, or takes fewer arguments.
            LimitExceeded: calls nest too deeply.
        """

    def print_line(self, line: str) -> None:
        """Add a line to what the program has printed; more than there is room for is not kept."""


class LibraryFunction(NamedTuple):
    """A function of the standard library.

    Attributes:
        least, most: how many arguments it takes; None for any number.
        scalar: its result never holds (parts of) its arguments, so it may look at shared values.
        internal: compiled filters call it; source texts cannot.
    """

    name: str
    least: int
    most: int | None
    implementation: Implementation
    scalar: bool = False
    internal: bool = False


FUNCTIONS: Final[dict[str, LibraryFunction]] = {}
"""Everything declared, by name."""


def function(
    name: str, least: int, most: int | None = -1, *, scalar: bool = False, internal: bool = False
) -> Callable[[Implementation], Implementation]:
    """Declare a library function.

    Args:
        name: as programs write it.
        least: fewest arguments.
        most: most arguments; the same as `least` if it is not given, None for any number.
        scalar: the result is a scalar, made without calling functions of the program.
        internal: source texts cannot call it.
    """

    def declare(implementation: Implementation) -> Implementation:
        limit: Any = least if most == -1 else most
        if name in FUNCTIONS:
            raise ValueError(f"There are two functions {name}.")
        FUNCTIONS[name] = LibraryFunction(name, least, limit, implementation, scalar, internal)
        return implementation

    return declare


def arity_problem(called: LibraryFunction, count: int) -> str:
    """Why a function does not take so many arguments; empty if it does."""
    if count < called.least:
        return f"{called.name} takes at least {counted(called.least, 'argument')}, not {count}."
    return "" if called.most is None else excess_problem(called.name, called.most, count)


def excess_problem(name: str, most: int, count: int) -> str:
    """Why so many arguments are too many for a function; empty if they are not."""
    return f"{name} takes at most {counted(most, 'argument')}, not {count}." if count > most else ""

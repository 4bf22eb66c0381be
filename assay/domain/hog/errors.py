"""What can be wrong with a Hog program, before and while it runs.

HogCompileError          the source is not a program; never raised while running
HogException             a program can catch it
├── HogThrown            `throw` raised an error value
└── HogRuntimeError      an operation failed: the program is at fault
    └── HogInputError    a value had a shape that the operation cannot work on
LimitExceeded            a limit stopped the program; a program cannot catch it
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.domain.hog.values import HogError


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a source text.

    Attributes:
        line: from 1.
        column: from 0, in code points.
    """

    line: int
    column: int


class HogCompileError(Exception):
    """The source cannot be compiled.

    Attributes:
        message: what is wrong, in one sentence.
        position: where; None if it is wrong as a whole.
        hint: what to write instead; empty if there is nothing to suggest.
    """

    def __init__(self, message: str, position: Position | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


class HogException(Exception):
    """Whatever ends a program unless it is caught by it.

    Attributes:
        message: one sentence.
        position: where the program was, once it has ended.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.position: Position | None = None


class HogThrown(HogException):
    """A program threw an error value."""

    def __init__(self, error: HogError) -> None:
        super().__init__(error.message)
        self.error = error


class HogRuntimeError(HogException):
    """An operation failed, and the program is to blame: an unknown name, a wrong count of arguments."""


class HogInputError(HogRuntimeError):
    """A value was not what an operation needs: `1 + 'a'`, a text that is no JSON, a division by zero."""


class Limit(StrEnum):
    """What a program ran out of."""

    STEPS = "steps"
    TIME = "time"
    MEMORY = "memory"
    INTEGER = "integer"
    CALL_DEPTH = "call_depth"
    NESTING = "nesting"


class LimitExceeded(BaseException):
    """A limit stopped the program.

    Not an `Exception`, so that no handler meant for failures of values takes it by accident.
    """

    def __init__(self, limit: Limit, message: str) -> None:
        super().__init__(message)
        self.limit = limit
        self.message = message
        self.position: Position | None = None

"""What evaluating one target with a Hog program came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

LIMIT_EXCEEDED: Final = "Limit exceeded: "
"""How errors begin that say which limit stopped a program."""


class Fault(StrEnum):
    """Why there is no verdict."""

    HOG_ERROR = "hog_error"
    """The program is at fault, or a limit stopped it: it would fail for other targets, too."""
    HOG_INPUT_ERROR = "hog_input_error"
    """This target's values had a shape that the program did not expect."""


@dataclass(frozen=True, slots=True)
class HogOutcome:
    """The outcome for one target.

    Attributes:
        verdict: the answer; None if it is not applicable, or there is a fault.
        reasoning: what the program printed, lines joined by newlines; also what it printed before a fault.
        fault: set when there is neither a verdict nor "not applicable".
        error: what went wrong, in words for the author of the program; None without a fault.
    """

    verdict: bool | None = None
    reasoning: str = ""
    fault: Fault | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class HogTarget:
    """An event as Hog programs see it, before the globals are made.

    Attributes:
        timestamp: ISO 8601, in UTC.
        properties: any JSON object; the properties as text (JSON) are welcome, too.
    """

    uuid: str
    event: str
    distinct_id: str
    timestamp: str
    properties: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """The compiled form of a program.

    Attributes:
        bytecode: JSON; the first two items name the form and its version.
        warnings: what compiles and is probably not meant; one line each, with line and column.
    """

    bytecode: list[Any]
    warnings: tuple[str, ...] = ()

"""Run a program as an evaluation: what it returns becomes the verdict, what it prints the reasoning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from assay.domain.hog.budget import Budget
from assay.domain.hog.errors import HogException, HogInputError, HogThrown, LimitExceeded, Position
from assay.domain.hog.globals import evaluation_globals
from assay.domain.hog.limits import LARGE_EVENT, MIB, Limits
from assay.domain.hog.outcomes import LIMIT_EXCEEDED, Fault, HogOutcome, HogTarget
from assay.domain.hog.printing import printed
from assay.domain.hog.values import Value, type_name
from assay.domain.json_values import well_formed

if TYPE_CHECKING:
    from assay.domain.hog.machine import Executable, HogMachine

_MAX_ERROR: Final = 2_000
"""Characters of an error text."""

_MAX_SHOWN: Final = 100
"""Characters of a value that an error text shows."""

_SHOWING: Final = Limits(steps=100_000, seconds=0.5, memory=4 * MIB)
"""What it may cost to print a value for an error text."""


def evaluate(
    machine: HogMachine, executable: Executable, target: HogTarget, *, allows_na: bool, limits: Limits
) -> HogOutcome:
    """Evaluate one target with a program.

    Args:
        machine: the one that loaded the program.
        allows_na: whether the program may answer null.

    Returns:
        The outcome; whatever the program or the target does, it is one.

    Raises:
        HogUnavailable: the time ran out because the process was kept from running.
    """
    try:
        values = evaluation_globals(target, executable.names)
    except HogInputError as error:
        return HogOutcome(fault=Fault.HOG_INPUT_ERROR, error=_sentence(f"Runtime error: {error.message}"))
    except (MemoryError, RecursionError):
        return HogOutcome(
            fault=Fault.HOG_INPUT_ERROR, error="Runtime error: the event is too large or too deeply nested."
        )
    try:
        value = executable.run(values, limits)
    except HogException as error:
        fault = Fault.HOG_INPUT_ERROR if isinstance(error, HogInputError) else Fault.HOG_ERROR
        return _fault(machine, fault, f"Runtime error: {_place(error.position)}{_what(error)}")
    except LimitExceeded as error:
        fault = Fault.HOG_INPUT_ERROR if _is_large(target) else Fault.HOG_ERROR
        return _fault(machine, fault, f"{LIMIT_EXCEEDED}{_place(error.position)}{error.message}")
    if isinstance(value, bool) or (allows_na and value is None):
        return HogOutcome(verdict=value, reasoning=_reasoning(machine))
    return _fault(machine, Fault.HOG_ERROR, _wrong_result(value, allows_na=allows_na))


def _is_large(target: HogTarget) -> bool:
    """Whether an event is so large that reaching a limit is no sign of a bad program.

    Whoever talks to the observed feature writes the event: they must not be able to stop an evaluation.
    """
    properties = target.properties
    text = properties if isinstance(properties, str) else json.dumps(properties, default=str)
    return len(text) > LARGE_EVENT


def _fault(machine: HogMachine, fault: Fault, error: str) -> HogOutcome:
    return HogOutcome(reasoning=_reasoning(machine), fault=fault, error=_sentence(error))


def _reasoning(machine: HogMachine) -> str:
    """What was printed; a program can make texts that no JSON could carry, so those are mended."""
    return well_formed("\n".join(machine.output))


def _place(position: Position | None) -> str:
    return "" if position is None else f"line {position.line}, column {position.column + 1}: "


def _what(error: HogException) -> str:
    if not isinstance(error, HogThrown):
        return error.message
    shown = _shown(error.error)
    return f"{shown or error.error.type} was thrown and not caught"


def _wrong_result(value: Value, *, allows_na: bool) -> str:
    wanted = "true, false or null" if allows_na else "true or false"
    shown = None if value is None else _shown(value)
    found = f"{type_name(value)}{f': {shown}' if shown else ''}"
    return f"The program must return {wanted}, but it returned a value of the type {found}"


def _shown(value: Value) -> str:
    """The beginning of a value's printed form; empty if printing it would take too long."""
    budget = Budget()
    budget.start(_SHOWING)
    try:
        return _cut(printed(budget, value), _MAX_SHOWN)
    except LimitExceeded:
        return ""


def _sentence(text: str) -> str:
    return _cut(well_formed(f"{text.removesuffix('.')}."), _MAX_ERROR)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"

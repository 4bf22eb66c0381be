"""Whether the value of a score fits the config that it was given for."""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from typing import Any, NamedTuple

from assay.contracts.score_definitions import ScoreKind, SelectionMode
from assay.contracts.trace_reviews import ScoreValue
from assay.domain.scores.config import option_key

MAX_DIGITS = 12
DECIMAL_PLACES = 6

_FIELDS = {
    ScoreKind.CATEGORICAL: "categorical_values",
    ScoreKind.NUMERIC: "numeric_value",
    ScoreKind.BOOLEAN: "boolean_value",
}
# A float has digits between 1e308 and 1e-324, a quotient of two floats between 1e632 and 1: with this many
# digits no operation below rounds. Should one do so all the same, it raises.
_EXACT = Context(prec=1400, traps=[Inexact, InvalidOperation, DivisionByZero])


class Misfit(NamedTuple):
    """Why a value does not fit.

    Attributes:
        field: the field at fault.
        detail: what is wrong with it.
    """

    field: str
    detail: str


def value_misfit(kind: ScoreKind, config: dict[str, Any], value: ScoreValue) -> Misfit | None:
    """Why `value` does not fit a definition of this kind and config; None if it does.

    Args:
        kind: decides which field must hold the value.
        config: in its stored form.
        value: exactly one field is not None.
    """
    field = _FIELDS[kind]
    detail = None
    match kind, getattr(value, field):
        case _, None:
            detail = f"A {kind} score takes its value here."
        case ScoreKind.CATEGORICAL, keys:
            detail = _selection_problem(config, keys)
        case ScoreKind.NUMERIC, number:
            detail = _number_problem(config, number)
    return None if detail is None else Misfit(field, detail)


def normalized_selection(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Chosen option keys in the form in which they are stored and compared."""
    return tuple(map(option_key, keys))


def is_step(value: Decimal, start: float | None, step: float) -> bool:
    """Whether `value` is a whole number of steps away from `start` (None: zero), in exact decimals.

    A float stands for the shortest decimal that reads as it: 0.1 is a tenth.
    """
    distance = _EXACT.subtract(value, _decimal(start or 0.0))
    return _EXACT.remainder(distance, _decimal(step)) == 0


def _selection_problem(config: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    if len(set(keys)) < len(keys):
        return "An option can be chosen once."
    if not {option["key"] for option in config["options"]}.issuperset(keys):
        return "Not all of these are options of this version."
    if config.get("selection_mode") != SelectionMode.MULTIPLE:
        return None if len(keys) == 1 else "Exactly one option must be chosen."
    fewest, most = config.get("min_selections") or 1, config.get("max_selections")
    if len(keys) < fewest:
        return f"At least {fewest} of the options must be chosen."
    if most is not None and len(keys) > most:
        return f"At most {most} of the options may be chosen."
    return None


def _number_problem(config: dict[str, Any], number: Decimal) -> str | None:
    least, greatest, step = (config.get(key) for key in ("min", "max", "step"))
    if least is not None and number < _decimal(least):
        return f"Must not be less than {least}."
    if greatest is not None and number > _decimal(greatest):
        return f"Must not be greater than {greatest}."
    if step is not None and not is_step(number, least, step):
        return f"Must be a whole number of steps of {step} from {least or 0}."
    return None


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))

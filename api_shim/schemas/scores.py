"""Rules for the scores in the body of a review."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, override

from pydantic import ValidationError, WithJsonSchema

from api_shim.problems import problems_of
from assay.contracts.wire import Items, Rule, refusal
from assay.domain.scores.checks import score_problem
from assay.domain.scores.values import DECIMAL_PLACES, MAX_DIGITS

_TEXT_LIMIT = 1000
_WHOLE_DIGITS = MAX_DIGITS - DECIMAL_PLACES


class ScoreItems(Items):
    """A list of scores. What is wrong with a score is told as an error of the list, first score first."""

    @override
    def validate(self, value: Any, source: Any, inner: Callable[[Any], Any]) -> Any:
        try:
            return Items.validate(self, value, source, inner)
        except ValidationError as error:
            position, *path = problems_of(error)[0].path
            field = path[0] if path and path[0] != "non_field_errors" else ""
            problem = score_problem(int(position), field, problems_of(error)[0].detail)
            raise refusal("invalid_input", "{problem}", problem=problem) from None


class _DecimalRule(Rule):
    """A finite decimal, as a number or as text, that a score can hold exactly."""

    @override
    def read(self, value: Any, source: Any) -> Decimal:
        number = _decimal(value)
        if number is None:
            raise refusal("invalid_input", "A valid number is required.")
        digits, exponent = number.as_tuple().digits, int(number.as_tuple().exponent)
        places = max(-exponent, 0)
        whole = max(len(digits) + exponent, 0)
        if whole + places > MAX_DIGITS:
            raise refusal(
                "max_digits", "Ensure that there are no more than {limit} digits in total.", limit=MAX_DIGITS
            )
        if places > DECIMAL_PLACES:
            raise refusal(
                "max_decimal_places",
                "Ensure that there are no more than {limit} decimal places.",
                limit=DECIMAL_PLACES,
            )
        if whole > _WHOLE_DIGITS:
            raise refusal(
                "max_whole_digits",
                "Ensure that there are no more than {limit} digits before the decimal point.",
                limit=_WHOLE_DIGITS,
            )
        return number


ScoreDecimal = Annotated[
    Decimal, _DecimalRule(), WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]})
]
"""A decimal with at most twelve digits, six of them after the point."""


def _decimal(value: Any) -> Decimal | None:
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(text) > _TEXT_LIMIT:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None

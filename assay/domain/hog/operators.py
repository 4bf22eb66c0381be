"""The operators of the language.

Comparisons take a number for a text that spells it, arithmetic does not; `docs/hog.md` has the tables.
Each function looks first for the operands that programs mostly have.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from assay.domain.hog.budget import Budget
from assay.domain.hog.dates import instant, parse_instant
from assay.domain.hog.errors import HogInputError, Limit, LimitExceeded
from assay.domain.hog.keys import is_key
from assay.domain.hog.limits import MAX_INTEGER_BITS, MAX_NESTING
from assay.domain.hog.values import HogError, Value, number_in, truth, type_name

_BOUND: Final = 1 << MAX_INTEGER_BITS
_NUMBERS: Final = frozenset({int, float, bool})
_LISTS: Final = (list, tuple)
_SCALARS: Final = frozenset({str, int, bool, type(None)})
_STEPS_PER_STRUCTURE: Final = 8
"""For entering two containers, so that a few values in ever more lists end by steps and not by the clock."""

_SHORT: Final = 64
"""Code points of a text that is compared without a charge."""


def add(budget: Budget, a: Value, b: Value) -> Value:
    """`a + b`: a sum, or two texts, lists or tuples joined."""
    kind = type(a)
    if kind in _NUMBERS and type(b) in _NUMBERS:
        return _bounded(a + b)
    if kind is type(b) and kind is str:
        budget.text_from(len(a) + len(b), a, b)
        return a + b
    if kind is type(b) and kind in _LISTS:
        budget.items(len(a) + len(b))
        return a + b
    if isinstance(b, date):
        a, b = b, a
    return _moved(a, b, 1, _cannot("add", a, b, "concat and || join texts" if str in (kind, type(b)) else ""))


def subtract(budget: Budget, a: Value, b: Value) -> Value:
    """`a - b`."""
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        return _bounded(a - b)
    return _moved(a, b, -1, _cannot("subtract", a, b))


def _moved(value: Value, interval: Value, sign: int, otherwise: HogInputError) -> Value:
    """A date and an interval; raises `otherwise` if they are not."""
    from assay.domain.hog.library.time.intervals import plus_interval  # the library imports this module

    result = plus_interval(value, interval, sign) if isinstance(value, date) else None
    if result is None:
        raise otherwise
    return result


def multiply(budget: Budget, a: Value, b: Value) -> Value:
    """`a * b`: a product, or a text or list so many times."""
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        if type(a) is not float and type(b) is not float:
            budget.integer(a.bit_length() + b.bit_length() - 1)
        return _bounded(a * b)
    if type(a) is int:
        a, b = b, a
    if type(b) is int:
        times = max(0, b)
        if type(a) is str:
            budget.text_from(len(a) * times, a)
            return a * times if a else a  # Python refuses a count beyond a machine word, even of nothing
        if type(a) in _LISTS:
            budget.items(len(a) * times)
            return a * times if a else a
    raise _cannot("multiply", a, b)


def divide(budget: Budget, a: Value, b: Value) -> Value:
    """`a / b`: always a float."""
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        if b == 0:
            raise HogInputError("division by zero")
        return a / b
    raise _cannot("divide", a, b)


def modulo(budget: Budget, a: Value, b: Value) -> Value:
    """`a % b`: what is left of a quotient that was rounded towards zero, so it has the sign of `a`."""
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        if b == 0:
            raise HogInputError("division by zero")
        if type(a) is float or type(b) is float:
            return math.nan if math.isinf(a) else math.fmod(a, b)
        left = abs(a) % abs(b)
        return -left if a < 0 else left
    raise _cannot("divide", a, b)


def _bounded(number: Any) -> Any:
    """A result of arithmetic, if it is not too large an integer; a sum of two that fit cannot do harm."""
    if -_BOUND < number < _BOUND or type(number) is float:
        return number
    raise LimitExceeded(Limit.INTEGER, f"an integer would have more than {MAX_INTEGER_BITS} bits")


def _cannot(verb: str, a: Value, b: Value, hint: str = "") -> HogInputError:
    problem = f"cannot {verb} {type_name(a)} and {type_name(b)}"
    return HogInputError(f"{problem}: {hint}" if hint else problem)


def equal(budget: Budget, a: Value, b: Value) -> bool:
    """`a == b`, with the coercions of comparisons."""
    if type(a) is type(b) or a is None or b is None:
        return same(budget, a, b)
    pair = _coerced(a, b)
    return same(budget, a, b) if pair is None else bool(pair[0] == pair[1])


def not_equal(budget: Budget, a: Value, b: Value) -> bool:
    """`a != b`."""
    return not equal(budget, a, b)


def same(budget: Budget, a: Value, b: Value, depth: int = 0) -> bool:
    """Whether two values are equal as they are: structurally, all numbers alike, no text for a number."""
    kind = type(a)
    if kind in _NUMBERS or kind is str or a is None:
        if kind is str and kind is type(b) and len(a) == len(b):
            budget.text(len(a))
        return bool(a == b)
    return kind is type(b) and (a is b or _same_structures(budget, a, b, depth))


def _same_structures(budget: Budget, a: Any, b: Any, depth: int) -> bool:
    if depth >= MAX_NESTING:
        raise LimitExceeded(Limit.NESTING, f"values are nested deeper than {MAX_NESTING} levels")
    budget.spend(_STEPS_PER_STRUCTURE)
    match a:
        case datetime():
            return instant(a) == instant(b)
        case HogError():
            parts = zip((a.type, a.message, a.payload), (b.type, b.message, b.payload), strict=True)
            return all(same(budget, x, y, depth + 1) for x, y in parts)
        case dict() if len(a) == len(b):
            budget.spend(len(a))
            return all(key in b and same(budget, value, b[key], depth + 1) for key, value in a.items())
        case list() | tuple() if len(a) == len(b):
            budget.spend(len(a))
            return all(same(budget, x, y, depth + 1) for x, y in zip(a, b, strict=True))
    return not isinstance(a, dict | list | tuple) and bool(a == b)


def _coerced(a: Value, b: Value) -> tuple[Any, Any] | None:
    """Two values of different types as two that Python compares; None if the types have nothing in common."""
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        return a, b
    if isinstance(a, date) and isinstance(b, date):
        return instant(a), instant(b)
    if isinstance(b, str):
        return _coerced_with_text(a, b)
    if isinstance(a, str):
        swapped = _coerced_with_text(b, a)
        return None if swapped is None else (swapped[1], swapped[0])
    return None


def _coerced_with_text(value: Value, text: str) -> tuple[Any, Any] | None:
    """A value, and what a text stands for beside it."""
    read: Any = None
    if type(value) is bool:
        read = {"true": True, "false": False}.get(text.lower() if len(text) < 6 else "", truth(text))
    elif type(value) in _NUMBERS:
        number = number_in(text)
        read = None if number is None else _exact(text, number)
    elif isinstance(value, date):
        value, read = instant(value), parse_instant(text)
    return None if read is None else (value, read)


def _exact(text: str, number: float) -> int | float:
    """The integer that a text spells, where a float would round it."""
    stripped = text.strip()
    digits = stripped.removeprefix("-").removeprefix("+")
    return int(stripped) if digits.isascii() and digits.isdigit() else number


def less(budget: Budget, a: Value, b: Value) -> bool:
    """`a < b`; false if one of them is null."""
    return _ordered(operator.lt, budget, a, b)


def less_or_equal(budget: Budget, a: Value, b: Value) -> bool:
    """`a <= b`; false if one of them is null."""
    return _ordered(operator.le, budget, a, b)


def greater(budget: Budget, a: Value, b: Value) -> bool:
    """`a > b`; false if one of them is null."""
    return _ordered(operator.gt, budget, a, b)


def greater_or_equal(budget: Budget, a: Value, b: Value) -> bool:
    """`a >= b`; false if one of them is null."""
    return _ordered(operator.ge, budget, a, b)


def _ordered(compare: Callable[[Any, Any], bool], budget: Budget, a: Value, b: Value) -> bool:
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        return compare(a, b)
    if a is None or b is None:
        return False
    pair = _comparable(budget, a, b)
    if pair is None:
        raise _cannot("order", a, b)
    return compare(*pair)


def _comparable(budget: Budget, a: Value, b: Value) -> tuple[Any, Any] | None:
    if type(a) is not type(b):
        return _coerced(a, b)
    if isinstance(a, str):
        budget.text(min(len(a), len(b)))
        return a, b
    if isinstance(a, date):
        return instant(a), instant(b)
    if isinstance(a, _LISTS):
        return _first_difference(budget, a, b, 0)
    return (a, b) if type(a) in _NUMBERS else None


def _first_difference(budget: Budget, a: Any, b: Any, depth: int) -> tuple[Any, Any] | None:
    """The first items in which two lists differ, or the lengths of the lists."""
    if depth >= MAX_NESTING:
        raise LimitExceeded(Limit.NESTING, f"values are nested deeper than {MAX_NESTING} levels")
    for x, y in zip(a, b, strict=False):
        budget.spend(1)
        if not same(budget, x, y):
            if type(x) in _LISTS and type(x) is type(y):
                return _first_difference(budget, x, y, depth + 1)
            return _comparable(budget, x, y)
    return len(a), len(b)


def between(budget: Budget, value: Value, low: Value, high: Value) -> bool | None:
    """`value between low and high`, both included; null if any of the three is."""
    if value is None or low is None or high is None:
        return None
    return greater_or_equal(budget, value, low) and less_or_equal(budget, value, high)


def not_between(budget: Budget, value: Value, low: Value, high: Value) -> bool | None:
    """`value not between low and high`; null if any of the three is."""
    inside = between(budget, value, low, high)
    return None if inside is None else not inside


def contains(budget: Budget, needle: Value, haystack: Value) -> bool:
    """`needle in haystack`: an item of a list, a part of a text, a key of a dictionary."""
    match haystack:
        case list() | tuple():
            return find(budget, haystack, needle) >= 0
        case str() if isinstance(needle, str):
            budget.text(len(haystack))
            return needle in haystack
        case dict():
            return is_key(needle) and needle in haystack
    raise HogInputError(f"cannot look for {type_name(needle)} in {type_name(haystack)}")


def find(budget: Budget, items: list[Value] | tuple[Value, ...], wanted: Value) -> int:
    """The place (from 0) of the first item that is the `same` as a value; -1 if there is none."""
    budget.spend(len(items))
    if type(wanted) in _SCALARS and not (type(wanted) is str and len(wanted) > _SHORT):
        # Python's own equality, and its speed
        try:
            return items.index(wanted)
        except ValueError:
            return -1
    return next((at for at, item in enumerate(items) if same(budget, item, wanted)), -1)


def not_contains(budget: Budget, needle: Value, haystack: Value) -> bool:
    """`needle not in haystack`."""
    return not contains(budget, needle, haystack)

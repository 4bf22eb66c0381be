"""The order of any values, for sorting."""

from __future__ import annotations

import math
from datetime import date
from enum import IntEnum
from typing import Any, Final

from assay.domain.hog.budget import Budget
from assay.domain.hog.dates import instant
from assay.domain.hog.errors import Limit, LimitExceeded
from assay.domain.hog.limits import CHARACTERS_PER_STEP, MAX_NESTING
from assay.domain.hog.printing import printed
from assay.domain.hog.values import Value

_BYTES_PER_KEY: Final = 128
_STEPS_PER_COMPARISON: Final = 2
"""For each step that making a key took."""


class _Rank(IntEnum):
    """What comes before what."""

    NUMBER = 0
    TEXT = 1
    DATE = 2
    LIST = 3
    OTHER = 4
    NAN = 5
    NULL = 6


_Key = tuple[_Rank, Any]


def sorted_values(budget: Budget, values: list[Value], *, reverse: bool = False) -> list[Value]:
    """Values in order: a new list, equal ones in the order that they had.

    Numbers by size come first, then texts by code points, then dates and moments by time, then lists and
    tuples by their first different items, then everything else by its printed form. NaN and null are last,
    in this order, even if the rest is reversed.

    Raises:
        LimitExceeded: the budget does not suffice, or lists are nested too deeply.
    """
    budget.items(len(values))
    # Every item is looked at in about so many rounds, each time at no more than what making its key looks at.
    rounds = len(values).bit_length()
    kinds = set(map(type, values))
    if kinds == {str} or (kinds <= {int, float} and not any(map(math.isnan, values))):
        characters = sum(map(len, values)) if kinds == {str} else 0
        budget.spend((len(values) + characters // CHARACTERS_PER_STEP) * rounds)
        return sorted(values, reverse=reverse)
    before = budget.steps
    keys = [_key(budget, value) for value in values]
    budget.spend((before - budget.steps) * rounds * _STEPS_PER_COMPARISON)
    known = [at for at, key in enumerate(keys) if key[0] < _Rank.NAN]
    unknown = [at for at, key in enumerate(keys) if key[0] >= _Rank.NAN]
    known.sort(key=keys.__getitem__, reverse=reverse)
    unknown.sort(key=keys.__getitem__)
    return [values[at] for at in (*known, *unknown)]


def _key(budget: Budget, value: Value, depth: int = 0) -> _Key:
    """What a value is compared by; keys of any two values can be compared."""
    budget.spend(1)
    budget.reserve(_BYTES_PER_KEY)
    match value:
        case None:
            return _Rank.NULL, 0
        case bool():
            pass
        case int() | float():
            return (_Rank.NAN, 0) if math.isnan(value) else (_Rank.NUMBER, value)
        case str():
            budget.spend(len(value) // CHARACTERS_PER_STEP)
            return _Rank.TEXT, value
        case date():
            return _Rank.DATE, instant(value)
        case list() | tuple():
            if depth >= MAX_NESTING:
                raise LimitExceeded(Limit.NESTING, f"values are nested deeper than {MAX_NESTING} levels")
            return _Rank.LIST, tuple(_key(budget, item, depth + 1) for item in value)
    return _Rank.OTHER, printed(budget, value)

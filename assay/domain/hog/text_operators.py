"""The operators that look for patterns in texts. With null on a side each is false, the negated ones, too."""

from __future__ import annotations

from collections.abc import Callable

from assay.domain.hog import patterns
from assay.domain.hog.budget import Budget
from assay.domain.hog.values import Value

Operator = Callable[[Budget, Value, Value], bool]


def _like(*, ignore_case: bool, negated: bool) -> Operator:
    def operate(budget: Budget, text: Value, pattern: Value) -> bool:
        if text is None or pattern is None:
            return False
        return patterns.like(budget, text, pattern, ignore_case=ignore_case) is not negated

    return operate


def _matches(*, ignore_case: bool, negated: bool) -> Operator:
    def operate(budget: Budget, text: Value, pattern: Value) -> bool:
        return patterns.matches(budget, text, pattern, ignore_case=ignore_case, negated=negated)

    return operate


like = _like(ignore_case=False, negated=False)
not_like = _like(ignore_case=False, negated=True)
ilike = _like(ignore_case=True, negated=False)
not_ilike = _like(ignore_case=True, negated=True)
matches = _matches(ignore_case=False, negated=False)
not_matches = _matches(ignore_case=False, negated=True)
matches_any_case = _matches(ignore_case=True, negated=False)
not_matches_any_case = _matches(ignore_case=True, negated=True)

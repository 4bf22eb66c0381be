"""What filters ask of the text of a property.

A predicate holds or does not for a text that is there. Without a text (property missing or null) none holds;
operators that say "not" are the negation of a predicate, so they hold then.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from assay.contracts.filters import FilterType
from assay.domain.filters.dates import NamedDate, instant_of
from assay.domain.filters.numbers import number_of
from assay.domain.filters.paths import cleaned_path
from assay.domain.filters.patterns import Pattern


@dataclass(frozen=True, slots=True)
class IsSet:
    """There is a text."""

    def holds(self, text: str, now: datetime) -> bool:
        """Whether the predicate holds for a text at the moment `now`; so everywhere below."""
        return True


@dataclass(frozen=True, slots=True)
class OneOf:
    """The text is one of these."""

    texts: frozenset[str]

    def holds(self, text: str, now: datetime) -> bool:
        """See `IsSet`."""
        return text in self.texts


@dataclass(frozen=True, slots=True)
class Matching:
    """A part of the text matches."""

    pattern: Pattern

    def holds(self, text: str, now: datetime) -> bool:
        """See `IsSet`."""
        return self.pattern.found_in(text)


class Comparison(StrEnum):
    """A number against a bound, written as in SQL."""

    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    UP_TO = "<="


_COMPARE: Final[dict[Comparison, Callable[[float, float], bool]]] = {
    Comparison.ABOVE: operator.gt,
    Comparison.FROM: operator.ge,
    Comparison.BELOW: operator.lt,
    Comparison.UP_TO: operator.le,
}


@dataclass(frozen=True, slots=True)
class Bounded:
    """The text is a number within all bounds."""

    bounds: tuple[tuple[Comparison, float], ...]

    def holds(self, text: str, now: datetime) -> bool:
        """See `IsSet`."""
        number = number_of(text)
        return number is not None and all(_COMPARE[how](number, bound) for how, bound in self.bounds)


class Relation(StrEnum):
    """An instant against a span of time."""

    BEFORE = "before"
    WITHIN = "within"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Dated:
    """The text is an instant before, within or after the time that a date names."""

    relation: Relation
    date: NamedDate

    def holds(self, text: str, now: datetime) -> bool:
        """See `IsSet`."""
        instant = instant_of(text)
        if instant is None:
            return False
        start, end = self.date.span(now)
        if self.relation is Relation.BEFORE:
            return instant < start
        return instant >= end if self.relation is Relation.AFTER else start <= instant < end


@dataclass(frozen=True, slots=True)
class PathIs:
    """The cleaned path of the text is this one."""

    path: str

    def holds(self, text: str, now: datetime) -> bool:
        """See `IsSet`."""
        return cleaned_path(text) == self.path


Predicate = IsSet | OneOf | Matching | Bounded | Dated | PathIs


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that can be evaluated.

    Attributes:
        negated: it holds when the predicate does not.
    """

    type: FilterType
    key: str
    predicate: Predicate
    negated: bool = False

    def accepts(self, text: str | None, now: datetime) -> bool:
        """Whether the filter holds for the text of its property; None for a missing property or null."""
        return (text is not None and self.predicate.holds(text, now)) is not self.negated


Filters = tuple[Filter, ...]
"""Filters that must all hold."""

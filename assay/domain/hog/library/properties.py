"""What compiled property filters (`assay.domain.filters.hog`) ask.

The answers are those of `assay.domain.filters`, so that a filter means the same in Hog as elsewhere. Without
a text, which is null, the answer is null or false.
"""

from __future__ import annotations

from assay.domain.filters.canonical import text_of
from assay.domain.filters.dates import Ago, NamedDate, Span, instant_of
from assay.domain.filters.numbers import number_of
from assay.domain.filters.paths import cleaned_path
from assay.domain.filters.patterns import Pattern
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.limits import CHARACTERS_PER_STEP
from assay.domain.hog.values import Value


@function("propertyText", 2, scalar=True, internal=True)
def property_text(machine: Machine, properties: Value, key: str) -> str | None:
    """The text of a property; null if there is none."""
    text = text_of(properties.get(key)) if isinstance(properties, dict) else None
    if text is not None:
        # How long it is, is known only now; it is a small multiple of the property, which is there anyway.
        machine.budget.reserve(len(text))
        _read(machine, text)
    return text


@function("propertyMatches", 2, scalar=True, internal=True)
def property_matches(machine: Machine, text: str | None, pattern: str) -> bool:
    """Whether a part of the text matches a regular expression; the dot matches line feeds.

    RE2's Python module keeps what it compiled last, so asking for each event anew costs microseconds.
    """
    return text is not None and Pattern(pattern).found_in(_read(machine, text))


@function("propertyNumber", 1, scalar=True, internal=True)
def property_number(machine: Machine, text: str | None) -> float | None:
    """The number that the text is."""
    return None if text is None else number_of(_read(machine, text))


@function("propertyInstant", 1, scalar=True, internal=True)
def property_instant(machine: Machine, text: str | None) -> int | None:
    """The instant that the text is, in microseconds since 1970."""
    return None if text is None else instant_of(_read(machine, text))


@function("propertyPath", 1, scalar=True, internal=True)
def property_path(machine: Machine, text: str | None) -> str | None:
    """The path in the URL that the text is."""
    return None if text is None else cleaned_path(_read(machine, text))


@function("propertySpanStart", 3, scalar=True, internal=True)
def property_span_start(machine: Machine, amount: int, unit: str, whole_day: bool) -> int:
    """Where the time begins that is so long ago, in microseconds since 1970."""
    return _span(machine, amount, unit, whole_day).start


@function("propertySpanEnd", 3, scalar=True, internal=True)
def property_span_end(machine: Machine, amount: int, unit: str, whole_day: bool) -> int:
    """Where the time ends that is so long ago, itself excluded."""
    return _span(machine, amount, unit, whole_day).end


def _span(machine: Machine, amount: int, unit: str, whole_day: bool) -> Span:
    return NamedDate(Ago(amount, unit), whole_day=whole_day).span(machine.now())


def _read(machine: Machine, text: str) -> str:
    """Charge for looking through a text."""
    machine.budget.spend(1 + len(text) // CHARACTERS_PER_STEP)
    return text

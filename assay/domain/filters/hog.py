"""Property filters as a Hog program that reads the globals `properties` and `person.properties`.

It returns true for exactly the events that `matches` accepts; a differential test proves it. Questions that
the language itself answers otherwise (its `=~` finds nothing in an empty text, say) are put to functions
that only compiled filters can call: `assay.domain.hog.library.properties`.
"""

from __future__ import annotations

from typing import Any, Final

from assay.contracts.filters import FilterType
from assay.domain.filters.dates import Ago, NamedDate, span_of
from assay.domain.filters.predicates import (
    Bounded,
    Comparison,
    Dated,
    Filter,
    Filters,
    IsSet,
    Matching,
    OneOf,
    PathIs,
    Predicate,
    Relation,
)
from assay.domain.hog.program import Node, bytecode

_NOWHERE: Final = (0, 0)
"""Line and column of what no source text says."""

_PROPERTIES: Final[dict[FilterType, Node]] = {
    FilterType.EVENT: ["name", *_NOWHERE, "properties", []],
    FilterType.PERSON: ["name", *_NOWHERE, "person", ["properties"]],
}


def filters_program(filters: Filters) -> list[Any]:
    """The compiled program that answers whether all filters hold; none hold for everything.

    Relative dates stay relative: they count from the moment that the program takes for now.
    """
    return bytecode([["return", ["and", [_constant(True), *map(_answer, filters)]]]])


def _answer(entry: Filter) -> Node:
    text = _call("propertyText", _PROPERTIES[entry.type], _constant(entry.key))
    holds = _predicate(entry.predicate, text)
    return ["not", holds] if entry.negated else holds


def _predicate(predicate: Predicate, text: Node) -> Node:
    """Whether a predicate holds for a text; false for null, as comparisons with null are."""
    match predicate:
        case IsSet():
            return _compare("!=", text, _constant(None))
        case OneOf(texts):
            return _compare("in", text, ["array", [_constant(each) for each in sorted(texts)]])
        case Matching(pattern):
            return _call("propertyMatches", text, _constant(pattern.text))
        case Bounded(bounds):
            number = _call("propertyNumber", text)
            return ["and", [_compare(how, number, _constant(bound)) for how, bound in bounds]]
        case Dated(relation, date):
            return _dated(relation, date, _call("propertyInstant", text))
        case PathIs(path):
            return _compare("==", _call("propertyPath", text), _constant(path))


def _dated(relation: Relation, date: NamedDate, instant: Node) -> Node:
    start, end = _span(date)
    match relation:
        case Relation.BEFORE:
            return _compare(Comparison.BELOW, instant, start)
        case Relation.AFTER:
            return _compare(Comparison.FROM, instant, end)
        case Relation.WITHIN:
            edges = (Comparison.FROM, start), (Comparison.BELOW, end)
            return ["and", [_compare(how, instant, edge) for how, edge in edges]]


def _span(date: NamedDate) -> tuple[Node, Node]:
    """Where the time meant begins and ends."""
    if isinstance(date.moment, Ago):
        ago = [_constant(value) for value in (*date.moment, date.whole_day)]
        return _call("propertySpanStart", *ago), _call("propertySpanEnd", *ago)
    start, end = span_of(date.moment, whole_day=date.whole_day)
    return _constant(start), _constant(end)


def _compare(operator: str, left: Node, right: Node) -> Node:
    return ["compare", *_NOWHERE, str(operator), left, right]


def _call(function: str, *arguments: Node) -> Node:
    return ["call", *_NOWHERE, function, list(arguments)]


def _constant(value: str | float | None) -> Node:
    return ["const", value]

"""Property filters as a condition on the `events` table.

It selects exactly the events that `assay.domain.filters.matches` accepts; a differential test proves it.
Keys and values travel as query parameters; the text holds nothing that a user wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

from assay.adapters.clickhouse.patterns import pattern_for_match
from assay.adapters.clickhouse.properties import LONG_VALUES, SHARED_COLUMN
from assay.contracts.filters import FilterType
from assay.domain.filters.dates import INSTANT
from assay.domain.filters.numbers import NUMBER
from assay.domain.filters.paths import CLEANED_PATH
from assay.domain.filters.predicates import (
    Bounded,
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

_NATIVE_KEY = re.compile("[A-Za-z0-9_$]+")
"""Keys that name a path of the JSON column and nothing else.

Others may mean a sub-column there (`^a`), or share a path (`a.b` and `a%2Eb`).
"""

_CONTAINER_STARTS: Final = ("[", "{")

_SCALAR_TYPES: Final = "('String', 'Int64', 'UInt64', 'Float64', 'Bool')"
"""Types of the JSON column whose values have the same text there as in the JSON that was written."""


class Condition(NamedTuple):
    """A boolean expression, never NULL, and the values of its placeholders."""

    sql: str
    parameters: dict[str, Any]


def filter_condition(filters: Filters, *, now: datetime, prefix: str = "filter") -> Condition:
    """The condition under which an event passes all filters.

    Args:
        filters: none give a condition that always holds.
        now: what relative dates count from; aware.
        prefix: start of every parameter's name, so that two conditions fit into one query.
    """
    parameters = _Parameters(prefix)
    terms = [_term(entry, now, parameters) for entry in filters]
    return Condition(f"({' AND '.join(terms) or 'true'})", parameters.values)


class _Parameters:
    """Query parameters, named as they come."""

    def __init__(self, prefix: str) -> None:
        self.values: dict[str, Any] = {}
        self._prefix = prefix

    def add(self, type_name: str, value: Any) -> str:
        """The placeholder of a value."""
        name = f"{self._prefix}_{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{type_name}}}"


def _term(entry: Filter, now: datetime, parameters: _Parameters) -> str:
    holds = f"ifNull({_predicate(entry, _text(entry, parameters), now, parameters)}, false)"
    return f"NOT {holds}" if entry.negated else holds


def _text(entry: Filter, parameters: _Parameters) -> str:
    """The text of a property, NULL where it has none: `assay.domain.filters.text_of` in SQL."""
    if entry.type is FilterType.PERSON:
        key = parameters.add("String", entry.key)
        sources = (f"{SHARED_COLUMN}, '{name}', {key}" for name in ("$set", "$set_once"))
        return f"coalesce({', '.join(map(_extract, sources))})"
    if entry.key in LONG_VALUES:
        return _extract(LONG_VALUES[entry.key])
    if not _NATIVE_KEY.fullmatch(entry.key):
        return _extract(f"{SHARED_COLUMN}, {parameters.add('String', entry.key)}")
    native = f"properties.{parameters.add('Identifier', entry.key)}"
    if _holds_for_scalars_only(entry.predicate):
        return f"toString({native})"
    exact = _extract(f"{SHARED_COLUMN}, {parameters.add('String', entry.key)}")
    return f"if(dynamicType({native}) IN {_SCALAR_TYPES}, toString({native}), {exact})"


def _holds_for_scalars_only(predicate: Predicate) -> bool:
    """Whether the JSON column alone can answer, several times faster than the text.

    It holds scalars exactly, up to their text. Where it has none (null, empty objects, objects, nothing) it
    gives an empty text, for lists one that starts with a bracket; such a predicate holds for neither.
    """
    if isinstance(predicate, OneOf):
        return all(text and not text.startswith(_CONTAINER_STARTS) for text in predicate.texts)
    return isinstance(predicate, Bounded | Dated)


def _extract(where: str) -> str:
    return f"JSONExtract({where}, 'Nullable(String)')"


def _predicate(entry: Filter, text: str, now: datetime, parameters: _Parameters) -> str:
    match entry.predicate:
        case IsSet():
            return f"isNotNull({text})"
        case OneOf(texts):
            return f"has({parameters.add('Array(String)', sorted(texts))}, {text})"
        case Matching(pattern):
            return f"match({text}, {parameters.add('String', pattern_for_match(pattern.text))})"
        case Bounded(bounds):
            # The pattern keeps out what another version of the engine might take for a number.
            number = f"toFloat64OrNull({text})"
            limits = [f"{number} {how} {parameters.add('Float64', bound)}" for how, bound in bounds]
            return " AND ".join([f"match({text}, '^{NUMBER}$')", f"isFinite({number})", *limits])
        case Dated(relation, date):
            instant = f"toUnixTimestamp64Micro(parseDateTime64BestEffortOrNull({text}, 6, 'UTC'))"
            start, end = (parameters.add("Int64", edge) for edge in date.span(now))
            return f"match({text}, '^{INSTANT}$') AND {_RELATIONS[relation](instant, start, end)}"
        case PathIs(path):
            found = f"extract({text}, '{CLEANED_PATH}')"
            return f"if({found} = '', '/', {found}) = {parameters.add('String', path)}"


_RELATIONS: Final[dict[Relation, Callable[[str, str, str], str]]] = {
    Relation.BEFORE: lambda instant, start, _: f"{instant} < {start}",
    Relation.WITHIN: lambda instant, start, end: f"{instant} >= {start} AND {instant} < {end}",
    Relation.AFTER: lambda instant, _, end: f"{instant} >= {end}",
}

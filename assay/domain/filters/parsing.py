"""Filters as they are stored → filters that can be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from assay.contracts.filters import FilterOperator, FilterType, PropertyFilter
from assay.domain.filters.canonical import text_of
from assay.domain.filters.dates import NamedDate
from assay.domain.filters.numbers import number_of
from assay.domain.filters.paths import cleaned_path
from assay.domain.filters.patterns import Pattern, any_of_ignoring_case, expression, reading_cost
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
from assay.errors import UnsupportedFilter

MAX_FILTERS: Final = 100
"""Filters of one list."""

MAX_BYTES: Final = 32 * 1024
"""UTF-8 bytes of all keys and values of one list; encoded, they fit the URL of a request to ClickHouse."""

MAX_INSTRUCTIONS: Final = 40_000
"""What all regular expressions of one list may come to, compiled. The most expensive ones take about half a
second then; a hundred ordinary ones have room."""

_NEGATIONS: Final = {
    FilterOperator.IS_NOT: FilterOperator.EXACT,
    FilterOperator.NOT_ICONTAINS: FilterOperator.ICONTAINS,
    FilterOperator.NOT_REGEX: FilterOperator.REGEX,
    FilterOperator.IS_NOT_SET: FilterOperator.IS_SET,
    FilterOperator.NOT_BETWEEN: FilterOperator.BETWEEN,
    FilterOperator.NOT_IN: FilterOperator.IN,
}
"""Operators that hold when another one does not."""


class Room:
    """How much filters that are used together may hold: those of one list, or of several.

    Attributes:
        filters, bytes: what is left.
        instructions: what is left for regular expressions; negative if they came to more.
    """

    def __init__(self) -> None:
        self.filters = MAX_FILTERS
        self.bytes = MAX_BYTES
        self.instructions = MAX_INSTRUCTIONS

    def take(self, *, filters: int = 0, size: int = 0) -> None:
        """Use some of it.

        Raises:
            UnsupportedFilter: there is not so much left; nothing is used then.
        """
        if filters > self.filters:
            raise UnsupportedFilter(f"There are more than {MAX_FILTERS} property filters altogether.")
        if size > self.bytes:
            raise UnsupportedFilter(
                f"The property filters hold more than {MAX_BYTES} bytes of text altogether."
            )
        self.filters -= filters
        self.bytes -= size

    def spend(self, instructions: int) -> None:
        """Use some of what regular expressions may come to.

        Raises:
            UnsupportedFilter: there is not so much left. It is used nevertheless: time does not come back.
        """
        self.instructions -= instructions
        if self.instructions < 0:
            raise UnsupportedFilter(
                "The regular expressions are too large altogether; repetitions such as {0,1000} and classes "
                r"such as \pL make them large."
            )


class _Unusable(Exception):
    """One field of one filter is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


def parse_filters(raw: object, *, room: Room | None = None) -> Filters:
    """Compile a list of property filters.

    Args:
        raw: any JSON value, as clients send and Assay stores it. Fields of a filter that have no meaning
            here (labels and the like) are ignored.
        room: shared with other lists; as much as one list may have if it is not given.

    Returns:
        The filters, in order.

    Raises:
        UnsupportedFilter: the list, or one of its filters, cannot be evaluated. The detail names the position
            (from 1), the field and the reason.
    """
    if not isinstance(raw, list):
        raise UnsupportedFilter("Property filters must be a list.")
    room = room or Room()
    room.take(filters=len(raw))
    filters = []
    for position, entry in enumerate(raw, start=1):
        try:
            described = _read(entry)
            room.take(size=_size(described))
            filters.append(_compile(described, room))
        except _Unusable as unusable:
            raise UnsupportedFilter(f"Filter {position}, {unusable.field}: {unusable.reason}") from None
    return tuple(filters)


def _read(raw: object) -> PropertyFilter:
    """The fields of a filter; what is missing or null has its default."""
    if not isinstance(raw, Mapping):
        raise _Unusable("filter", "it must be an object.")
    key = raw.get("key")
    if not isinstance(key, str):
        raise _Unusable("key", "it must be a text.")
    operator, type_ = _operator(raw.get("operator")), _type(raw.get("type"))
    try:
        return PropertyFilter(key=key, value=raw.get("value"), operator=operator, type=type_)
    except ValidationError as error:
        raise _Unusable(str(error.errors()[0]["loc"][0]), "it is not JSON.") from None


def _operator(raw: object) -> FilterOperator:
    if raw is None:
        return FilterOperator.EXACT
    if not isinstance(raw, str) or raw not in FilterOperator:
        raise _Unusable("operator", "it is not known.")
    operator = FilterOperator(raw)
    if operator is FilterOperator.FLAG_EVALUATES_TO:
        raise _Unusable("operator", "events do not tell what a feature flag evaluates to.")
    return operator


def _type(raw: object) -> FilterType:
    if raw is None:
        return FilterType.EVENT
    if not isinstance(raw, str) or raw not in FilterType:
        shown = f"{raw[:50]!r} filters" if isinstance(raw, str) and raw.isidentifier() else "this type"
        raise _Unusable("type", f"{shown} cannot be evaluated; only event and person filters can.")
    return FilterType(raw)


def _size(described: PropertyFilter) -> int:
    """Bytes of the key and of the scalars in the value; refuses what is not Unicode."""
    values = described.value if isinstance(described.value, list) else [described.value]
    texts = [text_of(value) or "" for value in values if not isinstance(value, list | dict)]
    return _bytes("key", described.key) + sum(_bytes("value", text) for text in texts)


def _bytes(field: str, text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise _Unusable(field, "it is not valid Unicode.") from None


def _compile(described: PropertyFilter, room: Room) -> Filter:
    positive = _NEGATIONS.get(described.operator, described.operator)
    value = described.value
    is_expression = positive is FilterOperator.REGEX
    return Filter(
        type=described.type,
        key=described.key,
        predicate=_found(value, room) if is_expression else _PREDICATES[positive](value),
        negated=positive is not described.operator,
    )


def _scalar(value: Any) -> str:
    """The text of a text, number or boolean."""
    text = None if isinstance(value, list | dict) else text_of(value)
    if text is None:
        raise _Unusable("value", "it must be a text, a number or a boolean.")
    return text


def _scalars(value: Any) -> list[str]:
    """The texts of a list of scalars; of one scalar as well."""
    if value == []:
        raise _Unusable("value", "the list is empty.")
    if not isinstance(value, list):
        return [_scalar(value)]
    if any(isinstance(item, list | dict) or text_of(item) is None for item in value):
        raise _Unusable("value", "a list must hold texts, numbers and booleans only.")
    return [_scalar(item) for item in value]


def _one_of(value: Any) -> Predicate:
    return OneOf(frozenset(_scalars(value)))


def _containing(value: Any) -> Predicate:
    # Without repetitions, what these cost is bounded well by the room for text.
    return _matching(lambda: any_of_ignoring_case(_scalars(value)))


def _found(value: Any, room: Room) -> Predicate:
    if not isinstance(value, str):
        raise _Unusable("value", "it must be a text: a regular expression.")
    room.spend(reading_cost(value))
    found = _matching(lambda: expression(value))
    room.spend(found.pattern.instructions)
    return found


def _matching(build: Callable[[], Pattern]) -> Matching:
    try:
        return Matching(build())
    except ValueError as error:
        raise _Unusable("value", f"the regular expression cannot be used: {error}.") from None


def _number(value: Any) -> float:
    number = None if isinstance(value, list | dict) else number_of(text_of(value) or "")
    if number is None:
        raise _Unusable("value", "it must be a number.")
    return number


def _bounded(comparison: Comparison) -> Callable[[Any], Predicate]:
    return lambda value: Bounded(((comparison, _number(value)),))


def _between(value: Any) -> Predicate:
    if not isinstance(value, list) or len(value) != 2:
        raise _Unusable("value", "it must be a list of two numbers.")
    low, high = map(_number, value)
    if low > high:
        raise _Unusable("value", "the first number is above the second.")
    return Bounded(((Comparison.FROM, low), (Comparison.UP_TO, high)))


def _dated(relation: Relation) -> Callable[[Any], Predicate]:
    def compile_date(value: Any) -> Predicate:
        date = NamedDate.parse(value, exact=relation is Relation.WITHIN) if isinstance(value, str) else None
        if date is None:
            raise _Unusable(
                "value", "it must be a date (2026-03-29, 2026-03-29T12:00:00Z) or a relative one (-7d)."
            )
        return Dated(relation, date)

    return compile_date


def _path(value: Any) -> Predicate:
    if not isinstance(value, str):
        raise _Unusable("value", "it must be a text: a path or a URL.")
    return PathIs(cleaned_path(value))


_PREDICATES: Final[dict[FilterOperator, Callable[[Any], Predicate]]] = {
    FilterOperator.EXACT: _one_of,
    FilterOperator.IN: _one_of,
    FilterOperator.ICONTAINS: _containing,
    FilterOperator.GT: _bounded(Comparison.ABOVE),
    FilterOperator.GTE: _bounded(Comparison.FROM),
    FilterOperator.LT: _bounded(Comparison.BELOW),
    FilterOperator.LTE: _bounded(Comparison.UP_TO),
    FilterOperator.MIN: _bounded(Comparison.FROM),
    FilterOperator.MAX: _bounded(Comparison.UP_TO),
    FilterOperator.BETWEEN: _between,
    FilterOperator.IS_SET: lambda _: IsSet(),
    FilterOperator.IS_DATE_EXACT: _dated(Relation.WITHIN),
    FilterOperator.IS_DATE_BEFORE: _dated(Relation.BEFORE),
    FilterOperator.IS_DATE_AFTER: _dated(Relation.AFTER),
    FilterOperator.IS_CLEANED_PATH_EXACT: _path,
}

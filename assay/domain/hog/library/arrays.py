"""Lists and dictionaries.

All functions make new lists. Where a list is needed, anything else counts as an empty one.
"""

from __future__ import annotations

from assay.domain.hog.access import values_of
from assay.domain.hog.arguments import text_or_null, whole_number
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.operators import find
from assay.domain.hog.printing import text_of
from assay.domain.hog.sorting import sorted_values
from assay.domain.hog.text_buffer import TextBuffer
from assay.domain.hog.values import Value

_BYTES_PER_INTEGER = 32
_COPIED_PER_STEP = 16


@function("tuple", 0, None)
def tuple_(machine: Machine, *items: Value) -> tuple[Value, ...]:
    """A tuple of the arguments."""
    machine.budget.items(len(items))
    return items


@function("keys", 1)
def keys(machine: Machine, holder: Value) -> list[Value]:
    """The keys of a dictionary; for a list or tuple the numbers from 0."""
    match holder:
        case dict():
            machine.budget.items(len(holder))
            return list(holder)
        case list() | tuple():
            return _integers(machine, range(len(holder)))
    return []


@function("values", 1)
def values(machine: Machine, holder: Value) -> list[Value]:
    """The values of a dictionary, or the items of a list or tuple."""
    return values_of(machine.budget, holder)


@function("has", 2, scalar=True)
def has(machine: Machine, items: Value, wanted: Value) -> bool:
    """Whether a list has an item that is equal without coercion."""
    return _position(machine, items, wanted) > 0


@function("indexOf", 2, scalar=True)
def index_of(machine: Machine, items: Value, wanted: Value) -> int:
    """The position (from 1) of the first item that is equal without coercion; 0 if there is none."""
    return _position(machine, items, wanted)


def _position(machine: Machine, items: Value, wanted: Value) -> int:
    return find(machine.budget, items, wanted) + 1 if isinstance(items, list) else 0


@function("arrayPushBack", 2)
def array_push_back(machine: Machine, items: Value, item: Value) -> list[Value]:
    """A list with one item more at its end."""
    return [*_copied(machine, items, more=1), item]


@function("arrayPushFront", 2)
def array_push_front(machine: Machine, items: Value, item: Value) -> list[Value]:
    """A list with one item more at its start."""
    return [item, *_copied(machine, items, more=1)]


@function("arrayPopBack", 1)
def array_pop_back(machine: Machine, items: Value) -> list[Value]:
    """A list without its last item."""
    return _copied(machine, items)[:-1]


@function("arrayPopFront", 1)
def array_pop_front(machine: Machine, items: Value) -> list[Value]:
    """A list without its first item."""
    return _copied(machine, items)[1:]


@function("arrayReverse", 1)
def array_reverse(machine: Machine, items: Value) -> list[Value]:
    """A list from its end to its start."""
    return _copied(machine, items)[::-1]


@function("arraySort", 1, None)
def array_sort(machine: Machine, items: Value, *_ignored: Value) -> list[Value]:
    """A list in the order of `sorted_values`; further arguments mean nothing, as in PostHog."""
    return sorted_values(machine.budget, _listed(machine, items))


@function("arrayReverseSort", 1, None)
def array_reverse_sort(machine: Machine, items: Value, *_ignored: Value) -> list[Value]:
    """A list in the opposite order; NaN and null stay last."""
    return sorted_values(machine.budget, _listed(machine, items), reverse=True)


@function("arrayStringConcat", 1, 2, scalar=True)
def array_string_concat(machine: Machine, items: Value, separator: Value = None) -> str:
    """The texts of a list's items, joined."""
    between = text_or_null("arrayStringConcat", separator) or ""
    joined = TextBuffer(machine.budget)
    for at, item in enumerate(_listed(machine, items)):
        if at and between:
            joined.add(between)
        joined.add(text_of(machine.budget, item))
    return joined.text()


@function("range", 1, 2, scalar=True)
def range_(machine: Machine, *bounds: Value) -> list[Value]:
    """The integers from 0, or from the first of two arguments, to the last argument, itself excluded."""
    *start, stop = (whole_number("range", bound) for bound in bounds)
    return _integers(machine, range(start[0] if start else 0, stop))


def _integers(machine: Machine, numbers: range) -> list[Value]:
    # not `len`, which refuses what a machine word does not hold
    count = max(0, numbers.stop - numbers.start)
    machine.budget.items(count)
    digits = max(numbers.start.bit_length(), numbers.stop.bit_length()) // 30  # of CPython's integers
    machine.budget.reserve(count * (_BYTES_PER_INTEGER + 4 * digits))
    return list(numbers)


def _listed(machine: Machine, items: Value) -> list[Value]:
    """The items of a list, to be looked at one by one."""
    if not isinstance(items, list):
        return []
    machine.budget.items(len(items))
    return items


def _copied(machine: Machine, items: Value, more: int = 0) -> list[Value]:
    """The items of a list, to be copied with so many more: programs collect items one by one."""
    if not isinstance(items, list):
        return []
    machine.budget.items(len(items) + more, per_step=_COPIED_PER_STEP)
    return items

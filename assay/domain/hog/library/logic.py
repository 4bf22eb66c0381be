"""Decisions and comparisons as functions.

Comparisons take no text for a number or a date: that is what they differ in from operators. As functions
these evaluate all their arguments; a call that a program spells out evaluates only what it needs.
"""

from __future__ import annotations

from collections.abc import Callable

from assay.domain.hog import operators
from assay.domain.hog.budget import Budget
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.values import Value, truth, type_name


@function("and", 1, None, scalar=True)
def and_(machine: Machine, *values: Value) -> bool:
    """Whether all values count as true."""
    return all(map(truth, values))


@function("or", 1, None, scalar=True)
def or_(machine: Machine, *values: Value) -> bool:
    """Whether a value counts as true."""
    return any(map(truth, values))


@function("not", 1, scalar=True)
def not_(machine: Machine, value: Value) -> bool:
    """Whether a value does not count as true."""
    return not truth(value)


@function("if", 3)
def if_(machine: Machine, condition: Value, yes: Value, no: Value) -> Value:
    """One of two values."""
    return yes if truth(condition) else no


@function("multiIf", 3, None)
def multi_if(machine: Machine, *cases: Value) -> Value:
    """The value behind the first condition that counts as true; the last argument if none does.

    Raises:
        HogRuntimeError: conditions and values do not pair.
    """
    if len(cases) % 2 == 0:
        raise HogRuntimeError("multiIf takes pairs of a condition and a value, and a value at the end")
    pairs = zip(cases[:-1:2], cases[1::2], strict=True)
    return next((value for condition, value in pairs if truth(condition)), cases[-1])


@function("in", 2, scalar=True)
def in_(machine: Machine, needle: Value, haystack: Value) -> bool:
    """The operator `in`; false if the second argument is null."""
    return haystack is not None and operators.contains(machine.budget, needle, haystack)


@function("equals", 2, scalar=True)
def equals(machine: Machine, a: Value, b: Value) -> bool:
    """Whether two values are equal as they are."""
    return operators.same(machine.budget, a, b)


@function("notEquals", 2, scalar=True)
def not_equals(machine: Machine, a: Value, b: Value) -> bool:
    """Whether two values differ as they are."""
    return not operators.same(machine.budget, a, b)


@function("less", 2, scalar=True)
def less(machine: Machine, a: Value, b: Value) -> bool:
    """Whether `a < b`; false if one of them is null."""
    return _ordered("less", operators.less, machine, a, b)


@function("lessOrEquals", 2, scalar=True)
def less_or_equals(machine: Machine, a: Value, b: Value) -> bool:
    """Whether `a <= b`; false if one of them is null."""
    return _ordered("lessOrEquals", operators.less_or_equal, machine, a, b)


@function("greater", 2, scalar=True)
def greater(machine: Machine, a: Value, b: Value) -> bool:
    """Whether `a > b`; false if one of them is null."""
    return _ordered("greater", operators.greater, machine, a, b)


@function("greaterOrEquals", 2, scalar=True)
def greater_or_equals(machine: Machine, a: Value, b: Value) -> bool:
    """Whether `a >= b`; false if one of them is null."""
    return _ordered("greaterOrEquals", operators.greater_or_equal, machine, a, b)


def _ordered(
    name: str, compare: Callable[[Budget, Value, Value], bool], machine: Machine, a: Value, b: Value
) -> bool:
    """What an operator says of two values, if it needs no coercion: each of those reads a text.

    Raises:
        HogInputError: the values cannot be compared.
    """
    if a is None or b is None:
        return False
    if isinstance(a, str) != isinstance(b, str):
        raise HogInputError(f"{name} cannot compare {type_name(a)} and {type_name(b)}")
    return compare(machine.budget, a, b)

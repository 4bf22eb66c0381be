"""Arithmetic as functions."""

from __future__ import annotations

import math
from collections.abc import Callable

from assay.domain.hog import operators
from assay.domain.hog.arguments import wrong_type
from assay.domain.hog.budget import checked_integer
from assay.domain.hog.library.logic import greater, less
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.values import Value


@function("floor", 1, 2, scalar=True)
def floor(machine: Machine, number: Value, _ignored: Value = None) -> Value:
    """The largest integer that is not larger; a second argument means nothing, as in PostHog."""
    return _whole("floor", math.floor, number)


@function("round", 1, 2, scalar=True)
def round_(machine: Machine, number: Value, _ignored: Value = None) -> Value:
    """The nearest integer, the even one of two; a second argument means nothing, as in PostHog."""
    return _whole("round", round, number)


def _whole(name: str, rounded: Callable[[float], int], number: Value) -> Value:
    """An integer; null of null, and NaN and infinities as they are.

    Raises:
        HogInputError: the value is no number.
    """
    if number is None or (isinstance(number, float) and not math.isfinite(number)):
        return number
    if isinstance(number, int | float):
        return checked_integer(rounded(number))
    raise wrong_type(name, "a number", number)


@function("min2", 2)
def min2(machine: Machine, a: Value, b: Value) -> Value:
    """The lesser of two values, the second of equal ones; null if one of them is."""
    if a is None or b is None:
        return None
    return a if less(machine, a, b) else b


@function("max2", 2)
def max2(machine: Machine, a: Value, b: Value) -> Value:
    """The greater of two values, the second of equal ones; null if one of them is."""
    if a is None or b is None:
        return None
    return a if greater(machine, a, b) else b


@function("plus", 2)
def plus(machine: Machine, a: Value, b: Value) -> Value:
    """The operator `+`."""
    return operators.add(machine.budget, a, b)


@function("minus", 2)
def minus(machine: Machine, a: Value, b: Value) -> Value:
    """The operator `-`."""
    return operators.subtract(machine.budget, a, b)


@function("randomFloat", 0, scalar=True)
def random_float(machine: Machine) -> float:
    """A random number, at least 0 and less than 1."""
    return machine.random.random()

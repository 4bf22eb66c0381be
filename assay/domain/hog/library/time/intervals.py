"""Lengths of time as values: what `interval 1 day` in a source stands for.

PostHog's intervals are objects with these keys, too. They hold nothing but data, so it does no harm that JSON
can pass for one.
"""

from __future__ import annotations

from datetime import date

from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.library.time.arguments import read_number, read_unit
from assay.domain.hog.library.time.arithmetic import Unit, moved
from assay.domain.hog.values import Value


def plus_interval(value: date, interval: Value, sign: int) -> date | None:
    """A day or moment plus or minus an interval.

    Args:
        interval: any value.
        sign: 1 or -1.

    Returns:
        None if `interval` is none.

    Raises:
        HogInputError: the result is beyond the years 1 to 9999, or the interval is not whole and has to be.
        HogRuntimeError: the interval has an unknown unit.
    """
    if not isinstance(interval, dict) or interval.get("__hogInterval__") is not True:
        return None
    amount = read_number("an interval", interval.get("value"))
    return moved(value, sign * amount, read_unit("an interval", interval.get("unit")))


def _declare(unit: Unit) -> None:
    name = f"toInterval{unit.capitalize()}"

    @function(name, 1)
    def to_interval(machine: Machine, amount: Value) -> Value:
        if amount is None:
            return None
        return {"__hogInterval__": True, "value": read_number(name, amount), "unit": unit.value}


for _unit in Unit:
    _declare(_unit)

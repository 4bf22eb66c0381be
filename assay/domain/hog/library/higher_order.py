"""Functions that call a function for every item of a list.

They go through the items of a list or tuple, or the values of a dictionary, as they are at the start.
Anything else has no items.
"""

from __future__ import annotations

from assay.domain.hog.access import values_of
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.values import Value, truth


@function("arrayMap", 2)
def array_map(machine: Machine, called: Value, holder: Value) -> list[Value]:
    """What the function makes of each item."""
    items = values_of(machine.budget, holder)
    machine.budget.items(len(items))
    return [machine.call(called, (item,)) for item in items]


@function("arrayFilter", 2)
def array_filter(machine: Machine, called: Value, holder: Value) -> list[Value]:
    """The items for which the function says something true."""
    items = values_of(machine.budget, holder)
    machine.budget.items(len(items))
    return [item for item in items if truth(machine.call(called, (item,)))]


@function("arrayExists", 2)
def array_exists(machine: Machine, called: Value, holder: Value) -> bool:
    """Whether the function says something true of an item; later ones are not asked about."""
    return any(truth(machine.call(called, (item,))) for item in values_of(machine.budget, holder))


@function("arrayCount", 2)
def array_count(machine: Machine, called: Value, holder: Value) -> int:
    """Of how many items the function says something true."""
    return sum(truth(machine.call(called, (item,))) for item in values_of(machine.budget, holder))


@function("arrayReduce", 3)
def array_reduce(machine: Machine, called: Value, holder: Value, start: Value) -> Value:
    """What the function makes of the start and the first item, of that and the second item, and so on."""
    result = start
    for item in values_of(machine.budget, holder):
        result = machine.call(called, (result, item))
    return result

"""Reading and writing parts of values, and globals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from assay.domain.hog.budget import Budget
from assay.domain.hog.errors import HogInputError, HogRuntimeError, Limit, LimitExceeded
from assay.domain.hog.keys import is_key
from assay.domain.hog.limits import MAX_ITEMS, MAX_NESTING
from assay.domain.hog.values import HogError, Value, described, type_name

_BYTES_PER_ENTRY: Final = 100
"""Of a dictionary, roughly."""

_ERROR_FIELDS: Final = frozenset({"type", "message", "payload"})


def item(holder: Value, key: Value) -> Value:
    """`holder[key]` and `holder.key`.

    Returns:
        The part; null if there is none, or the holder is null.

    Raises:
        HogInputError: the holder has no such parts.
        HogRuntimeError: the position is 0.
    """
    kind = type(holder)
    if kind is dict:
        return holder.get(key) if is_key(key) else None
    if holder is None:
        return None
    if kind is list or kind is tuple or kind is str:
        position = _position(holder, key)
        if position == 0:
            raise HogRuntimeError("positions count from 1")
        at = position - 1 if position > 0 else len(holder) + position
        return holder[at] if 0 <= at < len(holder) else None
    if kind is HogError and type(key) is str:
        return getattr(holder, key) if key in _ERROR_FIELDS else None
    raise HogInputError(f"{described(holder)} has no property {_shown(key)}")


def _position(holder: Value, key: Value) -> int:
    if type(key) is int:
        return key
    if type(key) is float and key.is_integer():
        return int(key)
    if key is None:
        raise HogInputError(f"null is no position in {described(holder)}")
    raise HogInputError(f"{described(holder)} has no property {_shown(key)}")


def _shown(key: Value) -> str:
    return repr(key[:100]) if isinstance(key, str) else f"of type {type_name(key)}"


def put(budget: Budget, holder: Value, key: Value, value: Value) -> None:
    """`holder[key] := value`; nothing happens if the holder is null.

    Raises:
        HogInputError: the holder cannot be changed there.
        LimitExceeded: the dictionary or the memory is full.
    """
    if holder is None:
        return
    if type(holder) is dict:
        _check_key(key)
        if key not in holder:
            if len(holder) >= MAX_ITEMS:
                raise LimitExceeded(Limit.MEMORY, f"an object would have more than {MAX_ITEMS:,} keys")
            budget.reserve(_BYTES_PER_ENTRY)
        holder[key] = value
        return
    if type(holder) is not list:
        raise HogInputError(f"{described(holder)} cannot be changed")
    position = _position(holder, key)
    if not 1 <= position <= len(holder):
        raise HogInputError(
            f"there is no position {position} in a list of {len(holder)}; arrayPushBack adds one"
        )
    holder[position - 1] = value


def _check_key(key: Value) -> None:
    if not is_key(key):
        large = "so large " if isinstance(key, str | int) else ""
        raise HogInputError(f"{described(key)} {large}cannot be a key")


def new_object(pairs: Iterable[tuple[Value, Value]]) -> dict[Value, Value]:
    """`{key: value, …}`; the last of equal keys wins.

    Raises:
        HogInputError: a key is a list or an object.
    """
    made: dict[Value, Value] = {}
    for key, value in pairs:
        _check_key(key)
        made[key] = value
    return made


def values_of(budget: Budget, holder: Value) -> list[Value]:
    """What `for (let v in holder)` goes through: a snapshot. Only lists, tuples and objects hold anything."""
    match holder:
        case list() | tuple():
            budget.items(len(holder))
            return list(holder)
        case dict():
            budget.items(len(holder))
            return list(holder.values())
    return []


def entries_of(budget: Budget, holder: Value) -> list[tuple[Value, Value]]:
    """What `for (let k, v in holder)` goes through: a snapshot; the keys of a list count from 0."""
    match holder:
        case list() | tuple():
            _charge_entries(budget, len(holder))
            return list(enumerate(holder))
        case dict():
            _charge_entries(budget, len(holder))
            return list(holder.items())
    return []


def _charge_entries(budget: Budget, count: int) -> None:
    budget.items(count)
    budget.reserve(count * _BYTES_PER_ENTRY)


def deep_copy(budget: Budget, value: Any, depth: int = 0) -> Any:
    """A copy of a global that a program may change.

    Raises:
        LimitExceeded: the copy would take too much memory.
    """
    if type(value) is not dict and type(value) is not list:
        return value
    if depth >= MAX_NESTING:
        raise LimitExceeded(Limit.NESTING, f"values are nested deeper than {MAX_NESTING} levels")
    budget.items(len(value))
    budget.reserve(_BYTES_PER_ENTRY)
    if type(value) is dict:
        budget.reserve(len(value) * _BYTES_PER_ENTRY)
        return {key: deep_copy(budget, part, depth + 1) for key, part in value.items()}
    return [deep_copy(budget, part, depth + 1) for part in value]

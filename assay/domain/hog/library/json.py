"""JSON texts, and parts of what they hold.

Functions with a path take a JSON text or any other value, and then one argument for each step: the key of an
object, or a position in an array, from 1 or, from the end, from -1. A text that is not JSON has no parts.
"""

from __future__ import annotations

from typing import Final

from assay.domain.hog.arguments import text_argument
from assay.domain.hog.errors import HogInputError
from assay.domain.hog.json_text import json_of, parse_json
from assay.domain.hog.keys import is_key
from assay.domain.hog.library.conversion import float_of, integer_of
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.printing import text_of
from assay.domain.hog.values import Value

_MISSING: Final = object()


@function("jsonParse", 1, scalar=True)
def json_parse(machine: Machine, text: Value) -> Value:
    """The value that a JSON text spells.

    Raises:
        HogInputError: it spells none.
    """
    return parse_json(machine.budget, text_argument("jsonParse", text))


@function("isValidJSON", 1, scalar=True)
def is_valid_json(machine: Machine, text: Value) -> bool:
    """Whether a value is a text that `jsonParse` can read."""
    return isinstance(text, str) and _read(machine, text) is not _MISSING


@function("jsonStringify", 1, 2, scalar=True)
def json_stringify(machine: Machine, value: Value, indent: Value = None) -> str:
    """The JSON text of a value.

    Args:
        indent: spaces for each level, 10 at most; anything but a positive integer writes one line.
    """
    spaces = indent if type(indent) is int and indent > 0 else 0
    return json_of(machine.budget, value, spaces)


@function("JSONHas", 1, None, scalar=True)
def json_has(machine: Machine, source: Value, *path: Value) -> bool:
    """Whether a path leads to something, be it null; texts on the way are read as JSON, too."""
    found = _read(machine, source)
    for key in path:
        found = _part(_read(machine, found), key)
    return found is not _MISSING


@function("JSONLength", 1, None, scalar=True)
def json_length(machine: Machine, source: Value, *path: Value) -> int:
    """How many items the array or object has that a path leads to; 0 for anything else."""
    found = _reach(machine, source, path)
    return len(found) if isinstance(found, list | tuple | dict) else 0


@function("JSONExtract", 2, None)
def json_extract(machine: Machine, source: Value, *path_and_type: Value) -> Value:
    """What a path leads to; null if it leads nowhere. The last argument, a type, means nothing."""
    return _reach(machine, source, path_and_type[:-1])


@function("JSONExtractString", 1, None, scalar=True)
def json_extract_string(machine: Machine, source: Value, *path: Value) -> str | None:
    """The text of what a path leads to; null of null, or if it leads nowhere."""
    found = _reach(machine, source, path)
    return None if found is None else text_of(machine.budget, found)


@function("JSONExtractInt", 1, None, scalar=True)
def json_extract_int(machine: Machine, source: Value, *path: Value) -> int | None:
    """What `toInt` makes of what a path leads to."""
    return integer_of(_reach(machine, source, path))


@function("JSONExtractFloat", 1, None, scalar=True)
def json_extract_float(machine: Machine, source: Value, *path: Value) -> float | None:
    """What `toFloat` makes of what a path leads to."""
    return float_of(_reach(machine, source, path))


@function("JSONExtractBool", 1, None, scalar=True)
def json_extract_bool(machine: Machine, source: Value, *path: Value) -> bool:
    """Whether a path leads to true."""
    return _reach(machine, source, path) is True


@function("JSONExtractArrayRaw", 1, None)
def json_extract_array_raw(machine: Machine, source: Value, *path: Value) -> list[Value] | None:
    """The array that a path leads to, its items as values; null if that is no array."""
    found = _reach(machine, source, path)
    return found if isinstance(found, list) else None


def _reach(machine: Machine, source: Value, path: tuple[Value, ...]) -> Value:
    """What a path leads to; null if it leads nowhere."""
    found = _read(machine, source)
    for key in path:
        found = _part(found, key)
    return None if found is _MISSING else found


def _read(machine: Machine, source: Value) -> Value:
    """The value of a JSON text, or any other value as it is; `_MISSING` for a text that is not JSON."""
    if not isinstance(source, str):
        return source
    try:
        return parse_json(machine.budget, source)
    except HogInputError:
        return _MISSING


def _part(holder: Value, key: Value) -> Value:
    match holder:
        case dict():
            return holder.get(key, _MISSING) if is_key(key) else _MISSING
        case list() | tuple() if type(key) is int and key != 0:
            at = key - 1 if key > 0 else len(holder) + key
            return holder[at] if 0 <= at < len(holder) else _MISSING
    return _MISSING

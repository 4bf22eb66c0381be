"""JSON texts, read and written within the budget of a program.

Reading is strict: neither `NaN` nor `Infinity`, and no number that the language cannot hold. What is written
can be read again, and looks as PostHog's does: ASCII, with a space after commas and colons.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import date
from json.encoder import encode_basestring_ascii
from typing import Final, NoReturn

from assay.domain.hog.budget import Budget, checked_integer
from assay.domain.hog.dates import date_text
from assay.domain.hog.errors import HogInputError, Limit, LimitExceeded
from assay.domain.hog.limits import MAX_NESTING
from assay.domain.hog.printing import text_of
from assay.domain.hog.text_buffer import TextBuffer
from assay.domain.hog.values import HogError, Value

MAX_INDENT: Final = 10
"""Spaces for each level; `JSON.stringify` has the same limit."""

_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A JSON string, or all the rest of a text if it does not end. Possessive, so linear in any text."""

_NO_BRACKETS: Final = re.compile(r"[^\[\]{}]++")

_LARGE_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{200}|[eE]\+?[0-9]{3}")
"""Part of each number that may not fit; what lacks it is below 1e300."""

_LARGE: Final = 65_536
"""Code points of a text in which looking for large numbers takes longer than being careful."""

_MOST_DIGITS: Final = 309
"""More than any integer that fits has, and few enough for `int` (which refuses 4,300)."""

# Bytes that CPython takes, rounded up, for one of each; `[]` and `{}` take less than what opens others.
_BYTES_PER_LIST: Final = 88
_BYTES_PER_OBJECT: Final = 192
_SAVED_BY_EMPTY_LIST: Final = 32
_SAVED_BY_EMPTY_OBJECT: Final = 128
_BYTES_PER_ITEM: Final = 40
_BYTES_PER_MEMBER: Final = 72
_BYTES_PER_QUOTE: Final = 32
_BYTES_PER_WIDE_CHARACTER: Final = 7
"""While a string is decoded: one wide code point, perhaps from an escape, makes all of its string wide."""


def parse_json(budget: Budget, text: str) -> Value:
    """The value that a JSON text spells; the last of equal keys wins.

    Raises:
        HogInputError: the text is not JSON, is nested deeper than `MAX_NESTING` levels, or has a number that
            is too large.
        LimitExceeded: the budget does not suffice for the values.
    """
    structure = _structure(budget, text)
    _reserve(budget, text, structure)
    _check_nesting(structure)
    is_large = len(structure) > _LARGE or _LARGE_NUMBER.search(structure)
    decoder = _CAREFUL_DECODER if is_large else _DECODER
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        reason = error.msg[0].lower() + error.msg[1:]
        raise HogInputError(f"the text is not JSON: {reason} (character {error.pos + 1:,})") from None


def _structure(budget: Budget, text: str) -> str:
    """The text with nothing in its strings, so that its commas and brackets can be counted."""
    budget.text(len(text))
    budget.reserve(text.count('"') * _BYTES_PER_QUOTE)
    return _STRING.sub('""', text)


def _reserve(budget: Budget, text: str, structure: str) -> None:
    """Charge for the values of a text before they are made: no less than they take, mostly not much more."""
    lists, objects, items = structure.count("["), structure.count("{"), structure.count(",")
    budget.items(items)
    budget.spend(lists + objects)
    narrow = text.isascii() and "\\u" not in text
    budget.reserve(
        len(text) * (1 if narrow else _BYTES_PER_WIDE_CHARACTER)
        + lists * _BYTES_PER_LIST
        - structure.count("[]") * _SAVED_BY_EMPTY_LIST
        + objects * _BYTES_PER_OBJECT
        - structure.count("{}") * _SAVED_BY_EMPTY_OBJECT
        + items * _BYTES_PER_ITEM
        + structure.count(":") * _BYTES_PER_MEMBER
        + structure.count('"') * _BYTES_PER_QUOTE
    )


def _check_nesting(structure: str) -> None:
    """Keep the decoder, which recurses, from going too deep; what follows a syntax error does not matter."""
    if structure.count("[") + structure.count("{") <= MAX_NESTING:
        return
    depth = 0
    for bracket in _NO_BRACKETS.sub("", structure):
        depth += 1 if bracket in "[{" else -1
        if depth < 0:
            return
        if depth > MAX_NESTING:
            raise HogInputError(f"the JSON text is nested deeper than {MAX_NESTING} levels")


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise HogInputError(f"an integer in the JSON text has {len(digits):,} digits")
    return checked_integer(int(digits))


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise HogInputError("a number in the JSON text is too large")
    return value


def _constant(name: str) -> NoReturn:
    raise HogInputError(f"the text is not JSON: {name} is no JSON number")


_DECODER: Final = json.JSONDecoder(parse_constant=_constant)
_CAREFUL_DECODER: Final = json.JSONDecoder(parse_constant=_constant, parse_int=_integer, parse_float=_float)

_ATOMS: Final = frozenset({type(None), bool, int, float})
_CONTAINERS: Final = frozenset({list, tuple, dict, HogError})


def json_of(budget: Budget, value: Value, indent: int = 0) -> str:
    """The JSON text of a value.

    Dates are ISO 8601 texts, functions their printed form, tuples arrays, and errors objects with `type`,
    `message` and `payload`. A container inside itself is null, and so are NaN and infinities. Keys become
    texts.

    Args:
        indent: spaces for each level, `MAX_INDENT` at most; 0 writes everything on one line.

    Raises:
        LimitExceeded: the text would be too long, or values are nested too deeply.
    """
    writer = _Writer(budget, min(indent, MAX_INDENT))
    writer.value(value)
    return writer.buffer.text()


class _Writer:
    """Writes one value."""

    _BLOCK: Final = 65_536
    """Characters of a text that are escaped at once: each may become twelve."""

    def __init__(self, budget: Budget, indent: int) -> None:
        self.buffer = TextBuffer(budget)
        self._budget = budget
        self._indent = indent
        self._open: set[int] = set()

    def value(self, value: Value) -> None:
        """Write a value after what is there."""
        kind = type(value)
        if kind is str:
            self._string(value)
        elif kind in _ATOMS:
            self.buffer.add(_atom(value))
        elif kind in _CONTAINERS:
            self._container(value)
        else:
            self._string(date_text(value) if isinstance(value, date) else text_of(self._budget, value))

    def _string(self, text: str) -> None:
        if len(text) <= self._BLOCK:
            self.buffer.add(encode_basestring_ascii(text))
            return
        self.buffer.add('"')
        for start in range(0, len(text), self._BLOCK):
            self.buffer.add(encode_basestring_ascii(text[start : start + self._BLOCK])[1:-1])
        self.buffer.add('"')

    def _container(self, container: Value) -> None:
        if id(container) in self._open:
            self.buffer.add("null")
            return
        if len(self._open) >= MAX_NESTING:
            raise LimitExceeded(Limit.NESTING, f"values are nested deeper than {MAX_NESTING} levels")
        self._open.add(id(container))
        match container:
            case dict():
                self._object(container.items())
            case HogError(type=kind, message=message, payload=payload):
                self._object((("type", kind), ("message", message), ("payload", payload)))
            case _:
                self._array(container)
        self._open.remove(id(container))

    def _array(self, items: list[Value] | tuple[Value, ...]) -> None:
        self.buffer.add("[")
        for at, item in enumerate(items):
            self._separate(at)
            self.value(item)
        self._close("]", empty=not items)

    def _object(self, members: Iterable[tuple[Value, Value]]) -> None:
        self.buffer.add("{")
        at = -1
        for at, (key, value) in enumerate(members):
            self._separate(at)
            self._string(_atom(key) if type(key) in _ATOMS else text_of(self._budget, key))
            self.buffer.add(": ")
            self.value(value)
        self._close("}", empty=at < 0)

    def _separate(self, at: int) -> None:
        """Write what comes before an item."""
        if self._indent:
            self.buffer.add(("," if at else "") + "\n" + " " * (self._indent * len(self._open)))
        elif at:
            self.buffer.add(", ")

    def _close(self, bracket: str, *, empty: bool) -> None:
        if self._indent and not empty:
            bracket = "\n" + " " * (self._indent * (len(self._open) - 1)) + bracket
        self.buffer.add(bracket)


def _atom(value: Value) -> str:
    """The JSON of null, a boolean or a number."""
    if type(value) is int:
        return repr(value)
    if value is None or not math.isfinite(value):
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    return repr(value)

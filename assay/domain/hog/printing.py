"""The printed form of values."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from assay.domain.hog.budget import Budget
from assay.domain.hog.dates import printed_date
from assay.domain.hog.errors import Limit, LimitExceeded
from assay.domain.hog.limits import MAX_NESTING
from assay.domain.hog.text_buffer import TextBuffer
from assay.domain.hog.values import HogError, HogFunction, Value

_ESCAPES: Final = {
    "\\": "\\\\",  # first, or it would escape the escapes
    "'": "\\'", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\r": "\\r", "\n": "\\n", "\t": "\\t",
    "\0": "\\0", "\v": "\\v",
}  # fmt: skip
_ESCAPED: Final = re.compile("[\a\b\f\r\n\t\0\v\\\\']")
_WORDS: Final = {None: "null", True: "true", False: "false"}


def text_of(budget: Budget, value: Value) -> str:
    """A value as `print`, `concat` and f-strings show it: a text is itself, all else has its printed form.

    Raises:
        LimitExceeded: the text would be too long, or values are nested too deeply.
    """
    if isinstance(value, str):
        return value
    kind = type(value)
    if kind is int or kind is float:
        return repr(value)
    return printed(budget, value)


def printed(budget: Budget, value: Value) -> str:
    """The printed form of a value: as a program would write it, texts in quotes.

    A container inside itself shows as null.

    Raises:
        LimitExceeded: the text would be too long, or values are nested too deeply.
    """
    printer = _Printer(budget)
    printer.value(value)
    return printer.buffer.text()


class _Printer:
    """Prints one value."""

    def __init__(self, budget: Budget) -> None:
        self.buffer = TextBuffer(budget)
        self._add = self.buffer.add
        self._budget = budget
        self._open: set[int] = set()

    def value(self, value: Value) -> None:
        """Print a value after what is there."""
        match value:
            case str():
                self._add(quoted(self._budget, value))
            case None | bool():
                self._add(_WORDS[value])
            case datetime() | date():
                self._add(printed_date(value))
            case list() | tuple() | dict() | HogError():
                self._container(value)
            case HogFunction() | int() | float():
                self._add(repr(value))

    def _container(self, container: Value) -> None:
        if id(container) in self._open:
            self._add("null")
            return
        if len(self._open) >= MAX_NESTING:
            raise LimitExceeded(Limit.NESTING, f"values are nested deeper than {MAX_NESTING} levels")
        self._open.add(id(container))
        match container:
            case list():
                self._items("[", container, "]")
            case tuple():
                self._items("tuple(" if len(container) < 2 else "(", container, ")")
            case dict():
                self._pairs(container)
            case HogError():
                self._error(container)
        self._open.remove(id(container))

    def _items(self, start: str, items: list[Value] | tuple[Value, ...], end: str) -> None:
        self._add(start)
        for at, item in enumerate(items):
            if at:
                self._add(", ")
            self.value(item)
        self._add(end)

    def _pairs(self, pairs: dict[Value, Value]) -> None:
        self._add("{")
        for at, (key, value) in enumerate(pairs.items()):
            if at:
                self._add(", ")
            self.value(key)
            self._add(": ")
            self.value(value)
        self._add("}")

    def _error(self, error: HogError) -> None:
        self._add(f"{error.type}({quoted(self._budget, error.message)}")
        if error.payload is not None:
            self._add(", ")
            self.value(error.payload)
        self._add(")")


def quoted(budget: Budget, text: str) -> str:
    """A text in single quotes, with backslash escapes.

    Raises:
        LimitExceeded: the text would be too long.
    """
    if _ESCAPED.search(text):
        budget.text(len(text) + sum(map(text.count, _ESCAPES)))
        for character, escape in _ESCAPES.items():
            text = text.replace(character, escape)
    return f"'{text}'"

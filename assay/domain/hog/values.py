"""The values of a running program, as Python objects.

null, booleans, numbers and texts are Python's; so are lists, tuples and dictionaries (in the order of
insertion; keys keep their type). Dates are `datetime.date`, and `datetime.datetime` that is always aware.
Functions and errors are classes that only this package makes, so that no JSON can pass for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

Value = Any
"""One of the above. mypy cannot tell JSON-like unions apart usefully, so the name documents the intent."""


@dataclass(frozen=True, slots=True, eq=False)
class HogFunction:
    """A function as a value; two are equal if they are the same one.

    Attributes:
        body: takes `arity` arguments, those that are missing included; of the library, from `least` on.
        name: `lambda` for one without a name.
        arity: the most arguments it takes; None for any number.
        least: the fewest; the program's own functions take null for what is missing, so 0.
    """

    body: Callable[..., Value]
    name: str
    arity: int | None
    least: int = 0
    is_library: bool = False

    def __repr__(self) -> str:
        shown = self.least if self.arity is None else self.arity
        return f"fn<{self.name}({shown})>"


@dataclass(frozen=True, slots=True)
class HogError:
    """An error value: what `throw` takes and `catch` gives."""

    type: str
    message: str
    payload: Value = None


_TYPE_NAMES: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    list: "array",
    tuple: "tuple",
    dict: "object",
    date: "date",
    datetime: "datetime",
    HogFunction: "function",
    HogError: "error",
}


def type_name(value: Value) -> str:
    """What `typeof` says about a value."""
    return _TYPE_NAMES[type(value)]


def described(value: Value) -> str:
    """The type of a value with its article: `an array`."""
    kind = type_name(value)
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def truth(value: Value) -> bool:
    """Whether a value counts as true: null, false, 0, '', [], () and {} do not."""
    return bool(value)


_NUMBER: Final = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)


def number_in(text: str) -> float | None:
    """The number that a text spells, as a float; None if it spells none. Linear in the text."""
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    return float(text)

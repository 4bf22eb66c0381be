"""JSON values as text, as Python writes them: `json.dumps`, `repr`, fixed-point numbers.

The standard functions give up on deeply nested values; these do not, and agree with them on all others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import orjson

from assay.domain.text_repr.indentation import DEEPEST, is_mostly_indentation

_quote: Final[Callable[[str], str]] = json.encoder.encode_basestring_ascii
_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_CONTAINERS: Final = frozenset({dict, list, tuple})

_OTHER_FLOAT = re.compile(rb"e-[0-9],?$", re.MULTILINE)
"""The end of a line with a number that Python writes with two digits in the exponent."""

_OTHER_CHARACTER = re.compile(r"[^\x00-\x7e]+")
"""What orjson leaves as it is, and Python's JSON escapes."""


def compact(value: object) -> str:
    """`json.dumps(value)`.

    Raises:
        TypeError: it is no JSON value.
    """
    try:
        return json.dumps(value)
    except RecursionError:
        return "".join(_written(value, _JSON))


def compact_bytes(value: object) -> bytes:
    """A value as JSON with nothing between its parts, or not much; for measuring.

    Raises:
        TypeError: it is no JSON value.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # see `_quickly_pretty`
        return compact(value).encode()


def pretty(value: object) -> str:
    """`json.dumps(value, indent=2)`; without line breaks where that would be mostly indentation.

    Raises:
        TypeError: it is no JSON value.
    """
    if is_mostly_indentation(compact_bytes(value)):
        return compact(value)
    text = _quickly_pretty(value)
    return "".join(_written(value, _JSON, indented=True)) if text is None else text


def pretty_shortened(value: object, most: int) -> str:
    """Like `pretty`; for strings longer than `most` it is said how long they are.

    Nothing to spare for indentation: a conversation may have thousands of these values.
    """

    def scalar(item: object) -> str:
        if isinstance(item, str) and len(item) > most:
            return f'"[{len(item)} chars not shown]"'
        return json_scalar(item)

    indented = not is_mostly_indentation(compact_bytes(value), spare=0)
    return "".join(_written(value, _Style(scalar, _json_key, "[]"), indented=indented))


def python_text(value: object) -> str:
    """`str(value)`."""
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except RecursionError:
        return "".join(_written(value, _PYTHON))


def number_text(value: object, digits: int) -> str:
    """A number with so many digits after the point; anything else as Python writes it."""
    if isinstance(value, int | float):
        try:
            return f"{value:.{digits}f}"
        except OverflowError:
            pass
    return python_text(value)


def _quickly_pretty(value: object) -> str | None:
    """The same by orjson, ten times quicker; None where orjson would write something else than Python."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:  # nested too deep, an integer beyond 64 bits, a lone surrogate, a key that is no string
        return None
    if b"0.0000" in text or _OTHER_FLOAT.search(text) or (b"null" in text and not _is_finite(value)):
        return None
    shown = text.decode()
    if shown.isascii() and "\x7f" not in shown:
        return shown
    return _OTHER_CHARACTER.sub(lambda found: _quote(found[0])[1:-1], shown)


def _is_finite(value: object) -> bool:
    """Whether there is no infinity or NaN in a value, which orjson writes as null."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def json_scalar(value: object) -> str:
    """A string, number, boolean or null as JSON.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(value, str):
        return _quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        return _NOT_FINITE.get(text, text)
    if isinstance(value, int):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _json_key(key: object) -> str:
    return _quote(key) if isinstance(key, str) else f'"{json_scalar(key)}"'


class _Style(NamedTuple):
    """How a language writes values: scalars, keys, and what is around tuples."""

    scalar: Callable[[Any], str]
    key: Callable[[Any], str]
    tuple_brackets: str


_JSON: Final = _Style(json_scalar, _json_key, "[]")
_PYTHON: Final = _Style(repr, repr, "()")


class _Frame(NamedTuple):
    """A container that is being written: what is left of it, and what is written around its items."""

    items: Iterator[Any]
    is_object: bool
    separator: str
    end: str
    spread: bool


def _written(root: object, style: _Style, *, indented: bool = False) -> list[str]:
    """The pieces of a value's text; no recursion, so no depth is too much."""
    pieces: list[str] = []
    add = pieces.append
    scalar, key = style.scalar, style.key
    outer: list[_Frame] = []
    frame = _Frame(iter((root,)), is_object=False, separator="", end="", spread=indented)
    lead = ""
    while True:
        items, is_object, separator, end, _ = frame
        for item in items:
            value = item
            if is_object:
                name, value = item
                lead = f"{lead}{key(name)}: "
            if type(value) not in _CONTAINERS:
                add(f"{lead}{scalar(value)}")
            elif not value:
                add(f"{lead}{_brackets(value, style)}")
            else:
                outer.append(frame)
                start, frame = _entered(value, style, frame, len(outer))
                add(f"{lead}{start}")
                # The first item of a container follows its bracket and not a comma.
                lead = f"\n{'  ' * len(outer)}" if frame.spread else ""
                break
            lead = separator
        else:
            add(end)
            if not outer:
                return pieces
            frame = outer.pop()
            lead = frame.separator


def _entered(
    value: dict[Any, Any] | list[Any] | tuple[Any, ...],
    style: _Style,
    around: _Frame,
    level: int,
) -> tuple[str, _Frame]:
    """The opening bracket of a container, and its frame."""
    is_object = isinstance(value, dict)
    brackets = _brackets(value, style)
    start, end = brackets[0], brackets[1]
    items = iter(value.items() if isinstance(value, dict) else value)
    if around.spread and level <= DEEPEST:
        separator = ",\n" + "  " * level
        return start, _Frame(items, is_object, separator, f"\n{'  ' * (level - 1)}{end}", spread=True)
    if isinstance(value, tuple) and len(value) == 1 and style is _PYTHON:
        end = ",)"
    return start, _Frame(items, is_object, ", ", end, spread=False)


def _brackets(value: object, style: _Style) -> str:
    if isinstance(value, dict):
        return "{}"
    return style.tuple_brackets if isinstance(value, tuple) else "[]"

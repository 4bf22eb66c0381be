"""Strings that hold a Python dict or list, as `str()` or `repr()` wrote it into a state.

`ast.literal_eval` reads the same, but takes hundreds of bytes of memory per character, warns about escapes
and can be made to crash; this reads in one pass. What nobody's `repr` writes (prefixes other than none,
adjacent or triple-quoted strings, hexadecimal numbers, sets, comments) is not read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

_DEEPEST: Final = 200
"""Brackets that Python's own tokeniser takes inside each other."""

# Possessive: what was read of a string is not tried in shorter pieces, nor remembered for that.
_SINGLE = r"'(?P<single>[^'\\\r\n]*+(?:\\(?s:.)[^'\\\r\n]*+)*+)'"
_DOUBLE = r'"(?P<double>[^"\\\r\n]*+(?:\\(?s:.)[^"\\\r\n]*+)*+)"'
_WORD = re.compile(rf"{_SINGLE}|{_DOUBLE}|(?<![\w.])(?P<name>[^\W\d]\w*)|(?P<open>['\"])")
"""A string, a name, or the quote of a string without an end, after which nothing is a literal any more."""
_TOKEN = re.compile(
    rf"""[ \t\r\n\f]*(?:
        (?P<punctuation>[\[\]{{}}(),:])
      | {_SINGLE}
      | {_DOUBLE}
      | (?P<float>[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?)(?![\w.])
      | (?P<integer>[-+]?(?:0+|[1-9][0-9]*))(?![\w.])
      | (?P<name>True|False|None)(?!\w)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|N\{(?P<N>[^}]*)\}|(?P<other>.))",
    re.DOTALL,
)
_ESCAPED: Final = {
    "\n": "",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_NAMES: Final = {"True": True, "False": False, "None": None}
_NOT_PYTHON: Final = re.compile(r"true|false|null|NaN|Infinity|\\/")
"""What may mean something else in JSON."""

_JSON_NAMES: Final = {"True": "true", "False": "false", "None": "null"}
_quote: Final[Callable[[str], str]] = json.encoder.encode_basestring_ascii
_PAIRS: Final = {"]": "[", "}": "{", ")": "("}


class _NoLiteral(Exception):
    """The text is no literal that is read."""


def parse_literal(text: str) -> dict[Any, Any] | list[Any] | None:
    """The dict or list that `text` spells in Python; None if it spells something else."""
    body = text.strip(" \t\r\n\f")
    if not body or body[0] not in "{[" or body[-1] not in "}]" or "\0" in body:
        return None
    try:
        return _from_json(body) or _Reader().read(body)
    except (_NoLiteral, ValueError, TypeError, RecursionError):
        return None


def _from_json(text: str) -> dict[Any, Any] | list[Any] | None:
    """The value, if the text is JSON, or becomes JSON with its strings and names replaced.

    JSON is what most SDKs put into a state, and its parser is quick.

    Raises:
        _NoLiteral: a name, a quote, or the depth, is none of a literal.
    """
    found = None if _NOT_PYTHON.search(text) else _parsed(text)
    if found is None:
        found = _parsed(_WORD.sub(_json_word, text))
    if found is not None and not _is_shallow(found):
        raise _NoLiteral
    return found


def _parsed(text: str) -> dict[Any, Any] | list[Any] | None:
    try:
        found: dict[Any, Any] | list[Any] = json.loads(text)
    except ValueError:
        return None
    return found


def _json_word(word: re.Match[str]) -> str:
    if word.lastgroup == "open":
        raise _NoLiteral  # at once: for each quote after it the search would go on to the end of the text
    if word.lastgroup == "name":
        if (name := _JSON_NAMES.get(word[0])) is None:
            raise _NoLiteral
        return name
    return _quote(_unescaped(word[0][1:-1]))


def _is_shallow(root: dict[Any, Any] | list[Any]) -> bool:
    level = [root]
    for _ in range(_DEEPEST):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return True
    return False


class _Reader:
    """One pass over the tokens; open containers wait on a stack of their own."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[Any], bool]] = []
        """Opening bracket, what was read in it so far, and whether a comma was among that."""
        self._wants_value = True
        self._key: list[Any] = []
        self._result: Any = None

    def read(self, text: str) -> dict[Any, Any] | list[Any]:
        """The value of a text that begins with the bracket of a dict or list.

        Raises:
            _NoLiteral: the text is none that is read.
            TypeError: a key of a dict cannot be one.
            ValueError: an escape, or a number, that means nothing.
        """
        position, end = 0, len(text)
        match = _TOKEN.match
        while position < end:
            token = match(text, position)
            if token is None or (self._result is not None):
                raise _NoLiteral
            position = token.end()
            kind = token.lastgroup
            if kind == "punctuation":
                self._punctuation(token[kind])
            elif kind is not None:
                self._value(_SCALARS[kind](token[kind]))
        if not isinstance(self._result, dict | list):
            raise _NoLiteral
        return self._result

    def _punctuation(self, sign: str) -> None:
        if sign in "[{(":
            if not self._wants_value or len(self._open) >= _DEEPEST:
                raise _NoLiteral
            self._open.append((sign, [], False))
        elif sign == ",":
            self._comma()
        elif sign == ":":
            self._colon()
        else:
            self._close(sign)

    def _comma(self) -> None:
        if self._wants_value or not self._open:
            raise _NoLiteral
        bracket, items, _ = self._open[-1]
        if bracket == "{" and len(items) % 2:
            raise _NoLiteral  # a set, or a key without a value
        self._open[-1] = (bracket, items, True)
        self._wants_value = True

    def _colon(self) -> None:
        bracket, items, _ = self._open[-1] if self._open else ("", [], False)
        if self._wants_value or bracket != "{" or len(items) % 2 == 0:
            raise _NoLiteral
        hash(items[-1])
        self._wants_value = True

    def _close(self, sign: str) -> None:
        if not self._open or self._open[-1][0] != _PAIRS[sign]:
            raise _NoLiteral
        bracket, items, commas = self._open.pop()
        # After a comma, or in an empty container, no value has to come.
        if self._wants_value and items and not (commas and (bracket != "{" or len(items) % 2 == 0)):
            raise _NoLiteral
        self._wants_value = True
        self._value(_closed(bracket, items, commas))

    def _value(self, value: Any) -> None:
        if not self._wants_value:
            raise _NoLiteral
        self._wants_value = False
        if self._open:
            self._open[-1][1].append(value)
        else:
            self._result = value


def _closed(bracket: str, items: list[Any], commas: bool) -> Any:
    if bracket == "[":
        return items
    if bracket == "{":
        if len(items) % 2:
            raise _NoLiteral
        return dict(zip(items[::2], items[1::2], strict=True))
    return items[0] if len(items) == 1 and not commas else tuple(items)


def _unescaped(body: str) -> str:
    return _ESCAPE.sub(_character, body) if "\\" in body else body


def _character(escape: re.Match[str]) -> str:
    kind, value = escape.lastgroup, escape[escape.lastgroup or 0]
    if kind == "octal":
        return chr(int(value, 8))
    if kind == "N":
        try:
            return unicodedata.lookup(value)
        except KeyError:
            raise _NoLiteral from None
    if kind == "other":
        if value in "xuUN":
            raise _NoLiteral
        return _ESCAPED.get(value, f"\\{value}")
    return chr(int(value, 16))


_SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    "single": _unescaped,
    "double": _unescaped,
    "float": float,
    "integer": int,
    "name": _NAMES.__getitem__,
}

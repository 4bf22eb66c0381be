"""The one text of a JSON value that filters look at.

It is the text that ClickHouse extracts from stored JSON as `Nullable(String)`, so that a filter means the
same in Python and in SQL. A differential test keeps the two equal.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite
from typing import Any, Final

_SMALLEST_INT: Final = -(2**63)
_LARGEST_INT: Final = 2**64 - 1

_ESCAPED: Final = re.compile('[\x00-\x1f"\\\\\u2028\u2029]')
_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}

_WORDS: Final = {None: "null", True: "true", False: "false"}


def text_of(value: Any) -> str | None:
    """The text of a JSON value.

    Text is itself. Numbers are written as in JavaScript, but without a plus sign: 1.0 is `1`, 1e21 is
    `1e21`. Booleans are `true` and `false`. Lists and objects are compact JSON, their keys in order.

    Returns:
        The text; None for null, and for NaN and infinities, which are stored as null.
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _json(value)


def _json(value: Any) -> str:
    """Compact JSON."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return f"[{','.join([_json(item) for item in value])}]"
    if isinstance(value, dict):
        return f"{{{','.join([f'{_quoted(key)}:{_json(item)}' for key, item in value.items()])}}}"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and not _SMALLEST_INT <= value <= _LARGEST_INT:
        return f'"{value}"'  # the engine's parser reads such integers as text
    return _WORDS[value] if value is None or isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _number(value: float) -> str:
    """The shortest digits that give this number back, with an exponent only below 1e-6 and from 1e21 on."""
    if not isfinite(value):
        return "null"
    digits = repr(value)
    if "e" not in digits:
        return digits.removesuffix(".0")
    if 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(digits):f}"
    mantissa, exponent = digits.split("e")
    return f"{mantissa}e{int(exponent)}"

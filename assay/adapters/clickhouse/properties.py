"""How the properties of an event are laid out in columns, and put together again.

Long values have columns of their own; all others share one text. Both hold exact JSON, so an event comes
back as it was written: nulls, empty objects, integers of any size and dotted keys included. Only the order
of keys may change, since long values come back last. NaN and infinities are no JSON; they become null.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

LONG_VALUES: Final = {
    "$ai_input": "ai_input",
    "$ai_output": "ai_output",
    "$ai_output_choices": "ai_output_choices",
    "$ai_input_state": "ai_input_state",
    "$ai_output_state": "ai_output_state",
    "$ai_tools": "ai_tools",
}
"""Properties with a column of their own, and its name."""

SHARED_COLUMN: Final = "properties_text"
"""The column that holds all other properties."""

_ABSENT = ""


def to_columns(properties: dict[str, Any]) -> dict[str, str]:
    """The text of each column.

    Raises:
        ValueError: a value is not JSON, holds a lone surrogate or is nested deeper than 1,024 levels.
    """
    shared = {key: value for key, value in properties.items() if key not in LONG_VALUES}
    columns = {SHARED_COLUMN: _encode(shared)}
    for key, column in LONG_VALUES.items():
        columns[column] = _encode(properties[key]) if key in properties else _ABSENT
    return columns


def from_columns(row: dict[str, Any]) -> dict[str, Any]:
    """The properties whose texts are in `row`, the inverse of `to_columns`; long ones may be missing."""
    properties: dict[str, Any] = json.loads(row[SHARED_COLUMN])
    for key, column in LONG_VALUES.items():
        if row.get(column, _ABSENT) != _ABSENT:
            properties[key] = json.loads(row[column])
    return properties


def _encode(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        # Integers beyond 64 bits and more than 254 levels are JSON as well, and rare enough to be slow.
        return _encode_unusual(value)


def _encode_unusual(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    orjson.loads(text)  # refuses what a reader could not take: lone surrogates, more than 1,024 levels
    return text

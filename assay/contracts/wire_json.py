"""Rules for lists and JSON-valued fields of HTTP requests; see `assay.contracts.wire`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, override

import orjson
from pydantic.json_schema import JsonSchemaValue

from assay.contracts.wire_rules import Rule, refusal

MAX_DEPTH = 128
"""Deepest nesting of JSON that is read; what is read can also be written (serialisers stop at 254)."""


_LONG_NUMBER = re.compile(rb"(?:^|[\[:,\s-])[0-9]{19}")
"""The beginning of an integer that may not fit into 64 bits (or of something like it inside a text)."""


class FormText(str):
    """The value of a form field: always text, which fields that hold JSON read as JSON."""

    __slots__ = ()


def parse_json(text: bytes) -> Any:
    """A JSON text as Python values.

    Raises:
        ValueError: it is not JSON, or nested deeper than `MAX_DEPTH`.
    """
    data = orjson.loads(text)
    # Counting brackets is much quicker than walking, and nearly always settles it.
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_too_deep(data):
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    # orjson is strict and quick, but reads integers beyond 64 bits as floats, which are other numbers.
    return json.loads(text) if _LONG_NUMBER.search(text) else data


def read_json(value: Any) -> Any:
    """`value` itself, or what it says as JSON if it came from a form."""
    if not isinstance(value, FormText):
        return value
    try:
        return parse_json(value.encode())
    except ValueError:
        raise _not_json() from None


@dataclass(frozen=True, slots=True)
class Items(Rule):
    """A list whose items are validated by the annotated type.

    Attributes:
        max_items: longest list that is accepted.
        empty: whether an empty list is.
    """

    max_items: int | None = None
    empty: bool = True

    @override
    def validate(self, value: Any, source: Any, inner: Callable[[Any], Any]) -> Any:
        return inner(Rule.validate(self, value, source, inner))

    @override
    def read(self, value: Any, source: Any) -> list[Any]:
        items = read_json(value)
        if not isinstance(items, list):
            raise refusal(
                "not_a_list",
                'Expected a list of items but got type "{type}".',
                type=type(items).__name__,
            )
        if not items and not self.empty:
            raise refusal("empty", "This list may not be empty.")
        if self.max_items is not None and len(items) > self.max_items:
            raise refusal(
                "max_length",
                "Ensure this field has no more than {limit} elements.",
                limit=self.max_items,
            )
        return items

    @override
    def describe(self, schema: JsonSchemaValue) -> None:
        if not self.empty:
            schema["minItems"] = 1
        if self.max_items is not None:
            schema["maxItems"] = self.max_items


class JsonValueRule(Rule):
    """Any JSON value but null."""

    @override
    def read(self, value: Any, source: Any) -> Any:
        data = read_json(value)
        if not isinstance(data, dict | list | str | int | float):  # an uploaded file
            raise _not_json()
        return data


class JsonOrNullRule(JsonValueRule):
    """Any JSON value."""

    @override
    def validate(self, value: Any, source: Any, inner: Callable[[Any], Any]) -> Any:
        data = read_json(value)
        return None if data is None else self.read(data, source)


class JsonObjectRule(JsonValueRule):
    """A JSON object."""

    @override
    def read(self, value: Any, source: Any) -> dict[str, Any]:
        data = super().read(value, source)
        if not isinstance(data, dict):
            raise refusal(
                "not_a_dict",
                'Expected a dictionary of items but got type "{type}".',
                type=type(data).__name__,
            )
        return data


def _not_json() -> Exception:
    return refusal("invalid_input", "Value must be valid JSON.")


def _is_too_deep(data: Any) -> bool:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(data: Any) -> Collection[Any]:
    if isinstance(data, dict):
        return data.values()
    return data if isinstance(data, list) else ()

"""Query parameters of lists: tolerant filters, id lists, orders and search."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, override
from uuid import UUID

from pydantic.json_schema import JsonSchemaValue

from assay.contracts.wire import Rule, Text, parse_uuid, refusal

_ECHO_LIMIT = 200
_TRUE = ("true", "True", "2")
_FALSE = ("false", "False", "3")


class _BooleanFilter(Rule):
    @override
    def read(self, value: Any, source: Any) -> bool | None:
        if value in _TRUE:
            return True
        return False if value in _FALSE else None


class _IdFilter(Rule):
    @override
    def read(self, value: Any, source: Any) -> tuple[UUID, ...] | None:
        ids = [parse_uuid(item) for item in split(value)]
        if None in ids:
            raise refusal("invalid_input", "Enter a valid UUID.")
        return tuple(filter(None, ids)) or None


class _SingleIdFilter(Rule):
    @override
    def read(self, value: Any, source: Any) -> UUID | None:
        if not value.strip():
            return None
        found = parse_uuid(value.strip())
        if found is None:
            raise refusal("invalid_input", "Enter a valid UUID.")
        return found


class _TextFilter(Rule):
    @override
    def read(self, value: Any, source: Any) -> str | None:
        return Text(blank=True).read(value, source) or None


class _TextListFilter(Rule):
    @override
    def read(self, value: Any, source: Any) -> tuple[str, ...] | None:
        return tuple(split(Text(blank=True).read(value, source))) or None


@dataclass(frozen=True, slots=True)
class ChoiceFilter(Rule):
    """One of the values; empty filters nothing."""

    values: type[StrEnum]

    @override
    def read(self, value: Any, source: Any) -> StrEnum | None:
        if not value:
            return None
        try:
            return self.values(value)
        except ValueError:
            raise refusal(
                "invalid_choice",
                "Select a valid choice. {value} is not one of the available choices.",
                value=value[:_ECHO_LIMIT],
            ) from None

    @override
    def describe(self, schema: JsonSchemaValue) -> None:
        # Spelled out: a parameter cannot refer to a definition beside it.
        schema["anyOf"] = [{"type": "string", "enum": list(self.values)}, {"type": "null"}]


@dataclass(frozen=True, slots=True)
class OrderBy(Rule):
    """A comma list of the given names, each with an optional `-` for descending order."""

    names: tuple[str, ...]

    @override
    def read(self, value: Any, source: Any) -> tuple[str, ...]:
        keys = split(value)
        for key in keys:
            if key.removeprefix("-") not in self.names:
                raise refusal(
                    "invalid_choice",
                    "Select a valid choice. {key} is not one of the available choices.",
                    key=key[:_ECHO_LIMIT],
                )
        return tuple(keys)

    @override
    def describe(self, schema: JsonSchemaValue) -> None:
        schema["items"] = {
            "type": "string",
            "enum": [sign + name for name in self.names for sign in ("", "-")],
        }


BooleanFilter = Annotated[bool | None, _BooleanFilter()]
"""`true`, `True` or `2`; `false`, `False` or `3`; anything else filters nothing."""

IdFilter = Annotated[tuple[UUID, ...] | None, _IdFilter()]
"""A comma list of UUIDs; empty filters nothing."""

SingleIdFilter = Annotated[UUID | None, _SingleIdFilter()]
"""One UUID; empty filters nothing."""

TextFilter = Annotated[str | None, _TextFilter()]
"""A whole text; empty filters nothing."""

TextListFilter = Annotated[tuple[str, ...] | None, _TextListFilter()]
"""A comma list of whole texts; empty filters nothing."""

SearchFilter = Annotated[str, Text(blank=True)]
"""A piece of text to look for; empty filters nothing."""


def split(value: str) -> list[str]:
    """The items of a comma list, trimmed, without empty ones."""
    return [item for item in map(str.strip, value.split(",")) if item]

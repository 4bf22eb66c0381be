"""Rules for scalar fields of HTTP requests; `assay.contracts.wire` gathers what others use.

A rule reads one wire value: it accepts the spellings that the public API accepts and refuses the rest
with its exact messages and codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, LiteralString, override
from uuid import UUID

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_ECHO_LIMIT = 200
_NUMBER_TEXT_LIMIT = 1000
_TRUE = frozenset({"t", "y", "yes", "true", "on", "1"})
_FALSE = frozenset({"f", "n", "no", "false", "off", "0"})
_TRAILING_ZEROS = re.compile(r"\.0*\s*$")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_INSTANT_FORMAT = "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]"


def refusal(code: LiteralString, message: LiteralString, **context: Any) -> PydanticCustomError:
    """The error that a rule or a validator raises to refuse a value.

    Args:
        code: code of the error body, for example `max_length`.
        message: text; `{name}` stands for `context[name]`. Never built from what the client sent.
        context: the values that the message names.
    """
    return PydanticCustomError(code, message, context)


def parse_uuid(value: Any) -> UUID | None:
    """The UUID that a string spells, or None."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


class Rule:
    """Base of the rules: refuses null and leaves the JSON schema to the annotated type."""

    def read(self, value: Any, source: Any) -> Any:
        """The Python value of a non-null wire value; `source` is the annotated type."""
        raise NotImplementedError

    def describe(self, schema: JsonSchemaValue) -> None:
        """Add what the annotated type does not say to the field's JSON schema."""

    def validate(self, value: Any, source: Any, inner: Callable[[Any], Any]) -> Any:
        """Check one value; `inner` would validate it by the annotated type alone."""
        if value is None:
            raise refusal("null", "This field may not be null.")
        return self.read(value, source)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, inner: core_schema.ValidatorFunctionWrapHandler) -> Any:
            return self.validate(value, source, inner)

        return core_schema.no_info_wrap_validator_function(validate, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        self.describe(described)
        return described


@dataclass(frozen=True, slots=True)
class Text(Rule):
    """A string. Numbers become strings, surrounding white space goes first.

    Attributes:
        max_length: longest text, in characters.
        blank: whether an empty string is allowed.
        trim: whether surrounding white space goes; if not, a string of nothing else still counts as empty.
    """

    max_length: int | None = None
    blank: bool = False
    trim: bool = True

    @override
    def read(self, value: Any, source: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise refusal("invalid_input", "Not a valid string.")
        text = str(value).strip() if self.trim else str(value)
        if not text.strip() and not self.blank:
            raise refusal("blank", "This field may not be blank.")
        if self.max_length is not None and len(text) > self.max_length:
            raise refusal(
                "max_length",
                "Ensure this field has no more than {limit} characters.",
                limit=self.max_length,
            )
        if "\0" in text:
            raise refusal("null_characters_not_allowed", "Null characters are not allowed.")
        return text

    @override
    def describe(self, schema: JsonSchemaValue) -> None:
        if not self.blank:
            schema["minLength"] = 1
        if self.max_length is not None:
            schema["maxLength"] = self.max_length


class BooleanRule(Rule):
    """A truth value: true/false, 1/0 or one of the accepted words, in any case."""

    @override
    def read(self, value: Any, source: Any) -> bool:
        word = value.lower() if isinstance(value, str) else value
        if isinstance(word, str | int | float):
            spelling = str(int(word)) if word in (0, 1) else word
            if spelling in _TRUE:
                return True
            if spelling in _FALSE:
                return False
        raise refusal("invalid_input", "Must be a valid boolean.")


@dataclass(frozen=True, slots=True)
class _Bounded(Rule):
    minimum: int | None = None
    maximum: int | None = None

    def check_bounds(self, number: float) -> None:
        if self.minimum is not None and number < self.minimum:
            raise refusal(
                "min_value",
                "Ensure this value is greater than or equal to {limit}.",
                limit=self.minimum,
            )
        if self.maximum is not None and number > self.maximum:
            raise refusal(
                "max_value",
                "Ensure this value is less than or equal to {limit}.",
                limit=self.maximum,
            )

    @override
    def describe(self, schema: JsonSchemaValue) -> None:
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum


class Integer(_Bounded):
    """A whole number, `3`, `3.0` or `"3"`, within optional inclusive bounds."""

    @override
    def read(self, value: Any, source: Any) -> int:
        try:
            number = int(_TRAILING_ZEROS.sub("", _number_text(value)))
        except ValueError:
            raise refusal("invalid_input", "A valid integer is required.") from None
        self.check_bounds(number)
        return number


class Number(_Bounded):
    """A finite number, `1.5` or `"1.5"`, within optional inclusive bounds; `3.0` becomes `3`."""

    @override
    def read(self, value: Any, source: Any) -> float:
        try:
            number = float(_number_text(value))
            whole = int(number)
        except (ValueError, OverflowError):
            raise refusal("invalid_input", "A valid number is required.") from None
        self.check_bounds(number)
        return whole if number == whole else number


class Choice(Rule):
    """A value of the annotated `StrEnum`."""

    @override
    def read(self, value: Any, source: type[StrEnum]) -> StrEnum:
        try:
            return source(str(value))
        except ValueError:
            shown = str(value)[:_ECHO_LIMIT]
            raise refusal("invalid_choice", '"{value}" is not a valid choice.', value=shown) from None


class UuidRule(Rule):
    """A UUID in any of the usual spellings."""

    @override
    def read(self, value: Any, source: Any) -> UUID:
        uuid = parse_uuid(value)
        if uuid is None:
            raise refusal("invalid_input", "Must be a valid UUID.")
        return uuid


class ReferenceRule(Rule):
    """The id of another object; an empty text is none."""

    @override
    def validate(self, value: Any, source: Any, inner: Callable[[Any], Any]) -> Any:
        return super().validate(None if value == "" else value, source, inner)

    @override
    def read(self, value: Any, source: Any) -> UUID:
        reference = parse_uuid(value)
        if reference is None:
            raise refusal("invalid_input", "“{value}” is not a valid UUID.", value=str(value)[:_ECHO_LIMIT])
        return reference


class InstantRule(Rule):
    """A point in time, UTC where it names no offset; read as an aware datetime in UTC."""

    @override
    def read(self, value: Any, source: Any) -> datetime:
        match = _INSTANT.fullmatch(value.strip()) if isinstance(value, str) else None
        try:
            return _instant(match)
        except OverflowError:
            raise refusal("overflow", "Datetime value out of range.") from None
        except ValueError:
            raise refusal(
                "invalid_input",
                "Datetime has wrong format. Use one of these formats instead: {format}.",
                format=_INSTANT_FORMAT,
            ) from None


def _number_text(value: Any) -> str:
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(text) > _NUMBER_TEXT_LIMIT:
        raise ValueError
    return text


def _instant(match: re.Match[str] | None) -> datetime:
    if match is None:
        raise ValueError
    day, minute, second, fraction, zone = match.groups()
    text = f"{day}T{minute or '00:00'}:{second or '00'}.{(fraction or '0').ljust(6, '0')}"
    instant = datetime.fromisoformat(text + (zone or "Z").upper())
    return instant.astimezone(UTC)

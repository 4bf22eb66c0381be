"""Field types of HTTP requests and answers.

A request field is declared as `Annotated[<Python type>, <rule>]`. The rules accept the spellings that
the public API accepts (`"yes"` for true, `5` for a string, a naive datetime as UTC, …) and refuse the
rest with its exact messages and codes, as `PydanticCustomError(<code>, <message>)`. A field that is not
nullable refuses null by itself; write `… | None` where null is meant.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema, model_validator

from assay.contracts.wire_json import (
    FormText,
    Items,
    JsonObjectRule,
    JsonOrNullRule,
    JsonValueRule,
    parse_json,
    read_json,
)
from assay.contracts.wire_rules import (
    BooleanRule,
    Choice,
    InstantRule,
    Integer,
    Number,
    ReferenceRule,
    Rule,
    Text,
    UuidRule,
    parse_uuid,
    refusal,
)

__all__ = [
    "Boolean",
    "Choice",
    "FormText",
    "Instant",
    "Integer",
    "Items",
    "JsonObject",
    "JsonOrNull",
    "JsonValue",
    "Number",
    "Reference",
    "RequestModel",
    "ResponseModel",
    "Rule",
    "Text",
    "Timestamp",
    "Uuid",
    "iso_utc",
    "parse_json",
    "parse_uuid",
    "refusal",
]


class RequestModel(BaseModel):
    """Body or query of a request; keys that it does not declare are ignored.

    The docstring under a field is its description in the API description.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _read_form_text(cls, data: Any) -> Any:
        return read_json(data)


class ResponseModel(BaseModel):
    """Body of an answer; keys are sent in the order of the fields.

    The docstring under a field is its description in the API description.
    """

    model_config = ConfigDict(frozen=True)


Boolean = Annotated[bool, BooleanRule()]
"""true/false, 1/0 or one of the accepted words, in any case."""

Uuid = Annotated[UUID, UuidRule()]
"""A UUID in any of the usual spellings."""

Reference = Annotated[UUID, ReferenceRule()]
"""The id of another object of the project."""

Instant = Annotated[datetime, InstantRule()]
"""A point in time as text, UTC where it names no offset; the value is aware, in UTC."""

JsonValue = Annotated[Any, JsonValueRule()]
"""Any JSON value but null."""

JsonOrNull = Annotated[Any, JsonOrNullRule()]
"""Any JSON value."""

JsonObject = Annotated[dict[str, Any], JsonObjectRule()]
"""A JSON object."""


def iso_utc(instant: datetime) -> str:
    """An aware instant as the API writes it: UTC, microseconds unless zero, `Z`."""
    return instant.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


Timestamp = Annotated[
    datetime,
    PlainSerializer(iso_utc, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A point in time in an answer."""

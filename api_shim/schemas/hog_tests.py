"""Body and answer of trying a Hog program out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from api_shim.schemas.condition_sets import MAX_SETS, ConditionSets
from assay.contracts.events import Event, EventRef
from assay.contracts.wire import Boolean, Integer, JsonObject, RequestModel, ResponseModel, Text
from assay.domain.filters.canonical import text_of
from assay.domain.hog.outcomes import HogOutcome
from assay.domain.readable import target_text

MAX_SAMPLES = 10
PREVIEW_CHARACTERS = 200


class HogTestRequest(RequestModel):
    """A program, and on which events to try it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "source": "print('characters:', length(output))\nreturn length(output) < 2000",
                "sample_count": 5,
                "allows_na": False,
                "conditions": [{"properties": [{"key": "env", "value": "production", "type": "event"}]}],
            }
        }
    )

    source: Annotated[str, Text(trim=False)]
    """The program."""
    sample_count: Annotated[int, Integer(1, MAX_SAMPLES)] = 5
    """On how many events."""
    allows_na: Boolean = False
    """Whether the program may return null: not applicable."""
    conditions: Annotated[list[JsonObject], ConditionSets(max_items=MAX_SETS)] = Field(default_factory=list)
    """Only events that one of these sets of filters admits; sets without filters and shares do not count."""


class HogTestRow(ResponseModel):
    """What the program made of one event."""

    event_uuid: UUID
    trace_id: str | None
    input_preview: str
    """Beginning of the readable text of the event's input."""
    output_preview: str
    """Beginning of the readable text of the event's output."""
    result: bool | None
    """The verdict; null if it is not applicable, or there is an error."""
    reasoning: str
    """What the program printed."""
    error: str | None

    @classmethod
    def of(cls, event: Event, outcome: HogOutcome) -> HogTestRow:
        """The row of an event; takes as long as making its text readable."""
        text = target_text(event.event, event.properties)
        return cls(
            event_uuid=event.uuid,
            trace_id=text_of(event.properties.get("$ai_trace_id")),
            input_preview=text.input[:PREVIEW_CHARACTERS],
            output_preview=text.output[:PREVIEW_CHARACTERS],
            result=outcome.verdict,
            reasoning=outcome.reasoning,
            error=outcome.error,
        )

    @classmethod
    def unread(cls, ref: EventRef, outcome: HogOutcome) -> HogTestRow:
        """The row of an event that was not read."""
        return cls(
            event_uuid=ref.uuid,
            trace_id=None,
            input_preview="",
            output_preview="",
            result=outcome.verdict,
            reasoning=outcome.reasoning,
            error=outcome.error,
        )


class HogTestResponse(ResponseModel):
    """What a program made of recent events."""

    results: list[HogTestRow]
    """Newest event first."""
    message: str | None = Field(default=None, exclude_if=lambda message: message is None)
    """Why there are no results; left out if there are some."""

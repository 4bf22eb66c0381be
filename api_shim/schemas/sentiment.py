"""Bodies and answers of sentiment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.json_schema import JsonSchemaValue

from api_shim.moments import moment
from assay.contracts.sentiment import AnalysisLevel, SentimentLabel
from assay.contracts.wire import Boolean, Choice, Items, RequestModel, ResponseModel, Text, Timestamp
from assay.contracts.wire_json import JsonValueRule

MOST_IDS = 5
_LONGEST_ID = 1_000

_Id = Annotated[str, Text(max_length=_LONGEST_ID)]
_DateText = Annotated[str, Text(blank=True)] | None

ALL_TIME = "all"
"""As an end of a span: there is none."""


class SentimentRequest(RequestModel):
    """Of what the sentiment is asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {"ids": ["trace-1"], "date_from": "-30d"}})

    ids: Annotated[list[_Id], Items(max_items=MOST_IDS, empty=False)]
    """Ids of traces, or uuids of generations."""
    analysis_level: Annotated[AnalysisLevel, Choice()] = AnalysisLevel.TRACE
    """What the ids name."""
    force_refresh: Boolean = False
    """Classify anew what was classified already."""
    date_from: _DateText = None
    """Not before this: a date, a date and time, a relative date like `-30d` (`h`, `d`, `w`, `m` or `y`), or
    `all`. By default, and if it is none of these, 7 days ago."""
    date_to: _DateText = None
    """Not after this; of the same forms. By default, and if it is none of them, now."""


class ScoresResponse(ResponseModel):
    """Probabilities, rounded; all 0 where nothing was classified."""

    positive: float
    neutral: float
    negative: float


class MessageSentimentResponse(ResponseModel):
    """How one message feels."""

    label: SentimentLabel
    """The one with the highest score."""
    score: float
    """That of the label."""
    scores: ScoresResponse


class SentimentResult(MessageSentimentResponse):
    """How a trace or a generation feels: the mean of its messages."""

    messages: dict[str, MessageSentimentResponse]
    """By the position of the message in `$ai_input`; in a trace, `<uuid of the generation>:<position>`."""
    message_count: int
    """How many messages were classified."""


class SentimentFailure(ResponseModel):
    """Why there is no result."""

    error: str


class SentimentMetadata(ResponseModel):
    """About the results."""

    backend: str
    """`lexicon`, `onnx` or `llm`."""
    model: str


class SentimentResponse(ResponseModel):
    """The result of each id."""

    results: dict[str, SentimentResult | SentimentFailure]
    metadata: SentimentMetadata


def _date(text: str) -> str:
    if text.strip() != ALL_TIME and moment(text, datetime.now(UTC), last=False) is None:
        raise ValueError("Not a date, like -30d, 2026-03-29 or 2026-03-29T12:00:00Z.")
    return text


_Date = Annotated[str, AfterValidator(_date)] | None


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DateRange(_Strict):
    """A span of time."""

    date_from: _Date = None
    date_to: _Date = None


class GenerationFilters(_Strict):
    """Which generations.

    Attributes:
        filter_test_accounts: has no effect: projects name no test accounts here.
    """

    date_range: DateRange | None = Field(None, alias="dateRange")
    filter_test_accounts: bool | None = Field(None, alias="filterTestAccounts")
    properties: list[Any] | None = None


class _FiltersRule(JsonValueRule):
    """`GenerationFilters` as sent: what is wrong with them is told in a form of its own."""

    def describe(self, schema: JsonSchemaValue) -> None:
        date = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
        schema |= {
            "type": "object",
            "properties": {
                "dateRange": {
                    "type": "object",
                    "properties": {"date_from": date, "date_to": date},
                    "additionalProperties": False,
                },
                "filterTestAccounts": {"type": "boolean", "description": "Has no effect."},
                "properties": {
                    "type": "array",
                    "items": {"type": "object"},
                    "description": "Property filters; a generation has to pass all of them.",
                },
            },
            "additionalProperties": False,
        }


class SentimentGenerationsRequest(RequestModel):
    """Of which generations the newest of each trace are listed."""

    model_config = ConfigDict(json_schema_extra={"example": {"filters": {"dateRange": {"date_from": "-7d"}}}})

    filters: Annotated[Any, _FiltersRule()] = Field(default_factory=dict)
    """Without a `dateRange`, of all time."""


type Row = tuple[UUID, str, str | None, str | None, str, Timestamp, Timestamp]


class SentimentGenerationsResponse(ResponseModel):
    """The newest generation of each trace, newest first."""

    results: list[Row]
    """Rows of seven: uuid, trace id, `$ai_input` as JSON (null if there is none, or it is too long), model,
    distinct id, and when the newest and the oldest of the trace's generations happened."""

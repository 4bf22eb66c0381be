"""Bodies and answers of summaries."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, model_validator

from assay.contracts.summarization import Summary, SummaryKind, SummaryMode
from assay.contracts.wire import (
    Boolean,
    Choice,
    Items,
    JsonOrNull,
    RequestModel,
    ResponseModel,
    Rule,
    Text,
    refusal,
)
from assay.domain.filters.dates import NamedDate

MAX_TRACE_IDS = 100
_LONGEST_ID = 1_000


class _DateRule(Rule):
    """A date, a date and time, or a relative date."""

    def read(self, value: object, source: object) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if NamedDate.parse(text, exact=False) is None:
            raise refusal("invalid_input", "Not a date, like -30d, 2026-03-29 or 2026-03-29T12:00:00Z.")
        return text


_Id = Annotated[str, Text(max_length=_LONGEST_ID)]
_Model = Annotated[str, Text(max_length=200, blank=True)] | None
_Date = Annotated[str, _DateRule()] | None


class SummarizationRequest(RequestModel):
    """What is summarised: what was captured under an id, or data that are sent along."""

    model_config = ConfigDict(json_schema_extra={"example": {"trace_id": "trace-1", "mode": "detailed"}})

    summarize_type: Annotated[SummaryKind, Choice()] | None = None
    """What `data` are; an id says so by itself."""
    mode: Annotated[SummaryMode, Choice()] = SummaryMode.MINIMAL
    """`minimal`: 3 to 5 bullets; `detailed`: 5 to 10."""
    data: JsonOrNull = None
    """`{"trace", "hierarchy"}` or `{"event"}`, as for `text_repr`."""
    force_refresh: Boolean = False
    """Make the summary anew, although there is one."""
    model: _Model = None
    """Model to ask; the usual one if it is empty."""
    trace_id: _Id | None = None
    """Summarise a captured trace."""
    generation_id: _Id | None = None
    """Summarise a captured generation, span, embedding or evaluation, by its uuid."""
    date_from: _Date = None
    """Where to look for what an id names: not before this. By default 30 days ago."""
    date_to: _Date = None
    """Not after this. By default now."""

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        ids = [given for given in (self.trace_id, self.generation_id) if given is not None]
        if self.data is not None and ids:
            raise refusal("invalid_input", "Send either data or an id, not both.")
        if len(ids) > 1:
            raise refusal("invalid_input", "Send either trace_id or generation_id, not both.")
        if self.data is None and not ids:
            raise refusal("invalid_input", "Send data, trace_id or generation_id.")
        if self.data is not None and self.summarize_type is None:
            raise refusal("invalid_input", "summarize_type is required with data.")
        return self


class PointResponse(ResponseModel):
    """One thing that is said."""

    text: str
    line_refs: str
    """Lines of the text that show it, like `L45` or `L3-L7, L12`; may be empty."""


class SummaryResponse(ResponseModel):
    """A summary."""

    title: str
    flow_diagram: str
    """A Mermaid flowchart; may be empty."""
    summary_bullets: list[PointResponse]
    interesting_notes: list[PointResponse]

    @classmethod
    def of(cls, summary: Summary) -> SummaryResponse:
        """The summary as it is sent."""
        return cls.model_validate(summary.model_dump())


class SummaryMetadata(ResponseModel):
    """About a summary."""

    text_repr_length: int
    """Length of the text, in characters."""
    summarize_type: SummaryKind
    model: str | None
    """The model that wrote it; null if none was asked, as there was nothing to summarise."""


class SummarizationResponse(ResponseModel):
    """A summary, and the text that it refers to."""

    summary: SummaryResponse
    text_repr: str
    """The text that was summarised, every line with its number."""
    metadata: SummaryMetadata


class BatchCheckRequest(RequestModel):
    """Of which traces there are summaries."""

    model_config = ConfigDict(json_schema_extra={"example": {"trace_ids": ["trace-1", "trace-2"]}})

    trace_ids: Annotated[list[_Id], Items(max_items=MAX_TRACE_IDS)]
    mode: Annotated[SummaryMode, Choice()] = SummaryMode.MINIMAL
    """Of the summaries."""
    model: _Model = None
    """The one that the summaries were asked for with."""


class CachedSummary(ResponseModel):
    """A summary that there is."""

    trace_id: str
    title: str
    cached: bool


class BatchCheckResponse(ResponseModel):
    """The summaries that there are, in the order of the request."""

    summaries: list[CachedSummary]

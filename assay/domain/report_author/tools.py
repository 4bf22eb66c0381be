"""The tools of a report's author: names, arguments, and how they are described to the model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MAX_TITLE_CHARS: Final = 200
MAX_SECTION_CHARS: Final = 20_000
MAX_REASON_CHARS: Final = 200
MAX_ID_CHARS: Final = 255

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_QUOTED_NAME_CHARS: Final = 60


class ToolMisuse(Exception):
    """A tool cannot be used like that; the text tells the model why."""


def _clamp(least: int, most: int, value: int) -> int:
    return min(max(value, least), most)


def _canonical(text: str) -> str:
    """A UUID as it is printed, and nothing else: what else could be read as one is no id of ours."""
    try:
        is_canonical = str(UUID(text)) == text
    except ValueError:
        is_canonical = False
    if not is_canonical:
        raise ValueError("not an id as a tool returned it")
    return text


def _plain_id(text: str) -> str:
    if not 0 < len(text) <= MAX_ID_CHARS or _CONTROL.search(text):
        raise ValueError("not an id as a tool returned it")
    return text


_GenerationId = Annotated[str, AfterValidator(_canonical)]
_TraceId = Annotated[str, AfterValidator(_plain_id)]
_Limit = Annotated[int, AfterValidator(partial(_clamp, 1, 500))]
_Outcome = Literal["pass", "fail", "na"]


class Arguments(BaseModel):
    """What a tool is called with; what it does not know is ignored.

    Attributes:
        name: of the tool; the class's docstring describes it to the model.
        writes: whether it adds to the report, and reads nothing.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: ClassVar[str]
    writes: ClassVar[bool] = False


class SummaryMetrics(Arguments):
    """The numbers of the period and of the one before it. Readers see them next to your text."""

    name = "get_summary_metrics"


class Distribution(Arguments):
    """How many results of each outcome came in per hour or day (UTC) of the period."""

    name = "get_result_distribution_over_time"
    by: Literal["hour", "day"] = Field("day", description="Width of the steps.")


class AllResults(Arguments):
    """An overview of the results: each with its outcome and the beginning of its reasoning.

    Where there are more than the limit, a random sample.
    """

    name = "list_all_eval_results"
    limit: _Limit = Field(500, description="Results at most: 1 to 500.")
    reasoning_chars: Annotated[int, AfterValidator(partial(_clamp, 20, 200))] = Field(
        80, description="Characters of each reasoning: 20 to 200."
    )


class SampleResults(Arguments):
    """Results with their whole reasoning."""

    name = "sample_eval_results"
    outcome: _Outcome | None = Field(None, description="Only results of this outcome.")
    limit: _Limit = Field(50, description="Results at most: 1 to 500.")
    order: Literal["recent", "random"] = Field("recent", description="Newest first, or a random sample.")


class TopReasons(Arguments):
    """The most frequent reasonings of an outcome, word by word, with how often each was given."""

    name = "get_top_outcome_reasons"
    outcome: _Outcome = Field(description="Of which outcome.")
    limit: _Limit = Field(10, description="Reasonings at most: 1 to 500.")


class SampleGenerations(Arguments):
    """The beginnings of input and output of judged generations."""

    name = "sample_generation_details"
    generation_ids: tuple[_GenerationId, ...] = Field(
        description="At most 20 ids that an earlier query returned."
    )


class GenerationDetail(Arguments):
    """Input and output of one generation in full, and what evaluations say about it."""

    name = "get_generation_detail"
    generation_id: _GenerationId = Field(description="An id that an earlier query returned.")


class SampleTraces(Arguments):
    """The events of traces in short."""

    name = "sample_trace_details"
    trace_ids: tuple[_TraceId, ...] = Field(description="At most 10 ids that an earlier query returned.")


class TraceDetail(Arguments):
    """The events of one trace at length."""

    name = "get_trace_detail"
    trace_id: _TraceId = Field(description="An id that an earlier query returned.")


class RecentReports(Arguments):
    """Earlier reports on this evaluation, newest first."""

    name = "list_recent_report_runs"
    since_days: Annotated[int, AfterValidator(partial(_clamp, 1, 365))] = Field(
        30, description="How far to look back: 1 to 365 days."
    )
    limit: Annotated[int, AfterValidator(partial(_clamp, 1, 200))] = Field(
        20, description="Reports at most: 1 to 200."
    )


class EarlierReport(Arguments):
    """The text and numbers of an earlier report."""

    name = "get_report_run"
    run_id: _GenerationId = Field(description="An id that list_recent_report_runs returned.")


class SetTitle(Arguments):
    """Set the title of the report; again replaces it."""

    name = "set_title"
    writes = True
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_CHARS)
    ] = Field(description="One line that says what is new; at most 200 characters.")


class AddSection(Arguments):
    """Add a section; one with the title of an earlier section replaces that one."""

    name = "add_section"
    writes = True
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_CHARS)
    ] = Field(description="Its heading.")
    content: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SECTION_CHARS)
    ] = Field(description="Markdown without the heading. Ids stand in backticks and are cited.")


class AddCitation(Arguments):
    """Cite a generation as evidence, so that readers can open it; again replaces the reason."""

    name = "add_citation"
    writes = True
    generation_id: _GenerationId = Field(description="An id that an earlier query returned.")
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_CHARS)
    ] = Field(description="What it shows; at most 200 characters.")


TOOLS: Final[Mapping[str, type[Arguments]]] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            SummaryMetrics,
            Distribution,
            AllResults,
            SampleResults,
            TopReasons,
            SampleGenerations,
            GenerationDetail,
            SampleTraces,
            TraceDetail,
            RecentReports,
            EarlierReport,
            SetTitle,
            AddSection,
            AddCitation,
        )
    }
)
"""Every tool by its name."""


def definitions() -> tuple[dict[str, Any], ...]:
    """The tools as OpenAI's chat API takes them."""
    return tuple(
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": " ".join((tool.__doc__ or "").split()),
                "parameters": _untitled(tool.model_json_schema()),
            },
        }
        for tool in TOOLS.values()
    )


def parsed(name: str, arguments: str) -> Arguments:
    """What the model wants, checked.

    Args:
        arguments: JSON as the model wrote it.

    Raises:
        ToolMisuse: there is no such tool, or it does not take that.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise ToolMisuse(f"There is no tool {name[:_QUOTED_NAME_CHARS]!r}.")
    try:
        return tool.model_validate(json.loads(arguments or "{}"))
    except ValidationError as error:
        raise ToolMisuse(_explained(error)) from None
    except (ValueError, RecursionError):
        raise ToolMisuse("The arguments are not JSON.") from None


def at_most[T](most: int, values: Sequence[T]) -> list[T]:
    """The first values, each once."""
    return list(dict.fromkeys(values))[:most]


def _explained(error: ValidationError) -> str:
    places = (
        (".".join(map(str, fault["loc"])) or "arguments", fault["msg"])
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return "; ".join(f"{place}: {message}" for place, message in places)


def _untitled(schema: Any) -> Any:
    """A JSON schema without the titles and texts that pydantic makes of names and docstrings."""
    properties = {
        name: {key: value for key, value in each.items() if key != "title"}
        for name, each in schema.get("properties", {}).items()
    }
    required = {"required": schema["required"]} if "required" in schema else {}
    return {"type": "object", "properties": properties, **required, "additionalProperties": False}

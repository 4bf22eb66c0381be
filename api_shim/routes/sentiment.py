"""`/llm_analytics/sentiment/`: how the users of traces and generations feel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from api_shim.consent import require_ai_consent
from api_shim.error_bodies import FieldErrors
from api_shim.errors import FIELDS_OR_ERROR
from api_shim.operations import Call, Operation, Resource
from api_shim.responses import JsonResponse
from api_shim.schemas.sentiment import (
    DateRange,
    GenerationFilters,
    SentimentFailure,
    SentimentGenerationsRequest,
    SentimentGenerationsResponse,
    SentimentMetadata,
    SentimentRequest,
    SentimentResponse,
    SentimentResult,
)
from api_shim.sentiment_texts import latest_generations, messages_asked_for
from api_shim.sentiment_work import Known, scores_of
from api_shim.throttle import Limits, Rate
from assay.contracts.sentiment import SentimentScores
from assay.domain.filters.parsing import parse_filters
from assay.domain.filters.predicates import Filters
from assay.domain.sentiment.aggregation import sentiment_of
from assay.domain.sentiment.extraction import Message
from assay.errors import UnsupportedFilter

_LIMITS: Final = Limits("sentiment", (Rate(120, 60), Rate(1_200, 3_600)))

type _Call = Call[SentimentRequest, None]


async def classify(call: _Call) -> SentimentResponse:
    """Tell how users feel.

    A model classifies what the users wrote in up to five traces or generations, message by message. An id
    that names nothing, or nothing that a user wrote, is neutral with scores of 0. What a model said of a text
    is remembered for a week, wherever the text is said again.
    """
    source = call.deps.sentiment
    if source.is_third_party:
        await require_ai_consent(call)
    form = await call.body()
    said = await messages_asked_for(call, form)
    texts = (message.text for messages in said.values() for message in messages)
    known = await scores_of(call, texts, refresh=form.force_refresh)
    results = await asyncio.to_thread(_results, said, known)
    return SentimentResponse(
        results=results, metadata=SentimentMetadata(backend=source.backend, model=source.model)
    )


async def list_generations(
    call: Call[SentimentGenerationsRequest, None],
) -> Response:
    """List the newest generation of each trace.

    Up to 200 traces, those with the newest matching generations first.
    """
    form = await call.body()
    now = datetime.now(UTC)
    try:
        filters = GenerationFilters.model_validate(form.filters)
        parsed = parse_filters(filters.properties or [])
    except ValidationError as error:
        return _refused(error.errors(include_url=False, include_context=False, include_input=False))
    except UnsupportedFilter as error:
        return _refused([{"type": "value_error", "loc": ("properties",), "msg": error.detail}])
    async with call.deps.large_reads:
        return await asyncio.to_thread(_rows, call, parsed, filters.date_range or DateRange(), now)


def _rows(call: Call[Any, Any], filters: Filters, date_range: DateRange, now: datetime) -> Response:
    """The answer as it is sent: writing megabytes takes as long as reading them.

    Raises:
        WorkFailed: the event store did not answer.
    """
    found = latest_generations(call, filters, date_range, now)
    return JsonResponse(
        SentimentGenerationsResponse(
            results=[
                (
                    each.uuid,
                    each.trace_id,
                    each.input,
                    each.model,
                    each.distinct_id,
                    each.last_at,
                    each.first_at,
                )
                for each in found
            ]
        )
    )


def _refused(problems: Sequence[Any]) -> Response:
    return JsonResponse(FieldErrors({"filters": list(problems)}), 400)


def _results(
    said: Mapping[str, Sequence[Message]], known: Known
) -> dict[str, SentimentResult | SentimentFailure]:
    return {
        asked: _result(messages, known.scores)
        if all(message.text in known.scores for message in messages)
        else SentimentFailure(error=known.problem)
        for asked, messages in said.items()
    }


def _result(messages: Sequence[Message], scores: Mapping[str, SentimentScores]) -> SentimentResult:
    found = sentiment_of({message.key: scores[message.text] for message in messages})
    return SentimentResult.model_validate(found.model_dump())


RESOURCE = Resource(
    path="llm_analytics/sentiment",
    scope="llm_analytics",
    operations=(
        Operation(
            "create",
            "POST",
            "",
            classify,
            body=SentimentRequest,
            response=SentimentResponse,
            limits=_LIMITS,
            errors=FIELDS_OR_ERROR,
            also={
                400: "there is no key for a model provider, or it is not usable (backend `llm`).",
                500: "The messages could not be read, or the model classified none of them.",
                503: "Temporal or a store cannot be reached.",
                504: "The model takes long; the work goes on, and the same request without `force_refresh` "
                "joins it.",
            },
        ),
        Operation(
            "generations",
            "POST",
            "generations",
            list_generations,
            body=SentimentGenerationsRequest,
            response=SentimentGenerationsResponse,
            limits=_LIMITS,
            errors=FIELDS_OR_ERROR,
            also={500: "The generations could not be read."},
        ),
    ),
)

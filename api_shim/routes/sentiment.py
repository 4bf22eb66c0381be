"""`/llm_analytics/sentiment/`: how the users of traces and generations feel."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from api_shim.answers import Work, result_of
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
from api_shim.throttle import Limits, Rate
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.sentiment import (
    SentimentBatchInput,
    SentimentBatchResult,
    SentimentScores,
    SentimentSource,
    StoredScores,
)
from assay.domain.filters.parsing import parse_filters
from assay.domain.sentiment.aggregation import sentiment_of
from assay.domain.sentiment.batches import text_digest, work_digest, work_facts, work_line
from assay.domain.sentiment.extraction import Message
from assay.errors import StillWorking, UnsupportedFilter
from assay.temporal.ids import answer_id
from assay.temporal.search_attributes import PROJECT, TRIGGER, pairs

_LIMITS: Final = Limits("sentiment", (Rate(120, 60), Rate(1_200, 3_600)))

_REFRESH_TAKES_LONG: Final = (
    "This takes longer than usual. Send the request again without force_refresh to get the result."
)
_NOT_KEPT: Final = "The scores of some messages are not kept any more; send the request again."

type _Call = Call[SentimentRequest, None]
type _Digests = Mapping[str, str]
"""What each text's scores are kept under."""


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
    digests = await asyncio.to_thread(_digests, source, said.values())
    known = {} if form.force_refresh else await _known(call, digests.values())
    missing = {text: digest for text, digest in digests.items() if digest not in known}
    problem = ""
    if missing:
        problem = (await _classified(call, digests, missing, refresh=form.force_refresh)).problem
        known |= await _known(call, missing.values())
    scores = {text: known[digest] for text, digest in digests.items() if digest in known}
    results = await asyncio.to_thread(_results, said, scores, problem or _NOT_KEPT)
    return SentimentResponse(
        results=results, metadata=SentimentMetadata(backend=source.backend, model=source.model)
    )


async def list_generations(
    call: Call[SentimentGenerationsRequest, None],
) -> SentimentGenerationsResponse | Response:
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
    found = await latest_generations(call, parsed, filters.date_range or DateRange(), now)
    return SentimentGenerationsResponse(
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


def _refused(problems: Sequence[Any]) -> Response:
    return JsonResponse(FieldErrors({"filters": list(problems)}), 400)


def _digests(source: SentimentSource, said: Iterable[Sequence[Message]]) -> dict[str, str]:
    texts = {message.text for messages in said for message in messages}
    return {text: text_digest(source, text) for text in texts}


async def _known(call: _Call, digests: Iterable[str]) -> dict[str, SentimentScores]:
    """The scores that are kept, by digest."""
    found = await call.deps.registry.artifacts.get_all(call.project.id, ArtifactKind.SENTIMENT, list(digests))
    return {digest: StoredScores.model_validate(artifact.body).scores for digest, artifact in found.items()}


async def _classified(
    call: _Call, wanted: _Digests, missing: _Digests, *, refresh: bool
) -> SentimentBatchResult:
    """Have texts classified, or wait for who does it already.

    Args:
        wanted: all texts that the request is about. They name the work, so that the same request joins it
            however far it is.
        missing: those that have no scores.

    Raises:
        StillWorking: it takes longer than a request waits.
        RequestError: see `result_of`.
    """
    source, project_id = call.deps.sentiment, call.project.id
    texts = sorted(missing, key=lambda text: missing[text])  # in whatever order they were said
    work = SentimentBatchInput(
        project_id=project_id,
        digest=work_digest(project_id, source, [missing[text] for text in texts], refresh=refresh),
        texts=len(texts),
        backend=source.backend,
        model=source.model,
        refresh=refresh,
    )
    await call.deps.registry.artifacts.put(
        Artifact(
            project_id=project_id,
            kind=ArtifactKind.TEXT,
            digest=work.digest,
            body=texts,
            created_at=datetime.now(UTC),
        )
    )
    whole = work_digest(project_id, source, sorted(wanted.values()), refresh=refresh)
    try:
        return await result_of(call, _workflow(work, whole))
    except StillWorking:
        if not refresh:
            raise
        # With it, the next request would begin once more, and be told the same.
        raise StillWorking(_REFRESH_TAKES_LONG) from None


def _workflow(work: SentimentBatchInput, whole: str) -> Work[SentimentBatchResult]:
    return Work(
        workflow="sentiment-batch",
        id=answer_id("sentiment", whole),
        argument=work,
        result=SentimentBatchResult,
        attributes=pairs((PROJECT, str(work.project_id)), (TRIGGER, "manual")),
        summary=work_line(work),
        details=work_facts(work),
    )


def _results(
    said: Mapping[str, Sequence[Message]], scores: Mapping[str, SentimentScores], problem: str
) -> dict[str, SentimentResult | SentimentFailure]:
    return {
        asked: _result(messages, scores)
        if all(message.text in scores for message in messages)
        else SentimentFailure(error=problem)
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
                504: "The model takes long; the work goes on, and the same request joins it.",
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

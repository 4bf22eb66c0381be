"""`/llm_analytics/summarization/`: what a trace or an event says, in short."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response

from api_shim.answers import PATIENCE_SECONDS, Work, result_of
from api_shim.consent import require_ai_consent
from api_shim.errors import FIELDS, STANDARD
from api_shim.operations import Call, Operation, Resource
from api_shim.schemas.summarization import (
    BatchCheckRequest,
    BatchCheckResponse,
    CachedSummary,
    SummarizationRequest,
    SummarizationResponse,
    SummaryMetadata,
    SummaryResponse,
)
from api_shim.summary_entities import entity_of
from api_shim.throttle import Limits, Rate
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.summarization import (
    StoredSummary,
    SummarizationInput,
    SummarizationResult,
    Summary,
    SummaryKind,
)
from assay.domain.digests import digest_of
from assay.domain.summaries.details import summary_facts, summary_line
from assay.domain.summaries.entities import (
    LONGEST_TEXT,
    Entity,
    nothing_to_summarise,
    subject_of,
    summary_digest,
    variant_of,
)
from assay.errors import FieldError, NotPossible, ServiceUnavailable, StillWorking
from assay.temporal.ids import answer_id
from assay.temporal.search_attributes import PROJECT, TRIGGER, pairs

_WORKFLOW: Final = "summarization"
_LIMITS: Final = Limits("summarization", (Rate(50, 60), Rate(200, 3_600), Rate(500, 86_400)))

_REFRESH_TAKES_LONG: Final = (
    "This takes longer than usual. Send the request again without force_refresh to get the result."
)

type _Call = Call[SummarizationRequest, None]


async def summarize(call: _Call) -> SummarizationResponse | Response:
    """Summarise a trace or an event.

    A model reads the text of it; every reference in the summary names lines of that text. The same text has
    one summary for each mode and model, which is remembered for a week. A text that is too long for the model
    is read in pieces.
    """
    await require_ai_consent(call)
    form = await call.body()
    async with call.deps.large_reads:  # for the length of the reading, not of the waiting
        try:
            entity = await entity_of(call, form)
        except FieldError as error:  # unlike what breaks the rules of a field, in the standard body
            return STANDARD.response(error)
        text = await asyncio.to_thread(_text_of, entity)
        text_digest = await asyncio.to_thread(digest_of, text)
        has_payload = await asyncio.to_thread(lambda: entity.has_payload)
    if not has_payload:
        return _response(entity, text, nothing_to_summarise(), None)
    work = _work(call, form, entity, text, text_digest)
    stored = None if work.refresh else await _stored(call, work)
    if stored is None:
        await _make(call, work, text)
        stored = await _stored(call, work)
    if stored is None:
        raise ServiceUnavailable("The summary is not kept any more; send the request again.")
    return _response(entity, text, stored.summary, stored.model)


async def check_batch(call: Call[BatchCheckRequest, None]) -> BatchCheckResponse:
    """Look which traces have summaries.

    Only those that are as their traces are now; no model is asked.
    """
    await require_ai_consent(call)
    form = await call.body()
    subjects = {trace_id: subject_of(trace_id) for trace_id in form.trace_ids}
    variant = variant_of(SummaryKind.TRACE, form.mode, form.model or None)
    found = await call.deps.registry.artifacts.latest(
        call.project.id, ArtifactKind.SUMMARY, list(subjects.values()), variant
    )
    marked = [
        trace_id for trace_id, subject in subjects.items() if subject in found and found[subject].source
    ]
    marks = await asyncio.to_thread(call.deps.traces.marks, call.project.id, marked)
    summaries = [
        CachedSummary(
            trace_id=trace_id,
            title=StoredSummary.model_validate(artifact.body).summary.title,
            cached=True,
        )
        for trace_id in form.trace_ids
        if (artifact := found.get(subjects[trace_id])) is not None
        and artifact.source in ("", marks.get(trace_id))
    ]
    return BatchCheckResponse(summaries=summaries)


def _text_of(entity: Entity) -> str:
    """The text of it.

    Raises:
        NotPossible: it is too long.
    """
    text = entity.text
    if len(text) > LONGEST_TEXT:
        raise NotPossible(
            f"The text is too long: it has {len(text):,} characters; {LONGEST_TEXT:,} are summarised at most."
        )
    return text


def _work(
    call: _Call, form: SummarizationRequest, entity: Entity, text: str, text_digest: str
) -> SummarizationInput:
    model = form.model or None
    subject = subject_of(entity.id)
    variant = variant_of(entity.kind, form.mode, model, is_whole=entity.is_whole)
    return SummarizationInput(
        project_id=call.project.id,
        kind=entity.kind,
        mode=form.mode,
        digest=summary_digest(call.project.id, subject, variant, text_digest),
        text_digest=text_digest,
        text_length=len(text),
        subject=subject,
        variant=variant,
        source=entity.source,
        model=model,
        refresh=form.force_refresh,
    )


async def _stored(call: _Call, work: SummarizationInput) -> StoredSummary | None:
    """The summary if there is one. It is told if the trace has been touched without a change of its text."""
    artifacts = call.deps.registry.artifacts
    found = await artifacts.get(work.project_id, ArtifactKind.SUMMARY, work.digest)
    if found is None:
        return None
    if work.source not in ("", found.source):
        await artifacts.put(found.model_copy(update={"source": work.source}))
    return StoredSummary.model_validate(found.body)


async def _make(call: _Call, work: SummarizationInput, text: str) -> None:
    """Have the summary made, or wait for who makes it already.

    Who wants it made anew may join somebody who was content with what was there; then it is made once more.

    Raises:
        StillWorking: it takes longer than a request waits.
    """
    await call.deps.registry.artifacts.put(
        Artifact(
            project_id=work.project_id,
            kind=ArtifactKind.TEXT,
            digest=work.text_digest,
            body=text,
            created_at=datetime.now(UTC),
        )
    )
    wanted = Work(
        workflow=_WORKFLOW,
        id=answer_id(_WORKFLOW, work.digest),
        argument=work,
        result=SummarizationResult,
        attributes=pairs((PROJECT, str(work.project_id)), (TRIGGER, "manual")),
        summary=summary_line(work),
        details=summary_facts(work),
    )
    clock = asyncio.get_running_loop().time
    until = clock() + PATIENCE_SECONDS
    try:
        made = await result_of(call, wanted)
        while work.refresh and not made.is_new:
            made = await result_of(call, wanted, patience_seconds=until - clock())
    except StillWorking:
        if not work.refresh:
            raise
        # With it, the next request would begin once more, and be told the same.
        raise StillWorking(_REFRESH_TAKES_LONG) from None


def _response(entity: Entity, text: str, summary: Summary, model: str | None) -> SummarizationResponse:
    return SummarizationResponse(
        summary=SummaryResponse.of(summary),
        text_repr=text,
        metadata=SummaryMetadata(text_repr_length=len(text), summarize_type=entity.kind, model=model),
    )


RESOURCE = Resource(
    path="llm_analytics/summarization",
    scope="llm_analytics",
    operations=(
        Operation(
            "create",
            "POST",
            "",
            summarize,
            body=SummarizationRequest,
            response=SummarizationResponse,
            limits=_LIMITS,
            errors=FIELDS,
            also={
                400: "the data or the trace cannot be summarised, or there is no key for a model provider.",
                404: "There is nothing with that id in that span of time.",
                500: "The model gave no summary.",
                503: "Temporal or a store cannot be reached.",
                504: "The model takes long; the work goes on, and the same request joins it.",
            },
        ),
        Operation(
            "batch_check",
            "POST",
            "batch_check",
            check_batch,
            body=BatchCheckRequest,
            response=BatchCheckResponse,
            limits=_LIMITS,
            errors=FIELDS,
        ),
    ),
)

"""`/llm_analytics/evaluation_summary/`: what the runs of an evaluation have in common."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from api_shim.answers import Work, result_of
from api_shim.consent import require_ai_consent
from api_shim.errors import FIELDS_OR_ERROR_AND_DETAIL
from api_shim.operations import Call, Operation, Resource
from api_shim.schemas.evaluation_summary import EvaluationSummaryRequest, EvaluationSummaryResponse
from api_shim.throttle import Limits, Rate
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.evaluation_summaries import (
    MAX_RUNS,
    EvaluationSummaryInput,
    EvaluationSummaryMade,
    SummaryMaterial,
)
from assay.contracts.evaluations import Evaluation
from assay.domain.digests import digest_of
from assay.domain.evaluation_summaries.details import summary_facts, summary_line
from assay.domain.evaluation_summaries.material import material_of, summary_digest
from assay.domain.evaluation_summaries.prompt import asked_model, parts_of
from assay.errors import FieldError, NotFound, NotPossible, WorkFailed
from assay.temporal.ids import answer_id
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER, pairs

_LIMITS: Final = Limits("evaluation_summary", (Rate(50, 60), Rate(200, 3_600), Rate(500, 86_400)))

type _Call = Call[EvaluationSummaryRequest, None]


async def summarize_evaluation(call: _Call) -> EvaluationSummaryResponse:
    """Summarise the runs of an evaluation.

    A model reads the newest runs and says what they have in common; the counts come from the data. The same
    runs with the same verdicts have one summary of each provider's model, which is remembered for a week.
    """
    await require_ai_consent(call)
    form = await call.body()
    evaluation = await call.deps.registry.evaluations.get(call.project.id, form.evaluation_id)
    if evaluation is None:
        raise NotFound(f"Evaluation {form.evaluation_id} not found.")
    material = await _material(call, evaluation, form)
    digest = await _digest(call, form, material)
    found = None if form.force_refresh else await _stored(call, digest)
    if found is None:
        await _make(call, form, material, digest)
        found = await _stored(call, digest)
    if found is None:
        raise WorkFailed("The summary is not kept any more; send the request again.")
    return EvaluationSummaryResponse.model_validate(found.body)


async def _material(call: _Call, evaluation: Evaluation, form: EvaluationSummaryRequest) -> SummaryMaterial:
    """What the summary is made from.

    Raises:
        NotPossible: there are no runs.
    """
    runs = await asyncio.to_thread(
        call.deps.judged_runs.newest,
        call.project.id,
        evaluation.id,
        which=form.filter,
        generation_ids=form.generation_ids,
        limit=MAX_RUNS,
    )
    if not runs:
        raise NotPossible(f"Evaluation {evaluation.id} has no runs like these.")
    return material_of(evaluation, runs)


async def _digest(call: _Call, form: EvaluationSummaryRequest, material: SummaryMaterial) -> str:
    """What makes the summary the same work as another."""
    config = await call.deps.registry.evaluation_config.get(call.project.id)
    active = config.active_provider_key
    model = asked_model(None if active is None else active.provider)
    return await asyncio.to_thread(
        summary_digest, call.project.id, form.evaluation_id, form.filter, material.runs, model
    )


async def _stored(call: _Call, digest: str) -> Artifact | None:
    kind = ArtifactKind.EVALUATION_SUMMARY
    return await call.deps.registry.artifacts.get(call.project.id, kind, digest)


async def _make(
    call: _Call, form: EvaluationSummaryRequest, material: SummaryMaterial, digest: str
) -> EvaluationSummaryMade:
    """Have the summary made, or wait for who makes it already. Who wants a new one joins only their like."""
    project_id = call.project.id
    parts = await asyncio.to_thread(parts_of, material)
    await call.deps.registry.artifacts.put(
        Artifact(
            project_id=project_id,
            kind=ArtifactKind.TEXT,
            digest=digest,
            body=await asyncio.to_thread(material.model_dump_json),
            created_at=datetime.now(UTC),
        )
    )
    work = Work(
        workflow="evaluation-summary",
        id=answer_id("evaluation-summary", digest_of(digest, "anew") if form.force_refresh else digest),
        argument=EvaluationSummaryInput(
            project_id=project_id,
            evaluation_id=form.evaluation_id,
            digest=digest,
            runs=len(material.runs),
            parts=parts,
            refresh=form.force_refresh,
        ),
        result=EvaluationSummaryMade,
        attributes=pairs(
            (PROJECT, str(project_id)), (EVALUATION, str(form.evaluation_id)), (TRIGGER, "manual")
        ),
        summary=summary_line(material),
        details=summary_facts(project_id, form.evaluation_id, material, form.filter, len(parts)),
    )
    try:
        return await result_of(call, work)
    except FieldError as error:  # no field of this request says which model
        raise WorkFailed(error.detail) from error


RESOURCE = Resource(
    path="llm_analytics/evaluation_summary",
    scope="llm_analytics",
    operations=(
        Operation(
            "create",
            "POST",
            "",
            summarize_evaluation,
            body=EvaluationSummaryRequest,
            response=EvaluationSummaryResponse,
            limits=_LIMITS,
            errors=FIELDS_OR_ERROR_AND_DETAIL,
            also={
                400: "there are no such runs, or no usable key for a model provider.",
                404: "There is no such evaluation.",
                500: "The model gave no summary.",
                503: "Temporal or a store cannot be reached.",
                504: "The model takes long; the work goes on, and the same request joins it.",
            },
        ),
    ),
)

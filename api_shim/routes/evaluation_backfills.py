"""`/evaluation_backfills/`: an evaluation judges a part of history, with a durable workflow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from api_shim.backfill_workflows import Backfills
from api_shim.consent import require_ai_consent
from api_shim.operations import Call, Operation, Resource
from api_shim.pagination import Page, PageQuery, page_of
from api_shim.schemas.evaluation_backfills import (
    BackfillReference,
    BackfillResponse,
    EvaluationBackfillRequest,
)
from assay.contracts.evaluation_backfills import BackfillCommand, EvaluationBackfillInput
from assay.contracts.evaluations import Evaluation, EvaluationStatus, EvaluationType
from assay.domain.backfill_progress import progress_of
from assay.domain.backfills import new_state
from assay.errors import FieldError, NotFound, NotPossible

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def create_backfill(call: Call[EvaluationBackfillRequest, None]) -> BackfillResponse:
    """Judge a time window of history.

    Starts a Temporal workflow that goes through the generations of the window, newest first. Those that the
    conditions of the evaluation admit are judged, unless this version of the evaluation has judged them. Live
    traffic goes first. One backfill of an evaluation can run at a time.
    """
    form = await call.body()
    now = datetime.now(UTC)
    since, until = _window(form, now)
    evaluation = await _find_evaluation(call, form)
    if evaluation.evaluation_type is EvaluationType.LLM_JUDGE:
        await require_ai_consent(call)
    backfill = EvaluationBackfillInput(
        project_id=call.project.id,
        backfill_id=uuid4(),
        evaluation_id=evaluation.id,
        evaluation_name=evaluation.name,
        evaluation_type=evaluation.evaluation_type,
        since=since,
        until=until,
        requested_by=call.principal.user.email,
        requested_at=now,
    )
    await _backfills(call).start(backfill)
    return BackfillResponse.of_progress(progress_of(backfill, new_state(now), now))


async def list_backfills(call: Call[None, PageQuery]) -> Page[BackfillReference]:
    """List all backfills.

    Running ones first, then the others as long as Temporal keeps them.
    """
    count, found = await _backfills(call).page(call.query.limit, call.query.offset)
    return page_of(call, count, [BackfillReference.of(asked, status) for asked, status in found])


async def retrieve_backfill(call: Call[None, None]) -> BackfillResponse:
    """Show how far a backfill is."""
    return BackfillResponse.of_progress(await _backfills(call).progress(call.id))


async def pause_backfill(call: Call[None, None]) -> BackfillResponse:
    """Pause a backfill.

    What is claimed is judged to the end (some hundred generations), and nothing more is claimed.
    """
    return await _tell(call, BackfillCommand.PAUSE)


async def resume_backfill(call: Call[None, None]) -> BackfillResponse:
    """Let a backfill go on, whether a person or something in its way has paused it."""
    return await _tell(call, BackfillCommand.RESUME)


async def cancel_backfill(call: Call[None, None]) -> BackfillResponse:
    """Cancel a backfill.

    It ends when what is claimed has been judged. Verdicts stay; another backfill passes them by.
    """
    return await _tell(call, BackfillCommand.CANCEL)


async def _tell(call: Call[None, None], command: BackfillCommand) -> BackfillResponse:
    return BackfillResponse.of_progress(await _backfills(call).tell(call.id, command))


def _backfills[Body, Query](call: Call[Body, Query]) -> Backfills:
    return Backfills(call.deps.temporal, call.project.id)


def _window(form: EvaluationBackfillRequest, now: datetime) -> tuple[datetime, datetime]:
    """The window, which ends no later than now.

    Raises:
        FieldError: there is nothing in it.
    """
    if form.since < _EARLIEST:
        raise FieldError(
            "Ensure this value is not before 1970-01-01T00:00:00Z.", attr="since", code="min_value"
        )
    if form.since >= now:
        raise FieldError("Ensure this value is in the past.", attr="since", code="max_value")
    until = min(form.until or now, now)
    if form.since >= until:
        raise FieldError("Ensure this value is later than `since`.", attr="until", code="min_value")
    return form.since, until


async def _find_evaluation(
    call: Call[EvaluationBackfillRequest, None], form: EvaluationBackfillRequest
) -> Evaluation:
    """The evaluation.

    Raises:
        NotFound: the project has no such evaluation.
        NotPossible: it would judge nothing.
    """
    evaluation = await call.deps.registry.evaluations.get(call.project.id, form.evaluation_id)
    if evaluation is None:
        raise NotFound(f"Evaluation {form.evaluation_id} not found.")
    if evaluation.status is EvaluationStatus.ERROR:
        raise NotPossible(
            f"The evaluation is in error ({evaluation.status_reason}): repair it, and enable or pause it."
        )
    if not evaluation.conditions:
        raise NotPossible("The evaluation has no conditions, so that there is nothing for it to judge.")
    return evaluation


_GONE: Final = {404: "The project has no such backfill, or Temporal no longer keeps it."}
_UNAVAILABLE: Final = {503: "Temporal cannot be reached, or no worker answers."}
_COMMAND: Final = _GONE | _UNAVAILABLE | {409: "The command makes no sense as the backfill stands."}

RESOURCE = Resource(
    path="evaluation_backfills",
    scope="evaluation",
    operations=(
        Operation(
            "list",
            "GET",
            "",
            list_backfills,
            query=PageQuery,
            response=Page[BackfillReference],
            also=_UNAVAILABLE,
            extension=True,
        ),
        Operation(
            "create",
            "POST",
            "",
            create_backfill,
            body=EvaluationBackfillRequest,
            response=BackfillResponse,
            status=201,
            also=_UNAVAILABLE
            | {
                400: "the evaluation is in `error`, or has no conditions.",
                404: "There is no such evaluation.",
                409: "A backfill of this evaluation is under way.",
            },
            extension=True,
        ),
        Operation(
            "retrieve",
            "GET",
            "{id}",
            retrieve_backfill,
            response=BackfillResponse,
            also=_GONE | _UNAVAILABLE,
            extension=True,
        ),
        *(
            Operation(
                command,
                "POST",
                f"{{id}}/{command}",
                handler,
                response=BackfillResponse,
                also=_COMMAND,
                extension=True,
            )
            for command, handler in (
                ("pause", pause_backfill),
                ("resume", resume_backfill),
                ("cancel", cancel_backfill),
            )
        ),
    ),
)

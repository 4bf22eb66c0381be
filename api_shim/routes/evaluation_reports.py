"""`/llm_analytics/evaluation_reports/`: which reports are made, when, and for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from api_shim.evaluation_report_changes import changed_spec, new_spec, require_known_integrations
from api_shim.object_operations import changes, creation, existing, list_of, retrieval
from api_shim.operations import Call, Operation, Resource, hard_delete_forbidden
from api_shim.pagination import Page, PageQuery, page_of
from api_shim.partial import sent_fields
from api_shim.report_workflows import ask_for_run, report_decided
from api_shim.schemas.evaluation_reports import (
    EvaluationReportListQuery,
    EvaluationReportRequest,
    EvaluationReportResponse,
)
from api_shim.schemas.report_runs import ReportRunResponse
from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportQuery
from assay.contracts.integrations import IntegrationKind
from assay.contracts.report_runs import ReportRunQuery
from assay.contracts.wire import parse_uuid
from assay.errors import FieldError


async def list_reports(call: Call[None, EvaluationReportListQuery]) -> Page[EvaluationReportResponse]:
    """List all evaluation reports.

    Newest first; deleted ones are left out.
    """
    query = EvaluationReportQuery(
        evaluation_id=call.query.evaluation, limit=call.query.limit, offset=call.query.offset
    )
    count, found = await call.deps.registry.evaluation_reports.list(call.project.id, query)
    return page_of(call, count, list(map(EvaluationReportResponse.of, found)))


async def create_report(call: Call[EvaluationReportRequest, None]) -> EvaluationReportResponse:
    """Create an evaluation report.

    An evaluation can have any number of reports.
    """
    spec = await asyncio.to_thread(new_spec, await _form(call), now=_now())
    created = await call.deps.registry.evaluation_reports.create(
        call.project.id, spec, created_by=call.principal.user.id
    )
    await report_decided(call, created)
    return EvaluationReportResponse.of(created)


async def retrieve_report(call: Call[None, None]) -> EvaluationReportResponse:
    """Retrieve an evaluation report."""
    return EvaluationReportResponse.of(await _find(call, include_deleted=False))


async def change_report(call: Call[EvaluationReportRequest, None]) -> EvaluationReportResponse:
    """Change an evaluation report.

    Fields that are not sent stay as they are. Deleted reports are found too, so that `deleted` can be set
    back to false.
    """
    known = await _find(call, include_deleted=True)
    form = await _form(call)
    change = partial(changed_spec, form=form, now=_now())
    # Some rules take many milliseconds to plan, for which neither event loop nor locked row should wait.
    planned = await asyncio.to_thread(change, known)
    changed = existing(
        await call.deps.registry.evaluation_reports.update(
            call.project.id, call.id, lambda current: planned if current == known else change(current)
        )
    )
    await report_decided(call, changed)
    return EvaluationReportResponse.of(changed)


async def generate_report(call: Call[None, None]) -> None:
    """Make an evaluation report now.

    Works for disabled reports too. While a run of the report is under way, that run is the answer. A run
    that was asked for is not counted by the daily cap, starts no cooldown and leaves `last_delivered_at` and
    `next_delivery_date` as they are.
    """
    report = await _find(call, include_deleted=False)
    await ask_for_run(call, report.id)


async def list_runs(call: Call[None, PageQuery]) -> Page[ReportRunResponse]:
    """List the runs of an evaluation report.

    Newest first; a run is listed once its text is written.
    """
    report = await _find(call, include_deleted=False)
    query = ReportRunQuery(limit=call.query.limit, offset=call.query.offset)
    count, found = await call.deps.registry.report_runs.list(call.project.id, report.id, query)
    return page_of(call, count, list(map(ReportRunResponse.of, found)))


def _now() -> datetime:
    """The present moment, which only decides on the next delivery."""
    return datetime.now(UTC)


async def _find(call: Call[Any, Any], *, include_deleted: bool) -> EvaluationReport:
    return existing(
        await call.deps.registry.evaluation_reports.get(
            call.project.id, call.id, include_deleted=include_deleted
        )
    )


async def _form(call: Call[EvaluationReportRequest, None]) -> EvaluationReportRequest:
    """What the client sent, with references that lead somewhere.

    Raises:
        FieldError: the project has no such evaluation, which is told before anything else that is wrong
            with the body because `evaluation` is the first field; or no such Slack integration.
        InvalidInput: a field breaks a rule.
    """
    evaluation_id = parse_uuid(await call.payload.field("evaluation"))
    if evaluation_id is not None:
        found = await call.deps.registry.evaluations.get(call.project.id, evaluation_id, include_deleted=True)
        if found is None:
            raise FieldError(
                f'Invalid pk "{evaluation_id}" - object does not exist.',
                attr="evaluation",
                code="does_not_exist",
            )
    form = await call.body()
    await _require_integrations(call, sent_fields(form).get("delivery_targets", ()))
    return form


async def _require_integrations(
    call: Call[EvaluationReportRequest, None], targets: Sequence[dict[str, Any]]
) -> None:
    if any(target["type"] == IntegrationKind.SLACK for target in targets):
        found = await call.deps.registry.integrations.list(call.project.id)
        known = {each.id for each in found if each.kind is IntegrationKind.SLACK}
        require_known_integrations(targets, known)


RESOURCE = Resource(
    path="llm_analytics/evaluation_reports",
    scope="llm_analytics",
    operations=(
        list_of(EvaluationReportResponse, list_reports, query=EvaluationReportListQuery),
        creation(EvaluationReportRequest, EvaluationReportResponse, create_report),
        retrieval(EvaluationReportResponse, retrieve_report),
        *changes(EvaluationReportRequest, EvaluationReportResponse, change_report),
        hard_delete_forbidden(),
        Operation(
            "generate",
            "POST",
            "{id}/generate",
            generate_report,
            status=202,
            also={
                400: "The report cannot be made.",
                503: "Temporal cannot be reached, or no worker answers.",
            },
        ),
        Operation("runs", "GET", "{id}/runs", list_runs, query=PageQuery, response=Page[ReportRunResponse]),
    ),
)

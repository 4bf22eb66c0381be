"""Which projects are looked at, and that one in trouble does not keep others from it; how runs are counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from temporalio.client import WorkflowQueryFailedError
from temporalio.testing import ActivityEnvironment

from assay.contracts.evaluation_batches import BatchRef, EvaluationBatchInput, Origin
from assay.contracts.reconcile import ListProjectsInput, ProjectMark, ReconcileTotals, SurveyInput
from assay.temporal.ids import evaluation_stream_id
from assay.temporal.queues import TaskQueue
from tests.workflows.reconcile.stand_ins import Batch
from tests.workflows.reconcile.world import LATER, World


async def _projects(world: World, since: datetime) -> tuple[int, ...]:
    given = ListProjectsInput(claiming_since=since)
    return (await ActivityEnvironment().run(world.activities().list_projects, given)).projects


def _survey_of(*project_ids: int) -> SurveyInput:
    now = datetime.now(UTC) + LATER
    mark = ProjectMark(compared=now - timedelta(days=1), swept=now - timedelta(days=1))
    return SurveyInput(now=now, marks=dict.fromkeys(project_ids, mark), gaps=5)


async def _in_trouble(world: World, project_id: int) -> None:
    """Put something in the place of a project's stream that does not answer for it."""
    ref = BatchRef(project_id=project_id, evaluation_id=uuid4(), dispatch_id="d", number=0)
    await world.client.start_workflow(
        Batch.run,
        EvaluationBatchInput(batch=world.batch(ref), origin=Origin.LIVE),
        id=evaluation_stream_id(project_id),
        task_queue=TaskQueue.MAIN,
    )


async def test_projects_with_active_evaluations_or_claims_are_looked_at(world: World) -> None:
    began = datetime.now(UTC)
    evaluation = await world.evaluation()
    assert world.project_id in await _projects(world, began)

    await world.change(evaluation, enabled=False)
    assert world.project_id not in await _projects(world, began)

    world.claim(evaluation, 1)
    assert world.project_id in await _projects(world, began)
    assert world.project_id not in await _projects(world, datetime.now(UTC) + LATER)


async def test_a_project_in_trouble_does_not_keep_others_from_being_looked_at(world: World) -> None:
    world.claim(await world.evaluation(), 2)
    troubled = 1_000_000 + world.project_id
    await _in_trouble(world, troubled)
    given = _survey_of(troubled, world.project_id)

    first, second = (await ActivityEnvironment().run(world.activities().survey, given)).findings

    assert (first.failure, first.mark) == ("WorkflowQueryFailedError", given.marks[troubled])
    assert (second.failure, second.missing) == ("", 2)


async def test_trouble_everywhere_is_tried_again(world: World) -> None:
    await _in_trouble(world, world.project_id)

    with pytest.raises(WorkflowQueryFailedError):
        await ActivityEnvironment().run(world.activities().survey, _survey_of(world.project_id))


async def test_runs_are_counted(world: World) -> None:
    began, before = datetime.now(UTC), _counted()
    totals = ReconcileTotals(projects=9, failed=1, missing=2, redriven=3, missed=4, released=5, woken=6)

    await ActivityEnvironment().run(world.activities().report, totals)

    assert [now - then for now, then in zip(_counted(), before, strict=True)] == [2, 3, 4, 5, 6, 1]
    last_run = REGISTRY.get_sample_value("assay_reconcile_last_run_timestamp_seconds")
    assert last_run is not None
    assert last_run >= began.timestamp()


def _counted() -> list[float]:
    drift = "assay_reconcile_drift_repairs_total"
    samples = (
        REGISTRY.get_sample_value("assay_reconcile_gaps_total"),
        REGISTRY.get_sample_value("assay_reconcile_redriven_total"),
        REGISTRY.get_sample_value("assay_reconcile_missed_total"),
        REGISTRY.get_sample_value(drift, {"kind": "batch_released"}),
        REGISTRY.get_sample_value(drift, {"kind": "stream_woken"}),
        REGISTRY.get_sample_value("assay_reconcile_failed_projects_total"),
    )
    return [sample or 0.0 for sample in samples]

"""A sweep goes on page by page, up to a bound, and from there in the next run."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.batch_runs import BatchRuns
from activities.evaluation_states import EvaluationStates
from activities.reconcile import ReconcileActivities
from activities.streams import Streams
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.clickhouse.evaluation_targets import ClickHouseEvaluationTargets
from assay.adapters.sql import SqlRegistry
from assay.contracts.evaluation_batches import ClaimedPage, ClaimPageInput
from assay.contracts.reconcile import RepairInput, Repairs, Sweep
from tests.unit.reconcile.values import EVALUATION, NOW, OTHER, a_batch, a_ref, ago

WINDOW = Sweep(since=ago(hours=1), until=NOW)


class Pages(Streams):
    """Claims one target on each of some pages, in order.

    Args:
        stopped: what the last page says about the evaluation.
    """

    def __init__(self, client: Client, pages: int, *, stopped: str | None = None) -> None:
        super().__init__(client)
        self._left = pages
        self._stopped = stopped
        self.asked: list[ClaimPageInput] = []

    async def claim_page(self, asked: ClaimPageInput, *, attempt: int = 1) -> ClaimedPage:
        self.asked.append(asked)
        self._left -= 1
        if self._left == 0 and self._stopped:
            return ClaimedPage(stopped=self._stopped, before=asked.before)
        return ClaimedPage(
            batches=(a_batch(a_ref(asked.dispatch_id)),),
            before=(WINDOW.since + timedelta(minutes=len(self.asked)), UUID(int=1)) if self._left else None,
        )


@pytest.fixture
def targets(events: ClickHouseEventStore) -> ClickHouseEvaluationTargets:
    return ClickHouseEvaluationTargets(events._connection)


async def _repair(
    registry: SqlRegistry,
    targets: ClickHouseEvaluationTargets,
    streams: Streams,
    client: Client,
    *sweeps: UUID,
    pages: int = 9,
) -> Repairs:
    activities = ReconcileActivities(
        registry=registry,
        targets=targets,
        states=EvaluationStates(registry),
        streams=streams,
        runs=BatchRuns(client),
        pages=pages,
    )
    order = RepairInput(project_id=1, sweeps=dict.fromkeys(sweeps, WINDOW))
    return await ActivityEnvironment().run(activities.repair, order)


async def test_each_page_begins_where_the_one_before_ended(
    registry: SqlRegistry, targets: ClickHouseEvaluationTargets, server: Client
) -> None:
    pages = Pages(server, 3)

    done = await _repair(registry, targets, pages, server, EVALUATION)

    assert [asked.before and asked.before[0] for asked in pages.asked] == [
        None, WINDOW.since + timedelta(minutes=1), WINDOW.since + timedelta(minutes=2)
    ]  # fmt: skip
    assert len({asked.dispatch_id for asked in pages.asked}) == 3
    assert {(asked.since, asked.until) for asked in pages.asked} == {(WINDOW.since, WINDOW.until)}
    assert (done.missed, done.sweeps) == (3, {EVALUATION: Sweep(since=NOW, until=NOW)})


async def test_a_sweep_that_is_too_long_for_one_run_is_left_where_it_stands(
    registry: SqlRegistry, targets: ClickHouseEvaluationTargets, server: Client
) -> None:
    done = await _repair(registry, targets, Pages(server, 9), server, EVALUATION, OTHER, pages=2)

    left = WINDOW.model_copy(update={"before": (WINDOW.since + timedelta(minutes=2), UUID(int=1))})
    assert done.sweeps == {EVALUATION: left, OTHER: WINDOW}


async def test_a_sweep_ends_with_the_evaluation(
    registry: SqlRegistry, targets: ClickHouseEvaluationTargets, server: Client
) -> None:
    pages = Pages(server, 2, stopped="paused")

    done = await _repair(registry, targets, pages, server, EVALUATION)

    assert (len(pages.asked), done.missed) == (2, 1)
    assert done.sweeps == {EVALUATION: Sweep(since=NOW, until=NOW)}


class Refusing(Streams):
    """Refuses every page that is asked for under the id of its dispatch."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.update_ids: list[str] = []

    async def _ask(self, asked: ClaimPageInput, update_id: str) -> ClaimedPage:
        self.update_ids.append(update_id)
        if update_id == asked.dispatch_id:
            raise WorkflowUpdateFailedError(ApplicationError("no"))
        return ClaimedPage()


async def test_a_page_that_failed_is_asked_for_under_another_name(server: Client) -> None:
    streams = Refusing(server)
    page = ClaimPageInput(
        project_id=1, evaluation_id=EVALUATION, dispatch_id="d", origin="live", since=ago(hours=1), until=NOW
    )

    with pytest.raises(WorkflowUpdateFailedError):
        await streams.claim_page(page)
    await streams.claim_page(page, attempt=2)

    assert streams.update_ids == ["d", "d", "d-attempt-2"]

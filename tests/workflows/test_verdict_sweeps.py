"""`reconcile-reports` looks for verdicts without an arrival: each time through what came since the last time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.verdict_arrivals import VerdictArrivalActivities
from assay.contracts.report_reconcile import ReconcileReportsInput, SweepVerdicts, VerdictsSwept
from assay.domain.reconcile.marks import HORIZON, SETTLED
from assay.errors import StoreUnavailable
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import OUTCOME
from schedules.native import ensure, native_schedules
from tests.workflows.report_world import World
from tests.workflows.scripted_batches import until
from workflows.reconcile_reports import ReconcileReports

MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 4, 1, tzinfo=UTC)


class Hours:
    """Arrivals of which one is lost every minute, in pieces of a minute."""

    def __init__(self) -> None:
        self.restored: list[datetime] = []

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        while since < until:
            yield since, since + MINUTE
            since += MINUTE

    def restore(self, since: datetime, until: datetime) -> int:
        self.restored.append(since)
        return 1


async def test_a_sweep_that_is_too_long_says_how_far_it_came() -> None:
    hours = Hours()
    sweep = VerdictArrivalActivities(hours, spans=3).sweep

    swept = await ActivityEnvironment().run(sweep, SweepVerdicts(since=BEGIN, until=BEGIN + 5 * MINUTE))
    assert swept == VerdictsSwept(until=BEGIN + 3 * MINUTE, restored=3)
    swept = await ActivityEnvironment().run(sweep, SweepVerdicts(since=swept.until, until=BEGIN + 5 * MINUTE))
    assert swept == VerdictsSwept(until=BEGIN + 5 * MINUTE, restored=2)
    assert hours.restored == [BEGIN + n * MINUTE for n in range(5)]
    swept = await ActivityEnvironment().run(sweep, SweepVerdicts(since=BEGIN, until=BEGIN))
    assert swept == VerdictsSwept(until=BEGIN)


async def test_a_store_that_is_away_is_waited_for(server: Client) -> None:
    world = World(lost=[2], faults={"restore": [StoreUnavailable("The store did not answer.")]})
    before = datetime.now(UTC)
    async with world.worker(server):
        handle = await server.start_workflow(
            ReconcileReports.run,
            ReconcileReportsInput(),
            id=f"reconcile-reports-{uuid4()}",
            task_queue=TaskQueue.MAIN,
        )
        found = await handle.result()

    assert found.swept is not None
    assert found.swept.restored == 2
    assert (found.repaired.outcome, found.outcome) == ("clean", "repaired")
    assert (await handle.describe()).typed_search_attributes.get(OUTCOME) == "repaired"
    [(since, until_then)] = world.swept
    assert since == found.looked_at - HORIZON
    assert until_then == found.looked_at - SETTLED == found.swept.until
    assert before - MINUTE < found.looked_at


async def test_each_run_goes_on_where_the_one_before_has_come_to(server: Client) -> None:
    _, wanted = native_schedules(reconcile_every=timedelta(days=1), reconcile_reports_cron="0 0 1 1 *")
    wanted = replace(wanted, id=f"sweeps-{uuid4()}")
    await ensure(server, [wanted])
    handle = server.get_schedule_handle(wanted.id)
    world = World(lost=[0, 4])
    try:
        async with world.worker(server):
            for number in (1, 2, 3):
                await handle.trigger()
                await until(lambda number=number: len(world.swept) == number)
                run = (await handle.describe()).info.recent_actions[-1].action
                await server.get_workflow_handle_for(ReconcileReports.run, run.workflow_id).result()  # type: ignore[union-attr]
    finally:
        await handle.delete()
    for (_, came_to), (goes_on, _) in zip(world.swept, world.swept[1:], strict=False):
        assert came_to == goes_on

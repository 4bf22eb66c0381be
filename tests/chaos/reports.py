"""The engine is killed at every step of report runs.

A `StepGate` holds each report at a step of its own; when all are there, the engine is killed, and the next
one goes on. So a few kills hit every step, and each run survives several of them.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from assay.contracts.report_workflows import ReportState
from assay.temporal.ids import evaluation_report_run_id
from tests.chaos.checks import Report
from tests.chaos.reports_checks import check_reports
from tests.chaos.reports_world import Reports, reports_world
from tests.chaos.temporal_view import temporal_view
from tests.harness.step_gate import AFTER, BEFORE, Step

_POLL_SECONDS = 0.1
_RUN_TIMER = EventType.EVENT_TYPE_TIMER_STARTED


async def killed_at_every_step(
    folder: Path, *, results: int, seed: int, reports: int, longest: float
) -> Report:
    """Kill at each step that an undisturbed run takes, and where an automatic run waits or marks.

    Args:
        results: of the evaluation, in each of two periods.
        reports: that share the steps.
        longest: seconds that the engine may take from one kill to the next.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed})
    async with _reports(folder, results, draw, longest) as made:
        undisturbed = made.new([])
        made.running.generate(undisturbed)
        await _finished(made, longest)
        steps = list(made.gate.passed[undisturbed])
        # Killed when it has counted enough: before that, the hint to count would be lost, until the next hour.
        automatic = made.new([Step("count-results", AFTER)], threshold=results)
        made.running.capture(results, draw)
        for share in _shares(steps, reports, draw):
            await _begin(made, share)
        await _kill(made, draw, longest, admit=True)
        await _settles(made, automatic, longest)
        await _kill(made, draw, longest)
        made.gate.arm(automatic, [Step("mark-reported", BEFORE), Step("mark-reported", AFTER)])
        while not made.gate.is_through:
            await _kill(made, draw, longest)
        await _conclude(made, report, longest)
    hit = {step for steps_of_one in made.gate.hit.values() for step in steps_of_one}
    report.forbid("steps that no kill hit", [str(step) for step in steps if step not in hit])
    report.figures["steps"] = ["admitted", "settles", *(str(step) for step in sorted(hit))]
    return report


async def killed_at(
    folder: Path, steps: Iterable[Step], *, results: int, seed: int, longest: float
) -> Report:
    """Kill once, with as many runs under way as there are steps, each at its own."""
    draw = random.Random(seed)
    report = Report(figures={"seed": seed})
    async with _reports(folder, results, draw, longest) as made:
        for step in steps:
            await _begin(made, [step])
        await _kill(made, draw, longest)
        await _conclude(made, report, longest)
    report.figures["steps"] = [str(step) for steps_of_one in made.gate.hit.values() for step in steps_of_one]
    return report


@asynccontextmanager
async def _reports(folder: Path, results: int, draw: random.Random, longest: float) -> AsyncIterator[Reports]:
    """An engine with results that can be reported."""
    with reports_world(folder) as made:
        made.running.capture(results, draw)
        view = await temporal_view(made.running.temporal_address)
        await view.settle(lambda: True, targets=results, seconds=longest)
        yield made


async def _begin(made: Reports, steps: Sequence[Step]) -> None:
    """Ask for a report that is held at these steps; the first may come before the answer."""
    made.requests.append(asyncio.create_task(asyncio.to_thread(made.running.generate, made.new(steps))))


async def _kill(made: Reports, draw: random.Random, longest: float, *, admit: bool = False) -> None:
    """Wait until every report is where it is to be, kill the engine, start the next one.

    Args:
        admit: ask for one more report, and kill as soon as that is answered.
    """
    await asyncio.to_thread(made.gate.await_held, longest)
    if admit:
        # It must not get to what cannot be told from its repetition before the signal is there.
        made.running.generate(made.new([Step("prepare-report-run", BEFORE)]))
    made.running.kill(temporal=draw.random() < 0.5)
    await asyncio.gather(*made.requests)
    made.requests.clear()
    made.running.start()


def _shares(steps: Sequence[Step], reports: int, draw: random.Random) -> list[list[Step]]:
    """The steps, dealt out; each share in the order in which a run takes them."""
    order = list(range(len(steps)))
    draw.shuffle(order)
    return [[steps[place] for place in sorted(order[first::reports])] for first in range(reports)]


async def _settles(made: Reports, report_id: str, longest: float) -> None:
    """Wait until the run of an automatic report waits until what arrived in its period can be read."""
    client = (await temporal_view(made.running.temporal_address)).client
    async with asyncio.timeout(longest):
        while not await _has_timer(client, report_id):  # noqa: ASYNC110  (it is elsewhere)
            await asyncio.sleep(_POLL_SECONDS)


async def _has_timer(client: Client, report_id: str) -> bool:
    handle = client.get_workflow_handle(f"evaluation-report-{report_id}")
    state = await handle.query("state", result_type=ReportState)
    if state.gate.running is None:
        return False
    run = client.get_workflow_handle(evaluation_report_run_id(state.gate.running.run_id))
    return any([event.event_type == _RUN_TIMER async for event in run.fetch_history_events()])


async def _finished(made: Reports, longest: float) -> None:
    """Wait until every run has ended; one that fails raises."""
    client = (await temporal_view(made.running.temporal_address)).client
    async with asyncio.timeout(longest):
        for report_id in made.ids:
            for run_id in await asyncio.to_thread(made.gate.await_runs, report_id, longest):
                await client.get_workflow_handle(f"evaluation-report-run-{run_id}").result()


async def _conclude(made: Reports, report: Report, longest: float) -> None:
    await _finished(made, longest)
    if made.running.stop() != 0:
        report.violations.append("the engine did not stop in order")
    check_reports(report, made)

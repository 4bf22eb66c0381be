"""The end of every scenario: let the work come to rest, stop the engine, look at what is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tests.chaos.checks import Report, check_calls, check_ledger
from tests.chaos.judge import CountingJudge
from tests.chaos.ledger import Ledger, ledger_of
from tests.chaos.sampling import Sampled
from tests.chaos.temporal_view import TemporalView, temporal_view
from tests.chaos.traffic import GENERATION, Sender, Sent
from tests.chaos.world import World


@dataclass(frozen=True)
class Scene:
    """What takes part in a scenario.

    Attributes:
        sent: every event that the senders send, or that got into the store otherwise.
    """

    report: Report
    running: World
    judge: CountingJudge
    evaluations: Sequence[Sampled]
    senders: Sequence[Sender]
    sent: Sequence[Sent]

    @property
    def targets(self) -> int:
        """How many verdicts there have to be in the end."""
        return sampled_count(self.evaluations, self.sent)

    @property
    def projects(self) -> tuple[int, ...]:
        """Ids of the projects with evaluations."""
        return tuple({evaluation.project_id for evaluation in self.evaluations})

    def is_sent(self) -> bool:
        """Whether everything is acknowledged."""
        return all(sender.is_done for sender in self.senders)


def sampled_count(evaluations: Sequence[Sampled], sent: Sequence[Sent]) -> int:
    """How many of the events evaluations take, each counted once for each of them."""
    events = {event.uuid: event for event in sent if event.event == GENERATION}.values()
    return sum(
        evaluation.project_id == event.project_id and evaluation.takes(event.uuid, event.properties["tier"])
        for evaluation in evaluations
        for event in events
    )


async def conclude(
    scene: Scene,
    *,
    seconds: float,
    read: Callable[[], Ledger] | None = None,
    inspect: Callable[[TemporalView], Awaitable[None]] | None = None,
) -> Ledger:
    """Wait for the verdicts, stop the engine and check everything that must hold.

    Args:
        seconds: that it may take.
        read: how to read the store of the stopped engine; None: it is in its folder.
        inspect: looks at the workflows before the engine stops.
    """
    report, running = scene.report, scene.running
    for sender in scene.senders:
        sender.join(seconds)
        report.forbid("requests refused", sender.refusals)
    view = await temporal_view(running.temporal_address)
    await _settle(scene, view, seconds)
    report.figures["repairs"] = await view.repairs()
    if inspect is not None:
        await inspect(view)
    report.forbid("evaluations stopped", running.disabled(scene.evaluations))
    if running.stop() != 0:
        report.violations.append("the engine did not stop in order")
    ledger = ledger_of(running.data_dir) if read is None else read()
    acknowledged = {uuid for sender in scene.senders for uuid in sender.acknowledged}
    generations = {event.uuid for event in scene.sent if event.event == GENERATION}
    report.forbid("generations never acknowledged", generations - acknowledged)
    check_ledger(report, ledger, scene.evaluations, generations)
    check_calls(report, scene.judge, ledger, running.kills)
    report.figures |= {
        "kills": len(running.kills),
        "requests_resent": sum(sender.resent for sender in scene.senders),
    }
    return ledger


async def _settle(scene: Scene, view: TemporalView, seconds: float) -> None:
    """Wait for what the engine does by itself; what it leaves out is `reconcile`'s, and is counted."""
    report = scene.report
    wait = partial(
        view.settle, scene.is_sent, targets=scene.targets, seconds=seconds, projects=scene.projects
    )
    try:
        done = await wait()
        report.figures["reconciled"] = not done
        if not done:
            report.figures["before_reconcile"] = str(await view.progress(scene.projects))
            await view.reconcile(seconds=seconds)
            await wait()
    except TimeoutError as error:
        report.violations.append(str(error))

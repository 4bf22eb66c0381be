"""The activity of `run-evaluation` that evaluates a target with the project's own Hog program.

The event is read here, by reference, and never enters a workflow history.
"""

from __future__ import annotations

from temporalio import activity

from activities.cases import Cases
from activities.hog_judging import HogJudge
from assay.contracts.evaluations import EvaluationType, Judgement, RunEvaluationInput
from assay.errors import WorkError
from assay.ports import EventStore, HogRunner, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.metrics import VERDICTS


class HogEvaluationActivities:
    """Evaluates targets with programs."""

    def __init__(self, *, registry: Registry, events: EventStore, hog: HogRunner) -> None:
        self._cases = Cases(registry, events)
        self._judge = HogJudge(hog)

    @activity.defn(name="evaluate-hog")
    async def evaluate(self, run: RunEvaluationInput) -> Judgement:
        """Reach a judgement on one target: from the ledger if it is there, else from the program.

        A program that fails is an answer, too: it would fail again.

        Raises:
            WorkError: there is nothing to judge (see `Cases.open`), no process to run the program in, or
                Assay failed while it ran.
        """
        async with heartbeating():
            case = await self._cases.open(run, EvaluationType.HOG)
            if isinstance(case, Judgement):
                return case
            [judgement] = await self._judge.judge(case.evaluation, [(case.target, case.blank)])
        if isinstance(judgement, WorkError):
            raise judgement
        VERDICTS.labels(EvaluationType.HOG, judgement.outcome).inc()
        return judgement

"""Activities of `run-evaluation`: judge a target, record the verdict, stop an evaluation that cannot go on.

Event bodies and prompts are read here, by reference, and never enter a workflow history.
"""

from __future__ import annotations

import asyncio

import structlog
from temporalio import activity

from activities.cases import Case, Cases
from activities.judge_models import KEY_FAULTS, JudgeModel, NoModel
from activities.judging import ERRORED, Judge, gate_key, is_errored, skipped
from activities.notices import stop_evaluation
from assay.contracts.evaluations import (
    EvaluationType,
    FailEvaluationInput,
    Judgement,
    RecordVerdictInput,
    RunEvaluationInput,
    StatusReason,
    TrialPlace,
)
from assay.domain.verdicts import Occasion, verdict_event
from assay.errors import StoreUnavailable, TrialBusy
from assay.ports import EventStore, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.metrics import VERDICTS

log = structlog.get_logger(__name__)


class EvaluationActivities:
    """Activities around one verdict.

    Args:
        trial_eval_limit: evaluations that a project may run on the operator's own model key.
    """

    def __init__(
        self, *, registry: Registry, events: EventStore, judge: Judge, trial_eval_limit: int
    ) -> None:
        self._registry = registry
        self._events = events
        self._judge = judge
        self._cases = Cases(registry, events)
        self._trial_eval_limit = trial_eval_limit

    @activity.defn(name="judge-target")
    async def judge(self, run: RunEvaluationInput) -> Judgement:
        """Reach a judgement on one target: from the ledger if it is there, else from the model.

        Raises:
            WorkError: there is nothing to judge (see `Cases.open`), or the model could not be asked.
        """
        async with heartbeating():
            case = await self._cases.open(run, EvaluationType.LLM_JUDGE)
            if isinstance(case, Judgement):
                return case
            judgement = await self._judgement(case)
        VERDICTS.labels(EvaluationType.LLM_JUDGE, judgement.outcome).inc()
        return judgement

    @activity.defn(name="record-verdict")
    async def record_verdict(self, record: RecordVerdictInput) -> None:
        """Write the `$ai_evaluation` event. Its identity is fixed, so writing it again changes nothing."""
        async with heartbeating():
            await asyncio.to_thread(self._record, record)

    def _record(self, record: RecordVerdictInput) -> None:
        source = self._events.find_event(record.run.target)
        self._events.insert([verdict_event(Occasion.of_run(record.run), record.judgement, source=source)])

    @activity.defn(name="fail-evaluation")
    async def fail_evaluation(self, failed: FailEvaluationInput) -> bool:
        """Put an active evaluation into `error` and tell about it, unless it has been repaired meanwhile.

        Returns:
            True for the one call that made the transition.
        """
        async with heartbeating():
            return await stop_evaluation(self._registry, failed)

    async def _judgement(self, case: Case) -> Judgement:
        evaluation, blank = case.evaluation, case.blank
        if is_errored(case.target):
            return skipped(blank, ERRORED)
        chosen = await self._judge.models.choose(evaluation.project_id, evaluation.model_configuration)
        if isinstance(chosen, NoModel):
            return blank.model_copy(update={"skip_reason": chosen.reason, "disable_reason": chosen.stops})
        if chosen.own_key is not None:
            return await self._ask(case, chosen)
        place = await self._registry.trial.reserve(
            evaluation.project_id, blank.verdict_event_id, limit=self._trial_eval_limit
        )
        if place is TrialPlace.USED_UP:
            return _disabling(blank, StatusReason.TRIAL_LIMIT_REACHED)
        if place is TrialPlace.BUSY:
            raise TrialBusy("Other evaluations hold the last places of the trial.")
        return await self._ask_on_trial(case, chosen)

    async def _ask_on_trial(self, case: Case, chosen: JudgeModel) -> Judgement:
        """Ask, and settle the reserved place: only verdicts count, not failures and not skips."""
        settle = self._registry.trial.release
        verdict_id = case.blank.verdict_event_id
        try:
            judgement = await self._ask(case, chosen)
            if judgement.skip_reason is None:
                settle = self._registry.trial.confirm
            return judgement
        finally:
            try:
                await asyncio.shield(settle(case.evaluation.project_id, verdict_id))
            except StoreUnavailable:
                # What was paid for matters more than the count; an unsettled place comes back by itself.
                log.warning("trial place not settled", verdict_event_id=str(verdict_id))

    async def _ask(self, case: Case, chosen: JudgeModel) -> Judgement:
        owner = "run", case.evaluation.project_id  # takes turns with the project's own batches
        try:
            async with self._judge.gate.turn(gate_key(chosen), owner=owner) as turn:
                return await self._judge.ask(turn, case.evaluation, case.target, chosen, case.blank)
        except KEY_FAULTS as error:
            if await self._judge.models.blame(chosen, error):
                return skipped(case.blank, error.code, by=chosen)
            raise


def _disabling(judgement: Judgement, reason: StatusReason) -> Judgement:
    return judgement.model_copy(update={"skip_reason": reason.value, "disable_reason": reason})

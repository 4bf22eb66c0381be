"""The beginning of every judgement: which evaluation, is there a verdict already, and what is the target."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from assay.contracts.evaluations import Evaluation, EvaluationType, Judgement, RunEvaluationInput
from assay.contracts.events import EVALUATION, Event, EventRef, utc_day
from assay.domain.evaluations import verdict_event_id
from assay.domain.verdicts import judgement_of
from assay.errors import EvaluationNotFound, TargetNotFound, UnsupportedEvaluation
from assay.ports import EventStore, Registry


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be judged.

    Attributes:
        blank: the judgement as far as it is known before anyone judges.
    """

    evaluation: Evaluation
    target: Event
    blank: Judgement


class Cases:
    """Opens cases; asks the ledger first."""

    def __init__(self, registry: Registry, events: EventStore) -> None:
        self._registry = registry
        self._events = events

    async def open(self, run: RunEvaluationInput, evaluation_type: EvaluationType) -> Case | Judgement:
        """The case of a run, or its judgement if the ledger has it: what was reached is not reached again.

        Raises:
            EvaluationNotFound: the evaluation was deleted meanwhile.
            UnsupportedEvaluation: it is of another type.
            TargetNotFound: the event is not in the store (yet).
        """
        evaluation = await self._evaluation(run, evaluation_type)
        verdict_id = verdict_event_id(
            project_id=run.project_id,
            evaluation_id=run.evaluation_id,
            version=evaluation.version,
            target=run.target.uuid,
            trigger=run.trigger,
        )
        recorded = await asyncio.to_thread(self._recorded, run, verdict_id)
        if recorded is not None:
            return recorded
        target = await asyncio.to_thread(self._events.find_event, run.target)
        if target is None:
            raise TargetNotFound(f"{run.target.event} {run.target.uuid} is not in the event store.")
        blank = Judgement(
            evaluation_version=evaluation.version,
            verdict_event_id=verdict_id,
            allows_na=bool(evaluation.output_config.get("allows_na")),
        )
        return Case(evaluation, target, blank)

    async def _evaluation(self, run: RunEvaluationInput, evaluation_type: EvaluationType) -> Evaluation:
        evaluation = await self._registry.evaluations.get(run.project_id, run.evaluation_id)
        if evaluation is None:
            raise EvaluationNotFound(f"Evaluation {run.evaluation_id} was deleted.")
        if evaluation.evaluation_type is not evaluation_type:
            raise UnsupportedEvaluation(
                f"The evaluation is of type {evaluation.evaluation_type}; "
                f"the run was asked for when it was of type {run.evaluation_type}."
            )
        return evaluation

    def _recorded(self, run: RunEvaluationInput, verdict_id: UUID) -> Judgement | None:
        ref = EventRef(
            project_id=run.project_id, event=EVALUATION, uuid=verdict_id, day=utc_day(run.requested_at)
        )
        event = self._events.find_event(ref)
        return None if event is None else judgement_of(event)

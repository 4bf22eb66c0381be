"""The activity of `run-evaluation` that evaluates a target with the project's own Hog program.

Programs run in processes of their own (`assay.ports.hog`); the event is read here, by reference, and never
enters a workflow history.
"""

from __future__ import annotations

from temporalio import activity

from activities.cases import Case, Cases
from assay.contracts.evaluations import Evaluation, EvaluationType, Judgement, RunEvaluationInput
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome
from assay.domain.hog.program import is_current
from assay.domain.hog.source import explain
from assay.domain.hog_evaluations import hog_judgement, hog_target
from assay.errors import WorkError
from assay.ports import EventStore, HogRunner, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.metrics import VERDICTS

LIMITS = Limits(seconds=10)
"""What one evaluation may use."""


class HogEvaluationActivities:
    """Evaluates targets with programs."""

    def __init__(self, *, registry: Registry, events: EventStore, hog: HogRunner) -> None:
        self._cases = Cases(registry, events)
        self._hog = hog

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
            judgement = hog_judgement(case.blank, await self._outcome(case))
        VERDICTS.labels(EvaluationType.HOG, judgement.outcome).inc()
        return judgement

    async def _outcome(self, case: Case) -> HogOutcome:
        try:
            program = await self._program(case.evaluation)
        except HogCompileError as error:
            explained = explain(str(case.evaluation.evaluation_config["source"]), error)
            return HogOutcome(fault=Fault.HOG_ERROR, error=f"Compilation error: {explained}")
        [outcome] = await self._hog.evaluate(
            program,
            [hog_target(case.target)],
            owner=_owner(case.evaluation),
            allows_na=case.blank.allows_na,
            limits=LIMITS,
        )
        if isinstance(outcome, WorkError):
            raise outcome
        return outcome

    async def _program(self, evaluation: Evaluation) -> CompiledProgram:
        """The program as it was compiled on save; what an older version stored is compiled anew."""
        bytecode = evaluation.evaluation_config.get("bytecode")
        if isinstance(bytecode, list) and is_current(bytecode):
            return CompiledProgram(bytecode)
        return await self._hog.compile(str(evaluation.evaluation_config["source"]), owner=_owner(evaluation))


def _owner(evaluation: Evaluation) -> tuple[str, int]:
    """Projects take turns, and their runs do so with what people wait for."""
    return "run", evaluation.project_id

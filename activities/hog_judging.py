"""Judging with a project's own Hog program, which runs in a process of its own (`assay.ports.hog`)."""

from __future__ import annotations

from collections.abc import Sequence

from assay.contracts.evaluations import Evaluation, Judgement
from assay.contracts.events import Event
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome
from assay.domain.hog.program import is_current
from assay.domain.hog.source import explain
from assay.domain.hog_evaluations import hog_judgement, hog_target
from assay.errors import WorkError
from assay.ports import HogRunner

LIMITS = Limits(seconds=10)
"""What one evaluation may use."""


class HogJudge:
    """Evaluates events with the programs of evaluations."""

    def __init__(self, hog: HogRunner) -> None:
        self._hog = hog

    async def judge(
        self, evaluation: Evaluation, cases: Sequence[tuple[Event, Judgement]]
    ) -> list[Judgement | WorkError]:
        """Judge events; a program that fails is an answer, too: it would fail again.

        Args:
            cases: each an event and its judgement as far as it is known before the program runs.

        Returns:
            In order; an error in the place of a judgement that the program is not to blame for: there was no
            process to run it in (worth another try), or Assay failed while it ran.
        """
        try:
            program = await self._program(evaluation)
        except HogCompileError as error:
            explained = explain(str(evaluation.evaluation_config["source"]), error)
            failed = HogOutcome(fault=Fault.HOG_ERROR, error=f"Compilation error: {explained}")
            return [hog_judgement(blank, failed) for _, blank in cases]
        outcomes = await self._hog.evaluate(
            program,
            [hog_target(event) for event, _ in cases],
            owner=_owner(evaluation),
            allows_na=bool(evaluation.output_config.get("allows_na")),
            limits=LIMITS,
        )
        return [
            outcome if isinstance(outcome, WorkError) else hog_judgement(blank, outcome)
            for (_, blank), outcome in zip(cases, outcomes, strict=True)
        ]

    async def _program(self, evaluation: Evaluation) -> CompiledProgram:
        """The program as it was compiled on save; what an older version stored is compiled anew."""
        bytecode = evaluation.evaluation_config.get("bytecode")
        if isinstance(bytecode, list) and is_current(bytecode):
            return CompiledProgram(bytecode)
        return await self._hog.compile(str(evaluation.evaluation_config["source"]), owner=_owner(evaluation))


def _owner(evaluation: Evaluation) -> tuple[str, int]:
    """Projects take turns, and their runs do so with what people wait for."""
    return "run", evaluation.project_id

"""`evaluation-summary`: models say what the runs of an evaluation have in common, while somebody waits.

Id: `evaluation-summary-{digest}`, of the runs with their verdicts, which of them were asked for and the model
of the project's key: who asks for the same work joins it. A summary that is made anew has an id of its own,
so that it never joins one that goes by older answers.
Messages: none. Timers: none.
Runs that are too many for one question are read in parts, a few at a time, and what was found is brought
together by one more question. Each answer is checked against the data; one that is wrong is mended once, and
what is still wrong after that is left out.
Failure: a model that cannot be asked is retried within the budget of answers that somebody waits for, and
then fails the workflow with the error's code; so do two answers in a row in which there is nothing. What was
answered by then is kept: the next run with the same question finds it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.evaluation_summaries import EvaluationSummaryActivities
from assay.contracts.evaluation_summaries import (
    AskAboutRuns,
    AskedAboutRuns,
    EvaluationSummaryInput,
    EvaluationSummaryMade,
    FinishSummary,
)
from assay.domain.evaluation_summaries.details import SummaryProgress, progress_details, question_line
from assay.errors import AnswerUnusable
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import ANSWER_CALL, STORE
from workflows.answer_outcomes import outcome_shown

PARTS_AT_A_TIME: Final = 5

_UNUSABLE: Final = "The model's answers were not what was asked for."


@workflow.defn(name="evaluation-summary")
class EvaluationSummary:
    """Read the runs, at once or in parts; bring together what was found; store the summary."""

    @workflow.init
    def __init__(self, work: EvaluationSummaryInput) -> None:
        self._work = work
        self._progress = SummaryProgress(parts=len(work.parts))
        self._places = asyncio.Semaphore(PARTS_AT_A_TIME)

    @workflow.run
    async def run(self, work: EvaluationSummaryInput) -> EvaluationSummaryMade:
        """Make one summary.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when there is none.
        """
        with outcome_shown():
            await self._make()
        self._show(doing="✅ summarised")
        return EvaluationSummaryMade(digest=work.digest)

    async def _make(self) -> None:
        notes: tuple[str, ...] = ()
        if self._work.parts:
            self._show(doing="Reads the runs in parts")
            bounds = pairwise(accumulate(self._work.parts, initial=0))
            notes = tuple(await asyncio.gather(*(self._read_part(start, end) for start, end in bounds)))
            self._show(doing="Brings the parts together")
            answer = await self._answer(AskAboutRuns(work=self._work, about="notes", notes=notes))
        else:
            self._show(doing="Reads the runs")
            answer = await self._answer(AskAboutRuns(work=self._work, about="runs"))
        await workflow.execute_activity_method(
            EvaluationSummaryActivities.finish,
            FinishSummary(work=self._work, answer=answer, notes=notes),
            summary="Store the summary",
            **STORE.options,
        )

    async def _read_part(self, start: int, end: int) -> str:
        async with self._places:
            answer = await self._answer(AskAboutRuns(work=self._work, about="part", start=start, end=end))
        self._show(read=self._progress.read + 1)
        return answer

    async def _answer(self, question: AskAboutRuns) -> str:
        """Where a usable answer is kept: the first one, or the one that mends it if less is wrong with that.

        Raises:
            ApplicationError: neither is of use.
        """
        first = await self._ask(question)
        if not first.problems:
            return first.answer
        mended = await self._mended(question, first)
        usable = [each for each in (first, mended) if each is not None and each.is_usable]
        if not usable:
            raise ApplicationError(
                " ".join((_UNUSABLE, *first.problems[:1])), type=AnswerUnusable.code, non_retryable=True
            )
        return min(usable, key=lambda each: each.faults).answer

    async def _mended(self, question: AskAboutRuns, first: AskedAboutRuns) -> AskedAboutRuns | None:
        """The answer without its problems; None if the model cannot be asked and the first one is of use."""
        again = question.model_copy(update={"faulty": first.answer})
        try:
            return await self._ask(again)
        except ActivityError as error:
            if is_cancelled_exception(error) or not first.is_usable:
                raise
            return None

    async def _ask(self, question: AskAboutRuns) -> AskedAboutRuns:
        asked = await workflow.execute_activity_method(
            EvaluationSummaryActivities.ask,
            question,
            task_queue=TaskQueue.LLM,
            summary=question_line(question),
            **ANSWER_CALL.options,
        )
        self._count(asked, is_repair=bool(question.faulty))
        return asked

    def _count(self, asked: AskedAboutRuns, *, is_repair: bool) -> None:
        so_far = self._progress
        known = so_far.cost_usd is not None and asked.cost_usd is not None
        self._show(
            questions=so_far.questions + 1,
            repairs=so_far.repairs + is_repair,
            input_tokens=so_far.input_tokens + asked.input_tokens,
            output_tokens=so_far.output_tokens + asked.output_tokens,
            cost_usd=(so_far.cost_usd or 0.0) + (asked.cost_usd or 0.0) if known else None,
            model=asked.model or so_far.model,
        )

    def _show(self, **changes: Any) -> None:
        self._progress = replace(self._progress, **changes)
        workflow.set_current_details(progress_details(self._progress))

"""The author of a report as workflow code: one activity per answer and per tool, budgets in the state.

Words are in the transcript, in SQL; the history carries numbers, names of tools and costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.report_author import ReportAuthorActivities
from activities.report_tools import ReportToolActivities
from assay.contracts.report_run_workflows import (
    AuthorAsk,
    AuthorStep,
    CheckDraft,
    DraftCheck,
    ReportRunInput,
    ToolUse,
)
from assay.domain.report_author.budget import Spent
from assay.domain.report_author.prompt import OPENING_MESSAGES
from assay.domain.report_run_details import ask_summary, tool_summary
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import AUTHOR_CALL, REPORT_TOOL

_REASON_CHARACTERS: Final = 300


class Authoring:
    """Lets the author of one run write.

    Args:
        show: told what was spent, after each step.
    """

    def __init__(self, run: ReportRunInput, show: Callable[[Spent], None]) -> None:
        self._project_id = run.report.project_id
        self._run_id = run.run_id
        self._show = show
        self._spent = Spent()
        self._began = workflow.now()

    async def write(self) -> str | None:
        """Ask and answer until the author is done.

        Returns:
            Why there is no report of theirs, as the rest of a sentence; None: there is one.
        """
        try:
            return await self._write()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            said = failure_message(error).strip().removesuffix(".")[:_REASON_CHARACTERS]
            return f"its author could not go on ({failure_code(error)}: {said})"

    async def _write(self) -> str | None:
        number, is_mended = OPENING_MESSAGES, False
        while (exhausted := self._exhausted()) is None:
            step = await self._ask(number)
            number = step.next_number
            if step.tool_calls:
                number = await self._use_tools(step)
                continue
            problems = (await self._check(number, mend=not is_mended)).problems
            if not problems:
                return None
            if is_mended:
                return f"what its author wrote is no report: {', '.join(problems)}"[:_REASON_CHARACTERS]
            number, is_mended = number + 1, True
        return exhausted

    def _exhausted(self) -> str | None:
        self._spent = replace(self._spent, time=workflow.now() - self._began)
        return self._spent.exhausted()

    async def _ask(self, number: int) -> AuthorStep:
        step = await workflow.execute_activity_method(
            ReportAuthorActivities.ask,
            AuthorAsk(project_id=self._project_id, run_id=self._run_id, number=number),
            task_queue=TaskQueue.LLM,
            summary=ask_summary(self._spent.model_calls + 1),
            **AUTHOR_CALL.options,
        )
        self._spent = self._spent.after_call(
            tokens=step.input_tokens + step.output_tokens, cost_usd=step.cost_usd
        )
        self._show(self._spent)
        return step

    async def _use_tools(self, step: AuthorStep) -> int:
        """Answer the calls of a message one after the other: later ones build on earlier ones.

        Returns:
            The place after the last answer.
        """
        first = step.next_number
        for number, (call_id, name) in enumerate(step.tool_calls, first):
            await workflow.execute_activity_method(
                ReportToolActivities.use,
                ToolUse(
                    project_id=self._project_id,
                    run_id=self._run_id,
                    number=number,
                    call_id=call_id,
                    asked_at_number=first - 1,
                ),
                summary=tool_summary(name),
                **REPORT_TOOL.options,
            )
            self._spent = replace(self._spent, tool_calls=self._spent.tool_calls + 1)
            self._show(self._spent)
        return first + len(step.tool_calls)

    async def _check(self, number: int, *, mend: bool) -> DraftCheck:
        return await workflow.execute_activity_method(
            ReportToolActivities.check,
            CheckDraft(project_id=self._project_id, run_id=self._run_id, number=number, mend=mend),
            summary="Check what the author has written",
            **REPORT_TOOL.options,
        )

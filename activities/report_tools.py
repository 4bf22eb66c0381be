"""The tools of a report's author, one activity per call; and whether what was written is a report."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import activity

from activities.report_reading import ReportReader, Scope
from assay.contracts.models import ToolCall
from assay.contracts.report_run_workflows import CheckDraft, DraftCheck, ToolUse
from assay.contracts.report_runs import TranscriptEntry
from assay.domain.report_author.budget import MAX_READ_CHARS
from assay.domain.report_author.conversation import Conversation, is_write, tool_calls, tool_message
from assay.domain.report_author.draft import Problem
from assay.domain.report_author.prompt import mending
from assay.domain.report_author.results import result_text
from assay.domain.report_author.tools import ToolMisuse, parsed
from assay.errors import EvaluationNotFound, StoreRejected
from assay.ports import Registry
from assay.temporal.heartbeat import heartbeating

_READ_ENOUGH = "The budget for reading is used up: write the report."


class ReportToolActivities:
    """Uses tools, and keeps their results in the transcript.

    Conversations are read in threads: they may be megabytes.

    Args:
        max_read_chars: after so many characters of results, queries of a run get no more answers.
    """

    def __init__(
        self, *, registry: Registry, reader: ReportReader, max_read_chars: int = MAX_READ_CHARS
    ) -> None:
        self._registry = registry
        self._reader = reader
        self._max_read_chars = max_read_chars

    @activity.defn(name="use-report-tool")
    async def use(self, given: ToolUse) -> bool:
        """Answer one call of the author, in the transcript.

        Returns:
            Whether the call was a proper one; what was wrong is told to the author.

        Raises:
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            transcript = await self._registry.report_runs.transcript(given.project_id, given.run_id)
            stored = [entry for entry in transcript if entry.number == given.number]
            if stored:
                return not _is_refusal(stored[0])
            before = {entry.number: entry.message for entry in transcript if entry.number < given.number}
            # Results follow the message that asks for them, in the order of its calls.
            call = tool_calls(before[given.asked_at_number])[given.number - given.asked_at_number - 1]
            conversation = await asyncio.to_thread(Conversation.of, list(before.values()))
            try:
                result = await self._result(given, conversation, call)
            except ToolMisuse as misuse:
                result = {"error": str(misuse)}
            text = await asyncio.to_thread(result_text, result)
            entry = TranscriptEntry(number=given.number, message=tool_message(call, text))
            await self._registry.report_runs.add_message(given.project_id, given.run_id, entry)
            return not _is_refusal(entry)

    @activity.defn(name="check-report-draft")
    async def check(self, given: CheckDraft) -> DraftCheck:
        """See whether what the author has written is a report; tell them what is wrong, if that is wanted."""
        async with heartbeating():
            transcript = await self._registry.report_runs.transcript(given.project_id, given.run_id)
            messages = [entry.message for entry in transcript if entry.number < given.number]
            problems = await asyncio.to_thread(_problems, messages)
            if problems and given.mend:
                message = mending([problem.advice for problem in problems])
                entry = TranscriptEntry(number=given.number, message=message)
                await self._registry.report_runs.add_message(given.project_id, given.run_id, entry)
            return DraftCheck(problems=tuple(problem.words for problem in problems))

    async def _result(self, given: ToolUse, conversation: Conversation, call: ToolCall) -> dict[str, Any]:
        if is_write(call.name):
            return await asyncio.to_thread(_written, conversation, call)
        arguments = parsed(call.name, call.arguments)
        if conversation.read_chars >= self._max_read_chars:
            raise ToolMisuse(_READ_ENOUGH)
        return await self._reader.read(await self._scope(given, conversation), arguments)

    async def _scope(self, given: ToolUse, conversation: Conversation) -> Scope:
        """What the report is about; what was deleted meanwhile is reported on to the end."""
        project_id, registry = given.project_id, self._registry
        run = await registry.report_runs.get(project_id, given.run_id)
        if run is None:
            raise StoreRejected(f"There is no report run {given.run_id}.")
        report = await registry.evaluation_reports.get(project_id, run.report_id, include_deleted=True)
        evaluation = await registry.evaluations.get(project_id, run.evaluation_id, include_deleted=True)
        if report is None or evaluation is None:
            raise EvaluationNotFound(f"Report {run.report_id} or its evaluation is gone.")
        return Scope(run, report, evaluation, conversation.evidence)


def _written(conversation: Conversation, call: ToolCall) -> dict[str, Any]:
    draft = conversation.write(call)
    uncited, unknown = draft.uncited(conversation.evidence), draft.unknown(conversation.evidence)
    return {
        "ok": True,
        "sections": len(draft.sections),
        **({"still_to_cite": uncited} if uncited else {}),
        **({"never_shown": unknown} if unknown else {}),
    }


def _problems(messages: list[dict[str, Any]]) -> list[Problem]:
    conversation = Conversation.of(messages)
    return conversation.draft.problems(conversation.evidence)


def _is_refusal(entry: TranscriptEntry) -> bool:
    return str(entry.message.get("content", "")).startswith('{"error":')

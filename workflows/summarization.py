"""`summarization`: a trace or an event is summarised while somebody waits.

Id: `summarization-{digest}`, of project, subject, text, mode and model: who asks for the same work joins it.
Messages: none. Timers: none.
A text that the model can read at once is one question, and a second one if something is wrong with the
answer. A longer one is cut into pieces that keep the numbers of its lines; notes are taken on the pieces, a
few at a time, condensed while they are too long together, and summarised. A piece that is still too long is
halved, up to three times.
Failure: a model that cannot be asked is retried within the budget of answers that somebody waits for, and
then fails the workflow with the error's code; so do two answers in a row that cannot be read. What was
answered by then is kept: the next run with the same question finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.summarization import SummarizationActivities
from assay.contracts.summarization import (
    AnswerStep,
    AskNotes,
    AskSummary,
    SplitResult,
    SplitText,
    SummarizationInput,
    SummarizationResult,
    TextRef,
)
from assay.domain.summaries.details import SummaryProgress, counted, progress_details, question_line
from assay.domain.summaries.groups import groups_of, longest_notes
from assay.errors import AnswerUnusable, ContextWindowExceeded
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import ANSWER_CALL, STORE
from workflows.answer_outcomes import outcome_shown

PIECES_AT_A_TIME: Final = 5
HALVINGS: Final = 3
MOST_PIECES: Final = 1_000
"""Altogether, halved ones included: the history has to hold them."""


_TOO_LONG: Final = "The model refuses as too long even an eighth of what it should be able to read."


@workflow.defn(name="summarization")
class Summarization:
    """Ask for the summary, of the text or of notes on its pieces."""

    @workflow.init
    def __init__(self, work: SummarizationInput) -> None:
        self._work = work
        self._progress = SummaryProgress()
        self._places = asyncio.Semaphore(PIECES_AT_A_TIME)
        self._failure: Exception | None = None

    @workflow.run
    async def run(self, work: SummarizationInput) -> SummarizationResult:
        """Make one summary.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when there is none.
        """
        self._show()
        with outcome_shown():
            step = await self._summarised()
            self._show(doing="✅ summarised")
        return SummarizationResult(
            model=step.model,
            questions=self._progress.questions,
            pieces=max(self._progress.pieces, 1),
            input_tokens=self._progress.input_tokens,
            output_tokens=self._progress.output_tokens,
            cost_usd=self._progress.cost_usd,
            is_new=self._work.refresh or self._progress.is_new,
        )

    async def _summarised(self) -> AnswerStep:
        step = await self._ask_summary(())
        if step.room is None:
            return step
        room = step.room
        text = TextRef(digest=self._work.text_digest, characters=self._work.text_length)
        self._show(doing="Reads the text in pieces")
        notes = await self._notes(text, room, HALVINGS)
        for _ in range(HALVINGS + 1):
            notes = await self._condensed(notes, room)
            self._show(doing="Summarises the notes")
            step = await self._ask_summary(notes)
            if step.room is None:
                return step
            room = step.room
        raise _too_long()

    async def _notes(self, text: TextRef, room: int, halvings: int) -> list[TextRef]:
        """Notes on a text, piece by piece.

        Args:
            room: characters of a piece.
            halvings: how often a piece that is too long may still be halved.
        """
        split: SplitResult = await workflow.execute_activity_method(
            SummarizationActivities.split,
            SplitText(project_id=self._work.project_id, text=text, room=room),
            summary=f"Cut {text.characters:,} characters into pieces",
            **STORE.options,
        )
        self._show(pieces=self._progress.pieces + len(split.pieces))
        if self._progress.pieces > MOST_PIECES:
            raise _too_long()
        found = await _all(self._notes_on(piece, longest_notes(room), halvings) for piece in split.pieces)
        return list(chain.from_iterable(found))

    async def _notes_on(self, piece: TextRef, longest: int, halvings: int) -> Sequence[TextRef]:
        async with self._places:
            step = await self._ask_notes(
                AskNotes(work=self._work, piece=piece, longest=longest),
                f"Take notes on {piece.characters:,} characters",
            )
        if step.room is None:
            self._show(read=self._progress.read + 1)
            return (_kept(step),)
        if not halvings:
            raise _too_long()
        self._show(pieces=self._progress.pieces - 1)
        return await self._notes(piece, step.room, halvings - 1)

    async def _condensed(self, notes: list[TextRef], room: int) -> list[TextRef]:
        """The notes, fewer if they are too long for one question."""
        while len(notes) > 1 and sum(ref.characters + 1 for ref in notes) > room:
            self._show(doing=f"Condenses the notes on {len(notes)} pieces")
            groups = groups_of([ref.characters for ref in notes], room)
            notes = await _all(self._condense(notes[group], longest_notes(room)) for group in groups)
        return notes

    async def _condense(self, notes: Sequence[TextRef], longest: int) -> TextRef:
        if len(notes) == 1:
            return notes[0]
        async with self._places:
            step = await self._ask_notes(
                AskNotes(work=self._work, notes=tuple(notes), longest=longest),
                f"Condense the notes on {len(notes)} pieces",
            )
        if step.room is not None:
            raise _too_long()
        return _kept(step)

    async def _ask_summary(self, notes: Sequence[TextRef]) -> AnswerStep:
        what = "Summarise the notes" if notes else "Summarise the text"
        step = await self._put(AskSummary(work=self._work, notes=tuple(notes)), what)
        if not step.problems:
            return step
        return await self._put(AskSummary(work=self._work, notes=tuple(notes), mends=True), what)

    async def _ask_notes(self, asked: AskNotes, what: str) -> AnswerStep:
        if self._failure is not None:  # there will be no summary; what is asked already is waited for
            raise self._failure
        try:
            step = await self._put(asked, what)
            if not step.problems:
                return step
            return await self._put(asked.model_copy(update={"mends": True}), what)
        except (ActivityError, ApplicationError) as error:
            self._failure = error
            raise

    async def _put(self, asked: AskSummary | AskNotes, what: str) -> AnswerStep:
        """Put one question."""
        method = "ask-summary" if isinstance(asked, AskSummary) else "ask-summary-notes"
        step: AnswerStep = await workflow.execute_activity(
            method,
            asked,
            result_type=AnswerStep,
            task_queue=TaskQueue.LLM,
            summary=question_line(what, mends=asked.mends),
            **ANSWER_CALL.options,
        )
        self._show(**counted(self._progress, step, mends=asked.mends))
        return step

    def _show(self, **changes: Any) -> None:
        self._progress = replace(self._progress, **changes)
        workflow.set_current_details(progress_details(self._progress))


async def _all[Value](works: Iterable[Coroutine[Any, Any, Value]]) -> list[Value]:
    """What comes of several works, in their order; a failure of one only when all have come to an end.

    What models are asked already is paid for, and kept if it is waited for.
    """
    found: list[Value] = []
    failures: list[BaseException] = []
    for each in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(each, BaseException):
            failures.append(each)
        else:
            found.append(each)
    for failure in failures:
        raise failure
    return found


def _kept(step: AnswerStep) -> TextRef:
    """The notes of an answer.

    Raises:
        ApplicationError: there are none, though nothing is wrong with it.
    """
    if step.kept is None:
        raise ApplicationError("There are no notes.", type=AnswerUnusable.code, non_retryable=True)
    return step.kept


def _too_long() -> ApplicationError:
    return ApplicationError(_TOO_LONG, type=ContextWindowExceeded.code, non_retryable=True)

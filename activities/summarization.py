"""The activities of `summarization`: texts are cut into pieces, and models are asked about them.

One activity is one question. Each looks first whether its answer is there already, and stores what was paid
for before anything follows from it (`activities.summary_artifacts`).
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from temporalio import activity

from activities.model_answers import ModelAnswers, Question
from activities.summary_artifacts import (
    Draft,
    SummaryArtifacts,
    notes_digest,
    notes_ref,
    summary_question_digest,
)
from assay.contracts.models import ModelMessage, ModelReply
from assay.contracts.summarization import (
    AnswerStep,
    AskNotes,
    AskSummary,
    SplitResult,
    SplitText,
    SummarizationInput,
)
from assay.domain.summaries.answers import Reading, UnreadableAnswer, read_summary, tidied
from assay.domain.summaries.line_refs import KnownLines
from assay.domain.summaries.notes import known_lines, notes_text, read_notes
from assay.domain.summaries.pieces import LEAST_ROOM, pieces_of
from assay.domain.summaries.prompts import USUAL_MODEL, mending, notes_question, summary_question
from assay.domain.summaries.schema import NOTES_SCHEMA, SUMMARY_SCHEMA
from assay.domain.summaries.windows import SMALLEST_WINDOW, window_of
from assay.errors import AnswerEmpty, AnswerUnusable, ContextWindowExceeded, OutputLimitExceeded, WorkError
from assay.ports import ArtifactRepository
from assay.temporal.heartbeat import heartbeating

MOST_PIECES: Final = 400
"""A text that makes more of them is too long for the model: nobody would pay for so many questions."""

_ABOUT: Final = "summary"
_CUT_OFF: Final = "It was cut off before its end: write much less."


type _Messages = tuple[ModelMessage, ModelMessage]


@dataclass(frozen=True, slots=True)
class _Asking:
    """A question that is to be put.

    Attributes:
        digest: what its answer, or the draft of one, is kept under.
        text: what it is about.
        known: lines that its answer may refer to.
        mends: whether it names what was wrong with the first answer.
        boundary: fences what other people wrote.
    """

    work: SummarizationInput
    digest: str
    text: str
    known: KnownLines
    mends: bool
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))


class SummarizationActivities:
    """Asks for summaries, and for notes where a text is too long."""

    def __init__(self, *, answers: ModelAnswers, artifacts: ArtifactRepository) -> None:
        self._answers = answers
        self._kept = SummaryArtifacts(answers=answers, artifacts=artifacts)

    @activity.defn(name="split-summary-text")
    async def split(self, given: SplitText) -> SplitResult:
        """Cut a text between its lines, and keep the pieces.

        Raises:
            ArtifactMissing: the text is not kept any more.
            ContextWindowExceeded: there would be too many of them.
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            text = await self._kept.text(given.project_id, given.text.digest)
            pieces = await asyncio.to_thread(pieces_of, text, max(given.room, LEAST_ROOM))
            if len(pieces) > MOST_PIECES:
                raise ContextWindowExceeded(
                    f"{len(text)} characters are far more than the model reads: name a model with a larger "
                    "context window."
                )
            kept = [await self._kept.put_piece(given.project_id, piece) for piece in pieces]
            return SplitResult(pieces=tuple(kept))

    @activity.defn(name="ask-summary")
    async def ask_summary(self, given: AskSummary) -> AnswerStep:
        """Get the summary, or what keeps it from being one.

        Raises:
            AnswerUnusable: neither answer is a summary.
            ArtifactMissing: what it is made from is not kept any more.
            WorkError: the model gave no answer.
        """
        async with heartbeating():
            stored = await self._kept.summary(given.work)
            if stored is not None:
                return AnswerStep(model=stored.model, found=True)
            asking = await self._about_summary(given)
            if (room := await self._room(asking)) is not None:
                return AnswerStep(room=room)
            question = summary_question(
                asking.text,
                kind=given.work.kind,
                mode=given.work.mode,
                from_notes=bool(given.notes),
                boundary=asking.boundary,
            )
            try:
                reply = await self._reply(asking, question, ("summary", SUMMARY_SCHEMA))
            except (AnswerEmpty, OutputLimitExceeded, ContextWindowExceeded) as error:
                if not given.mends:
                    raise
                return await self._settled(asking, error)
            return await self._taken(asking, reply) if isinstance(reply, ModelReply) else reply

    @activity.defn(name="ask-summary-notes")
    async def ask_notes(self, given: AskNotes) -> AnswerStep:
        """Get notes on a piece of the text, or on notes, or what keeps them from being some.

        Raises:
            AnswerUnusable: neither answer is a list of notes.
            ArtifactMissing: what they are about is not kept any more.
            WorkError: the model gave no answer.
        """
        async with heartbeating():
            work = given.work
            sources = given.notes if given.piece is None else (given.piece,)
            digest = notes_digest(work, sources, given.longest)
            stored = await self._kept.stored_notes(work.project_id, digest)
            if stored is not None:
                return AnswerStep(kept=notes_ref(digest, stored), found=True)
            asking = await self._about_notes(given, digest)
            question = notes_question(
                asking.text,
                kind=work.kind,
                longest=given.longest,
                condense=given.piece is None,
                boundary=asking.boundary,
            )
            reply = await self._reply(asking, question, ("notes", NOTES_SCHEMA))
            return await self._noted(given, asking, reply) if isinstance(reply, ModelReply) else reply

    async def _about_summary(self, given: AskSummary) -> _Asking:
        work = given.work
        digest = summary_question_digest(work, given.notes)
        if given.notes:
            notes = await self._kept.notes(work.project_id, given.notes)
            return _Asking(work, digest, notes_text(notes), known_lines(notes), given.mends)
        text = await self._kept.text(work.project_id, work.text_digest)
        return _Asking(work, digest, text, await asyncio.to_thread(KnownLines.of_text, text), given.mends)

    async def _about_notes(self, given: AskNotes, digest: str) -> _Asking:
        work = given.work
        if given.piece is None:
            notes = await self._kept.notes(work.project_id, given.notes)
            return _Asking(work, digest, notes_text(notes), known_lines(notes), given.mends)
        text = await self._kept.text(work.project_id, given.piece.digest)
        return _Asking(work, digest, text, KnownLines.of_text(text), given.mends)

    async def _room(self, asking: _Asking) -> int | None:
        """How much the model reads at once, if the text is longer."""
        if len(asking.text) <= SMALLEST_WINDOW:  # saves to look for the model twice
            return None
        work = asking.work
        chosen = await self._answers.choose(work.project_id, work.model, usual=USUAL_MODEL)
        window = window_of(chosen.model)
        return None if len(asking.text) <= window else window

    async def _reply(
        self, asking: _Asking, question: _Messages, schema: tuple[str, dict[str, Any]]
    ) -> ModelReply | AnswerStep:
        """What the model answers, or what keeps it from that."""
        draft = await self._draft(asking)
        if draft is not None and not asking.mends:  # paid for by an earlier attempt
            return AnswerStep(problems=draft.problems, model=draft.model)
        if draft is not None:
            problems, answer = draft.problems, draft.answer
            question = mending(question, problems=problems, answer=answer, boundary=asking.boundary)
        try:
            return await self._answers.ask(_question(asking.work, question, schema))
        except ContextWindowExceeded:
            if len(asking.text) <= LEAST_ROOM or (schema[1] is SUMMARY_SCHEMA and asking.mends):
                raise
            return AnswerStep(room=len(asking.text) // 2)
        except OutputLimitExceeded:
            if asking.mends:
                raise
            return await self._to_mend(asking, None, (_CUT_OFF,))

    async def _draft(self, asking: _Asking) -> Draft | None:
        """The answer that is to be mended. On the first attempt of the first question there is none."""
        if not asking.mends and activity.info().attempt == 1:
            return None
        return await self._kept.draft(asking.work.project_id, asking.digest)

    async def _taken(self, asking: _Asking, reply: ModelReply) -> AnswerStep:
        """Store a summary that is right, or as right as it gets; otherwise what is to be mended."""
        try:
            reading = await asyncio.to_thread(_read, asking, reply.text)
        except UnreadableAnswer as error:
            if asking.mends:
                settled = await self._settled(asking, _unusable(error))
                return _step(reply).model_copy(update={"model": settled.model})
            return await self._to_mend(asking, reply, (str(error),))
        if reading.problems and not asking.mends:
            return await self._to_mend(asking, reply, reading.problems)
        await self._put(asking, reading, reply.model)
        return _step(reply)

    async def _settled(self, asking: _Asking, error: WorkError) -> AnswerStep:
        """Make do with the answer that was to be mended.

        Raises:
            WorkError: `error`, as it is of no use either.
        """
        draft = await self._draft(asking)
        try:
            reading = None if draft is None else await asyncio.to_thread(_read, asking, draft.answer)
        except UnreadableAnswer:
            reading = None
        if draft is None or reading is None:
            raise error
        await self._put(asking, reading, draft.model)
        return AnswerStep(model=draft.model)

    async def _put(self, asking: _Asking, reading: Reading, model: str) -> None:
        """Store a summary without what is wrong with it."""
        work = asking.work
        summary = await asyncio.to_thread(tidied, reading.summary, mode=work.mode, known=asking.known)
        await self._kept.put_summary(work, summary, model)

    async def _noted(self, given: AskNotes, asking: _Asking, reply: ModelReply) -> AnswerStep:
        try:
            notes = read_notes(reply.text, known=asking.known, longest=given.longest)
        except UnreadableAnswer as error:
            if asking.mends:
                raise _unusable(error) from None
            return await self._to_mend(asking, reply, (str(error),))
        kept = await self._kept.put_notes(asking.work.project_id, asking.digest, notes)
        return _step(reply).model_copy(update={"kept": kept})

    async def _to_mend(
        self, asking: _Asking, reply: ModelReply | None, problems: tuple[str, ...]
    ) -> AnswerStep:
        await self._kept.put_draft(asking.work.project_id, asking.digest, reply, problems)
        step = AnswerStep() if reply is None else _step(reply)
        return step.model_copy(update={"problems": problems})


def _question(work: SummarizationInput, messages: _Messages, schema: tuple[str, dict[str, Any]]) -> Question:
    return Question(
        project_id=work.project_id,
        about=_ABOUT,
        messages=messages,
        schema_name=schema[0],
        json_schema=schema[1],
        usual_model=USUAL_MODEL,
        model=work.model,
    )


def _read(asking: _Asking, answer: str) -> Reading:
    return read_summary(answer, mode=asking.work.mode, known=asking.known)


def _unusable(error: UnreadableAnswer) -> AnswerUnusable:
    return AnswerUnusable(f"The model's answers are not what was asked for. {error}")


def _step(reply: ModelReply) -> AnswerStep:
    return AnswerStep(
        model=reply.model,
        input_tokens=reply.input_tokens or 0,
        output_tokens=reply.output_tokens or 0,
        cost_usd=reply.cost_usd,
    )

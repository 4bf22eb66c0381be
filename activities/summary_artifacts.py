"""What `summarization` keeps between its activities, and under which digests.

Notes on a piece of a text are the same whatever summary they are for, so that a summary of another mode finds
them. An answer that has to be mended belongs to its workflow run: nobody else starts from it. Where a summary
is made anew, everything belongs to the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from temporalio import activity

from activities.model_answers import ModelAnswers
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.models import ModelReply
from assay.contracts.summarization import (
    StoredSummary,
    SummarizationInput,
    Summary,
    SummaryPoint,
    TextRef,
)
from assay.domain.digests import digest_of
from assay.domain.summaries.notes import from_body, notes_text, to_body
from assay.domain.summaries.prompts import LONGEST_DRAFT, PROMPT_VERSION
from assay.errors import ArtifactMissing
from assay.ports import ArtifactRepository


class Draft(NamedTuple):
    """An answer that is to be mended: what it said, who said it, and what is wrong with it."""

    answer: str
    model: str
    problems: tuple[str, ...]


class SummaryArtifacts:
    """Artifacts of the summaries of one process."""

    def __init__(self, *, answers: ModelAnswers, artifacts: ArtifactRepository) -> None:
        self._answers = answers
        self._artifacts = artifacts

    async def summary(self, work: SummarizationInput) -> StoredSummary | None:
        """The summary if it is there; where it is made anew, if this run has made it."""
        found = await self._artifacts.get(work.project_id, ArtifactKind.SUMMARY, work.digest)
        if found is None:
            return None
        stored = StoredSummary.model_validate(found.body)
        return None if work.refresh and stored.made_by != run_id() else stored

    async def put_summary(self, work: SummarizationInput, summary: Summary, model: str) -> None:
        """Store the summary."""
        stored = StoredSummary(summary=summary, model=model, made_by=run_id())
        artifact = _artifact(
            work.project_id, ArtifactKind.SUMMARY, work.digest, stored.model_dump(mode="json")
        )
        place = {"subject": work.subject, "variant": work.variant, "source": work.source}
        await self._answers.keep(artifact.model_copy(update=place))

    async def text(self, project_id: int, digest: str) -> str:
        """A text, or a piece of one.

        Raises:
            ArtifactMissing: it is not kept any more.
        """
        return await self._answers.text(project_id, digest)

    async def put_piece(self, project_id: int, piece: str) -> TextRef:
        """Store a piece of a text."""
        ref = TextRef(digest=digest_of("piece", piece), characters=len(piece))
        await self._artifacts.put(_artifact(project_id, ArtifactKind.TEXT, ref.digest, piece))
        return ref

    async def stored_notes(self, project_id: int, digest: str) -> list[SummaryPoint] | None:
        """Notes, if they are there."""
        found = await self._part(project_id, digest)
        return None if found is None else from_body(found)

    async def notes(self, project_id: int, refs: Sequence[TextRef]) -> list[SummaryPoint]:
        """Notes of several pieces, one after the other.

        Raises:
            ArtifactMissing: some are not kept any more.
        """
        notes: list[SummaryPoint] = []
        for ref in refs:
            found = await self.stored_notes(project_id, ref.digest)
            if found is None:
                raise ArtifactMissing("Notes that the summary is made from are not kept any more; ask again.")
            notes += found
        return notes

    async def put_notes(self, project_id: int, digest: str, notes: Sequence[SummaryPoint]) -> TextRef:
        """Store notes."""
        await self._put_part(project_id, digest, to_body(notes))
        return notes_ref(digest, notes)

    async def draft(self, project_id: int, digest: str) -> Draft | None:
        """The answer that this run has to mend, if there is one.

        Args:
            digest: of the question.
        """
        found = await self._part(project_id, _draft_digest(digest))
        return None if found is None else Draft(found["answer"], found["model"], tuple(found["problems"]))

    async def put_draft(
        self, project_id: int, digest: str, reply: ModelReply | None, problems: Sequence[str]
    ) -> None:
        """Store an answer that is to be mended; without one, only what is wrong."""
        answer, model = ("", "") if reply is None else (reply.text[:LONGEST_DRAFT], reply.model)
        body = {"answer": answer, "model": model, "problems": list(problems)}
        await self._put_part(project_id, _draft_digest(digest), body)

    async def _part(self, project_id: int, digest: str) -> Any:
        found = await self._artifacts.get(project_id, ArtifactKind.SUMMARY_PART, digest)
        return None if found is None else found.body

    async def _put_part(self, project_id: int, digest: str, body: Any) -> None:
        await self._answers.keep(_artifact(project_id, ArtifactKind.SUMMARY_PART, digest, body))


def summary_question_digest(work: SummarizationInput, notes: Sequence[TextRef]) -> str:
    """Of the question for a summary, of the text or of notes on it."""
    return digest_of("summary-question", work.digest, *(ref.digest for ref in notes))


def notes_digest(work: SummarizationInput, sources: Sequence[TextRef], longest: int) -> str:
    """Of notes on a piece, or on notes."""
    run = run_id() if work.refresh else ""
    about = (work.kind, work.model or "", str(longest), *(ref.digest for ref in sources))
    return digest_of("summary-notes", PROMPT_VERSION, run, *about)


def notes_ref(digest: str, notes: Sequence[SummaryPoint]) -> TextRef:
    """Where notes are, and how long they are in a question."""
    return TextRef(digest=digest, characters=len(notes_text(notes)))


def run_id() -> str:
    """The workflow run that the activity belongs to."""
    return activity.info().workflow_run_id or ""


def _draft_digest(digest: str) -> str:
    return digest_of("summary-draft", run_id(), digest)


def _artifact(project_id: int, kind: ArtifactKind, digest: str, body: Any) -> Artifact:
    return Artifact(project_id=project_id, kind=kind, digest=digest, body=body, created_at=datetime.now(UTC))

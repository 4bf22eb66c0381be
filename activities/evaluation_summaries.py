"""The activities of `evaluation-summary`: one question to a model each, and the summary in the end.

Every answer is stored as soon as it is paid for. One in which nothing is wrong is found by whoever has the
same question; one that has to be mended belongs to its workflow run, so that nobody else starts from it.
Where the summary is to be made anew, all answers belong to the run.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from temporalio import activity

from activities.model_answers import ModelAnswers, Question
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.evaluation_summaries import (
    AskAboutRuns,
    AskedAboutRuns,
    EvaluationSummaryInput,
    Findings,
    FinishSummary,
    SummaryMaterial,
)
from assay.contracts.models import ModelMessage, StoredAnswer
from assay.domain.digests import digest_of
from assay.domain.evaluation_summaries.answer import (
    CheckedAnswer,
    Problem,
    check_answer,
    evidence_of_notes,
    summary_of,
)
from assay.domain.evaluation_summaries.material import Evidence, evidence_of
from assay.domain.evaluation_summaries.prompt import (
    USUAL_MODEL,
    answer_schema,
    ask_about_all,
    ask_about_notes,
    ask_about_part,
    ask_again,
)
from assay.errors import AnswerUnusable, ArtifactMissing
from assay.ports import ArtifactRepository
from assay.temporal.heartbeat import heartbeating

_ABOUT: Final = "evaluation summary"


class _Subject(NamedTuple):
    """What a question is about, read and ready.

    Attributes:
        evidence: what its answer may say.
    """

    material: SummaryMaterial
    notes: tuple[Findings, ...]
    evidence: Evidence


class EvaluationSummaryActivities:
    """Asks about runs, and makes the summary."""

    def __init__(self, *, answers: ModelAnswers, artifacts: ArtifactRepository) -> None:
        self._answers = answers
        self._artifacts = artifacts

    @activity.defn(name="ask-about-runs")
    async def ask(self, given: AskAboutRuns) -> AskedAboutRuns:
        """Get an answer, the one that was paid for if there is one, and see what is wrong with it.

        Raises:
            ArtifactMissing: what the question is about is not kept any more.
            WorkError: the model gave no answer.
        """
        async with heartbeating():
            subject = await self._subject(given)
            found = await self._found(given)
            if found is None:
                answer = await self._asked(given, subject)
                checked = await asyncio.to_thread(_checked, answer, given, subject.evidence)
                digest = await self._keep(given, answer, is_good=not checked.problems)
            else:
                digest, answer = found
                checked = await asyncio.to_thread(_checked, answer, given, subject.evidence)
            return AskedAboutRuns(
                answer=digest,
                problems=tuple(problem.words for problem in checked.problems),
                faults=checked.faults,
                is_usable=checked.findings is not None,
                model=answer.model,
                input_tokens=answer.input_tokens or 0,
                output_tokens=answer.output_tokens or 0,
                cost_usd=answer.cost_usd,
            )

    @activity.defn(name="finish-evaluation-summary")
    async def finish(self, given: FinishSummary) -> None:
        """Make the summary from the last answer and the data, and store it.

        One that was made anew meanwhile, because somebody wanted that, is not replaced.

        Raises:
            AnswerUnusable: there is nothing in the answer.
            ArtifactMissing: what it is made from is not kept any more.
            StoreUnavailable: the registry did not answer.
        """
        if not given.work.refresh and await self._is_made(given.work):
            return
        asked = AskAboutRuns(work=given.work, about="notes" if given.notes else "runs", notes=given.notes)
        subject = await self._subject(asked)
        answer = await self._answer(given.work, given.answer)
        findings = (await asyncio.to_thread(_checked, answer, asked, subject.evidence)).findings
        if findings is None:
            raise AnswerUnusable("The model's answer is not what was asked for.")
        summary = summary_of(findings, subject.material.runs)
        await self._artifacts.put(
            Artifact(
                project_id=given.work.project_id,
                kind=ArtifactKind.EVALUATION_SUMMARY,
                digest=given.work.digest,
                subject=str(given.work.evaluation_id),
                variant=answer.model,
                body=summary.model_dump(mode="json"),
                created_at=datetime.now(UTC),
            )
        )

    async def _subject(self, given: AskAboutRuns) -> _Subject:
        work = given.work
        text = await self._answers.text(work.project_id, work.digest)
        material = await asyncio.to_thread(SummaryMaterial.model_validate_json, text)
        if given.about == "part":
            return _Subject(material, (), evidence_of(material.runs[given.start : given.end]))
        evidence = evidence_of(material.runs)
        if given.about == "runs":
            return _Subject(material, (), evidence)
        answers = [await self._answer(work, digest) for digest in given.notes]
        notes = await asyncio.to_thread(_notes, answers, evidence)
        return _Subject(material, notes, evidence_of_notes(evidence, notes))

    async def _asked(self, given: AskAboutRuns, subject: _Subject) -> StoredAnswer:
        faulty = await self._answer(given.work, given.faulty) if given.faulty else None
        question = Question(
            project_id=given.work.project_id,
            about=_ABOUT,
            messages=await asyncio.to_thread(_messages, given, subject, faulty),
            schema_name="evaluation_summary",
            json_schema=answer_schema(of_part=given.about == "part"),
            usual_model=USUAL_MODEL,
        )
        return await self._answers.get(question)

    async def _is_made(self, work: EvaluationSummaryInput) -> bool:
        kind = ArtifactKind.EVALUATION_SUMMARY
        return await self._artifacts.get(work.project_id, kind, work.digest) is not None

    async def _found(self, given: AskAboutRuns) -> tuple[str, StoredAnswer] | None:
        for digest in (_shared_digest(given), _own_digest(given)):
            found = await self._stored(given.work, digest)
            if found is not None:
                return digest, found
        return None

    async def _answer(self, work: EvaluationSummaryInput, digest: str) -> StoredAnswer:
        found = await self._stored(work, digest)
        if found is None:
            raise ArtifactMissing("An answer that the summary is made from is not kept any more; ask again.")
        return found

    async def _stored(self, work: EvaluationSummaryInput, digest: str) -> StoredAnswer | None:
        kind = ArtifactKind.EVALUATION_SUMMARY_PART
        found = await self._artifacts.get(work.project_id, kind, digest)
        return None if found is None else StoredAnswer.model_validate(found.body)

    async def _keep(self, given: AskAboutRuns, answer: StoredAnswer, *, is_good: bool) -> str:
        digest = _shared_digest(given) if is_good else _own_digest(given)
        await self._answers.keep(
            Artifact(
                project_id=given.work.project_id,
                kind=ArtifactKind.EVALUATION_SUMMARY_PART,
                digest=digest,
                subject=str(given.work.evaluation_id),
                body=answer.model_dump(),
                created_at=datetime.now(UTC),
            )
        )
        return digest


def _shared_digest(given: AskAboutRuns) -> str:
    """Where a good answer is kept: for all who have this question, or for the run that asks anew."""
    if given.work.refresh:
        return _own_digest(given)
    return digest_of(
        given.work.digest, given.about, str(given.start), str(given.end), *given.notes, given.faulty
    )


def _own_digest(given: AskAboutRuns) -> str:
    """Where the run keeps an answer for itself: its next attempts find it."""
    run = activity.info().workflow_run_id or ""
    place = (given.about, str(given.start), str(given.end), *given.notes, given.faulty)
    return digest_of(given.work.digest, "run", run, *place)


def _messages(
    given: AskAboutRuns, subject: _Subject, faulty: StoredAnswer | None
) -> tuple[ModelMessage, ...]:
    boundary = secrets.token_hex(16)
    if given.about == "part":
        question = ask_about_part(subject.material, given.start, given.end, boundary)
    elif given.about == "notes":
        question = ask_about_notes(subject.material, subject.notes, boundary)
    else:
        question = ask_about_all(subject.material, boundary)
    if faulty is None:
        return question
    problems = [problem.told() for problem in _checked(faulty, given, subject.evidence).problems]
    return ask_again(question, faulty.text, problems, boundary)


def _checked(answer: StoredAnswer, given: AskAboutRuns, evidence: Evidence) -> CheckedAnswer:
    if answer.fault:
        return CheckedAnswer(None, (Problem(answer.fault),))
    return check_answer(answer.text, evidence, of_part=given.about == "part")


def _notes(answers: Sequence[StoredAnswer], evidence: Evidence) -> tuple[Findings, ...]:
    """What is left of the answers about the parts."""
    checked = (check_answer(answer.text, evidence, of_part=True) for answer in answers)
    return tuple(each.findings for each in checked if each.findings is not None)

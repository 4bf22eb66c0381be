"""The activity of `translation`: one question to a model.

A translation is made anew for each workflow, so what is kept belongs to the run: another attempt finds what
was paid for. A finished translation is also laid out under the digest of the work, for who gave up waiting
for it; the API takes it from there as soon as it has handed it out.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final

from temporalio import activity

from activities.model_answers import ModelAnswers, Question
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.models import ModelReply
from assay.contracts.translation import TextTranslated, TranslatedText, TranslateText, TranslationInput
from assay.domain.digests import digest_of
from assay.domain.translation import (
    SCHEMA,
    SCHEMA_NAME,
    USUAL_MODEL,
    UnreadableTranslation,
    read_translation,
    translation_prompt,
)
from assay.ports import ArtifactRepository
from assay.temporal.heartbeat import heartbeating

_ABOUT: Final = "translation"


class TranslationActivities:
    """Asks for translations."""

    def __init__(self, *, answers: ModelAnswers, artifacts: ArtifactRepository) -> None:
        self._answers = answers
        self._artifacts = artifacts

    @activity.defn(name="translate-text")
    async def translate(self, given: TranslateText) -> TextTranslated:
        """Get an answer: the one that was paid for, if there is one, else from the model.

        Raises:
            ArtifactMissing: the text is not kept any more.
            WorkError: the model gave no answer.
        """
        async with heartbeating():
            digest = _digest(given)
            project_id = given.work.project_id
            stored = await self._artifacts.get(project_id, ArtifactKind.TRANSLATION, digest)
            if stored is not None:
                translated = TranslatedText.model_validate(stored.body)
            else:
                translated = await self._left(given.work) or await self._asked(given)
                await self._keep(project_id, digest, translated)
            if translated.translation is not None:
                await self._keep(project_id, given.work.digest, translated)
            return _told(digest, translated)

    async def _left(self, work: TranslationInput) -> TranslatedText | None:
        """What was finished for somebody who gave up, a moment before this run was asked for."""
        found = await self._artifacts.get(work.project_id, ArtifactKind.TRANSLATION, work.digest)
        return None if found is None or found.body is None else TranslatedText.model_validate(found.body)

    async def _keep(self, project_id: int, digest: str, translated: TranslatedText) -> None:
        await self._answers.keep(
            Artifact(
                project_id=project_id,
                kind=ArtifactKind.TRANSLATION,
                digest=digest,
                body=translated.model_dump(),
                created_at=datetime.now(UTC),
            )
        )

    async def _asked(self, given: TranslateText) -> TranslatedText:
        work = given.work
        text = await self._answers.text(work.project_id, work.digest)
        question = Question(
            project_id=work.project_id,
            about=_ABOUT,
            messages=translation_prompt(
                text, work.target_language, boundary=secrets.token_hex(16), is_repeated=given.is_repeated
            ),
            schema_name=SCHEMA_NAME,
            json_schema=dict(SCHEMA),
            usual_model=USUAL_MODEL,
        )
        # Nothing is what a model makes of a text in which there is nothing to say.
        reply = await self._answers.put(question)
        return TranslatedText(
            translation=_translation(reply),
            provider=reply.provider.value,
            model=reply.model,
            input_tokens=reply.input_tokens,
            output_tokens=reply.output_tokens,
            cost_usd=reply.cost_usd,
        )


def _digest(given: TranslateText) -> str:
    run = activity.info().workflow_run_id or ""
    return digest_of(given.work.digest, run, "again" if given.is_repeated else "first")


def _translation(reply: ModelReply) -> str | None:
    try:
        return read_translation(reply.text)
    except UnreadableTranslation:
        return None


def _told(digest: str, translated: TranslatedText) -> TextTranslated:
    return TextTranslated(
        digest=digest,
        is_usable=translated.translation is not None,
        model=translated.model,
        input_tokens=translated.input_tokens or 0,
        output_tokens=translated.output_tokens or 0,
        cost_usd=translated.cost_usd,
    )

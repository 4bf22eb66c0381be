"""The activity of `sentiment-batch`: a model says of some texts how they feel.

Scores are kept under what was classified, each text by itself, as soon as the model has answered: another
attempt, and everybody who asks about the same text later, finds them. A text that the model refuses is not
asked about again in the same batch, and takes no scores from others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from temporalio import activity

from activities.keeping import keep_paid
from activities.sentiment_portions import classify_portions
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.sentiment import (
    ClassifyTexts,
    SentimentBatchInput,
    SentimentScores,
    SentimentSource,
    StoredScores,
    TextsClassified,
)
from assay.domain.sentiment.batches import text_digest
from assay.errors import ArtifactMissing, SentimentUnavailable, SetupError
from assay.ports import ArtifactRepository, SentimentModel
from assay.temporal.heartbeat import heartbeating


class SentimentActivities:
    """Has texts classified."""

    def __init__(self, *, artifacts: ArtifactRepository, model: SentimentModel) -> None:
        self._artifacts = artifacts
        self._model = model

    @activity.defn(name="classify-texts")
    async def classify(self, given: ClassifyTexts) -> TextsClassified:
        """Classify one batch, but for what has scores.

        Raises:
            ArtifactMissing: the texts are not kept any more.
            SentimentUnavailable: this worker cannot ask the model that is wanted.
            StoreUnavailable: the registry did not answer.
            WorkError: the model gave no answer, or refuses every text that it is asked about.
        """
        async with heartbeating():
            with _unavailable_without_setup():
                return await self._classify(given)

    async def _classify(self, given: ClassifyTexts) -> TextsClassified:
        project_id, source = given.work.project_id, self._source(given.work)
        digests = {text: text_digest(source, text) for text in await self._texts(given)}
        found = await self._classified(given.work, list(digests.values()))
        missing = [text for text, digest in digests.items() if digest not in found]

        async def keep(scores: Mapping[str, SentimentScores]) -> None:
            await self._keep(project_id, {digests[text]: each for text, each in scores.items()})

        done = await classify_portions(self._model, project_id, missing, keep)
        if done.refusal is not None and not done.texts + len(found):
            raise done.refusal
        problem = "" if done.refusal is None else done.refusal.detail
        return TextsClassified(asked=done.texts, found=len(found), problem=problem)

    def _source(self, work: SentimentBatchInput) -> SentimentSource:
        """The model that is wanted, if it is the one at hand: its name is part of what scores are kept under.

        Raises:
            SentimentUnavailable: it is another one.
            SetupError: the one at hand cannot be read.
        """
        wanted, had = (work.backend, work.model), (self._model.backend, self._model.name)
        if wanted != had:
            raise SentimentUnavailable(
                f"{' '.join(wanted)} is asked for, and this worker has {' '.join(had)}: "
                "the API and the workers need the same ASSAY_SENTIMENT_… settings."
            )
        return SentimentSource(
            backend=work.backend, model=work.model, is_third_party=self._model.is_third_party
        )

    async def _texts(self, given: ClassifyTexts) -> Sequence[str]:
        work = given.work
        kept = await self._artifacts.get(work.project_id, ArtifactKind.TEXT, work.digest)
        if kept is None:
            raise ArtifactMissing("The texts that this is about are not kept any more; ask again.")
        texts: list[str] = kept.body[given.start : given.stop]
        return texts

    async def _classified(self, work: SentimentBatchInput, digests: Sequence[str]) -> set[str]:
        """Which texts have scores; if they are wanted anew, such as this run has asked for."""
        if work.refresh and activity.info().attempt == 1:
            return set()
        stored = await self._artifacts.get_all(work.project_id, ArtifactKind.SENTIMENT, digests)
        if not work.refresh:
            return set(stored)
        run = _run()
        return {
            digest
            for digest, artifact in stored.items()
            if StoredScores.model_validate(artifact.body).run == run
        }

    async def _keep(self, project_id: int, scores: Mapping[str, SentimentScores]) -> None:
        """Store what may have been paid for, though the registry be away for a while.

        Raises:
            StoreUnavailable: it was away for longer.
        """
        run, now = _run(), datetime.now(UTC)
        made = [
            Artifact(
                project_id=project_id,
                kind=ArtifactKind.SENTIMENT,
                digest=digest,
                body=StoredScores(scores=each, run=run).model_dump(),
                created_at=now,
            )
            for digest, each in scores.items()
        ]
        await keep_paid(partial(self._artifacts.put_all, made))


@contextmanager
def _unavailable_without_setup() -> Iterator[None]:
    """What a process cannot start without is weather to an activity: another worker may have it."""
    try:
        yield
    except SetupError as error:
        raise SentimentUnavailable(error.detail) from error


def _run() -> str:
    return activity.info().workflow_run_id or ""

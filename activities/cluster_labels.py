"""The activities of `clustering-run` that name its clusters: who needs a name, and questions to a model.

Every cluster has a name at once: that of the run before, or one of keywords. Names by a model replace it. An
answer is stored as soon as it is paid for; an attempt that finds it asks nobody.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from temporalio import activity

from activities.consent import has_ai_consent
from activities.model_answers import ModelAnswers, Question
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.clustering_runs import NOISE, ClusterLabel, LabelSource
from assay.contracts.clustering_workflows import ClusteringStep, ClustersLabelled, LabelClusters, LabelsWanted
from assay.contracts.models import ModelMessage, StoredAnswer
from assay.domain.cluster_labels.answer import CheckedLabels, check_labels, merged
from assay.domain.cluster_labels.naming import carried, folded, groups, keyword_labels
from assay.domain.cluster_labels.prompt import (
    MOST_SAMPLES,
    PROMPT_VERSION,
    USUAL_MODEL,
    ask_again,
    ask_for_labels,
    label_schema,
    shown_clusters,
)
from assay.domain.digests import digest_of
from assay.errors import (
    ArtifactMissing,
    ModelNotFound,
    ProviderAuthenticationFailed,
    ProviderKeyRefused,
    ProviderKeyRequired,
)
from assay.ports import ClusteringArtefacts, Registry
from assay.temporal.heartbeat import heartbeating

_ABOUT: Final = "cluster labels"

_NO_CONSENT: Final = "no_consent"


class _Subject(NamedTuple):
    """What a question is about.

    Attributes:
        shown: see `shown_clusters`.
        others: names of the clusters that it is not about.
    """

    shown: str
    others: Sequence[ClusterLabel]


class ClusterLabelActivities:
    """Names clusters."""

    def __init__(self, *, registry: Registry, answers: ModelAnswers, artefacts: ClusteringArtefacts) -> None:
        self._registry = registry
        self._answers = answers
        self._artefacts = artefacts

    @activity.defn(name="plan-cluster-labels")
    async def plan(self, step: ClusteringStep) -> LabelsWanted:
        """Name all clusters without a model, and say for which ones a model is to be asked.

        Raises:
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            kept, unnamed = await asyncio.to_thread(self._named, step)
            skip = await self._skip(step.given.project_id) if unnamed else ""
            return LabelsWanted(skip=skip, groups=() if skip else groups(unnamed), carried=kept)

    @activity.defn(name="label-clusters")
    async def label(self, given: LabelClusters) -> ClustersLabelled:
        """Get an answer, the one that was paid for if there is one, and name clusters by what is good in it.

        Raises:
            ArtifactMissing: the answer that is to be mended is not kept any more.
            WorkError: the model gave no answer.
        """
        async with heartbeating():
            subject = await asyncio.to_thread(self._subject, given)
            answer = await self._stored(given, subject, is_repair=given.is_repair)
            if answer is None:
                # It may be hours since the questions were planned.
                if not await has_ai_consent(self._registry.access, given.step.given.project_id):
                    return ClustersLabelled(skip=_NO_CONSENT)
                answer = await self._asked(given, subject)
                await self._keep(given, subject, answer)
            checked = _checked(answer, given, subject)
            labels = checked.labels
            if given.is_repair:
                first = _checked(await self._first(given, subject), given, subject)
                labels = merged(first.labels, labels)
            await asyncio.to_thread(self._artefacts.put_labels, *given.step.place, labels)
            return ClustersLabelled(
                labelled=tuple(sorted(labels)),
                problems=checked.problems,
                model=answer.model,
                input_tokens=answer.input_tokens or 0,
                output_tokens=answer.output_tokens or 0,
                cost_usd=answer.cost_usd,
            )

    def _subject(self, given: LabelClusters) -> _Subject:
        clusters = self._artefacts.clusters(*given.step.place)
        samples = self._artefacts.samples(
            *given.step.place, per_cluster=MOST_SAMPLES, clusters=given.clusters
        )
        asked = [cluster for cluster in clusters if cluster.shape.id in given.clusters]
        others = [cluster.label for cluster in clusters if cluster.shape.id not in given.clusters]
        return _Subject(shown_clusters(asked, samples), [label for label in others if label is not None])

    def _named(self, step: ClusteringStep) -> tuple[int, list[int]]:
        """Name all clusters; how many have kept their name, and which a model could name better."""
        clusters = self._artefacts.clusters(*step.place)
        previous = step.plan.previous
        found = [] if previous is None else self._artefacts.clusters(step.given.project_id, previous)
        before = {cluster.shape.id: cluster for cluster in found}
        kept = carried(clusters, before)
        others = [cluster for cluster in clusters if cluster.shape.id not in kept]
        taken = {folded(label.title) for label in kept.values()}
        self._artefacts.put_labels(*step.place, {**keyword_labels(others, taken, before), **kept})
        return len(kept), [cluster.shape.id for cluster in others if cluster.shape.id != NOISE]

    async def _skip(self, project_id: int) -> str:
        """Why no model is asked."""
        if not await has_ai_consent(self._registry.access, project_id):
            return _NO_CONSENT
        try:
            await self._answers.choose(project_id, None, usual=USUAL_MODEL)
        except (ProviderKeyRequired, ModelNotFound):
            return "no_model"
        return ""

    async def _asked(self, given: LabelClusters, subject: _Subject) -> StoredAnswer:
        question = Question(
            project_id=given.step.given.project_id,
            about=_ABOUT,
            messages=await self._messages(given, subject),
            schema_name="cluster_labels",
            json_schema=label_schema(),
            usual_model=USUAL_MODEL,
        )
        try:
            return await self._answers.get(question)
        except ProviderAuthenticationFailed as error:  # names are extras: no run waits for another key
            raise ProviderKeyRefused(f"The provider refuses the key: {error.detail}") from error

    async def _messages(self, given: LabelClusters, subject: _Subject) -> tuple[ModelMessage, ...]:
        boundary = secrets.token_hex(16)
        # Lists of keywords are no names that another one could be mistaken for.
        names = [label.title for label in subject.others if label.source is not LabelSource.KEYWORDS]
        question = ask_for_labels(given.step.plan.level, subject.shown, names, boundary)
        if not given.is_repair:
            return question
        first = await self._first(given, subject)
        return ask_again(question, first.text, given.problems, boundary)

    async def _first(self, given: LabelClusters, subject: _Subject) -> StoredAnswer:
        found = await self._stored(given, subject, is_repair=False)
        if found is None:
            raise ArtifactMissing("The answer that is to be mended is not kept any more.")
        return found

    async def _stored(
        self, given: LabelClusters, subject: _Subject, *, is_repair: bool
    ) -> StoredAnswer | None:
        digest = _digest(given, subject, is_repair=is_repair)
        found = await self._registry.artifacts.get(
            given.step.given.project_id, ArtifactKind.CLUSTER_LABELS, digest
        )
        return None if found is None else StoredAnswer.model_validate(found.body)

    async def _keep(self, given: LabelClusters, subject: _Subject, answer: StoredAnswer) -> None:
        await self._answers.keep(
            Artifact(
                project_id=given.step.given.project_id,
                kind=ArtifactKind.CLUSTER_LABELS,
                digest=_digest(given, subject, is_repair=given.is_repair),
                subject=str(given.step.plan.id),
                body=answer.model_dump(),
                created_at=datetime.now(UTC),
            )
        )


def _digest(given: LabelClusters, subject: _Subject, *, is_repair: bool) -> str:
    """Where an answer is kept. A run that is begun again finds it, if it is about the same."""
    which = "repair" if is_repair else "first"
    return digest_of(_ABOUT, PROMPT_VERSION, str(given.step.plan.id), subject.shown, which)


def _checked(answer: StoredAnswer, given: LabelClusters, subject: _Subject) -> CheckedLabels:
    if answer.fault:
        return CheckedLabels({}, (answer.fault,))
    taken = {folded(label.title) for label in subject.others}
    return check_labels(answer.text, given.clusters, taken)

"""The activities of `summarization-window`: draw a sample, read an item, write down its summary, embed it.

Each can be done again: what is drawn depends on the events alone, texts and summaries are kept under digests
of what they are made from, and the event of a summary has a fixed identity.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from temporalio import activity

from activities.consent import has_ai_consent
from activities.model_answers import ModelAnswers
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.events import GENERATION
from assay.contracts.summarization import StoredSummary, SummarizationInput, SummaryMode
from assay.contracts.summarization_windows import (
    Draw,
    ItemOfWindow,
    PlanWindow,
    PreparedItem,
    RecordSummary,
    SkipReason,
    WindowItem,
    WindowPlan,
    WindowRef,
)
from assay.domain.digests import digest_of
from assay.domain.filters.parsing import parse_filters
from assay.domain.summaries.entities import (
    LONGEST_TEXT,
    Entity,
    event_of,
    subject_of,
    summary_digest,
    trace_of,
    variant_of,
)
from assay.domain.summaries.prompts import USUAL_MODEL
from assay.domain.summary_events import drawer, summary_event
from assay.domain.window_sampling import candidates_in_all, sample
from assay.errors import ArtifactMissing, EventsRejected, ProviderKeyRequired
from assay.ports import EventWriter, Registry, TraceReads, WindowCandidates
from assay.temporal.heartbeat import heartbeating

ITEMS: Final[Mapping[AnalysisLevel, int]] = MappingProxyType(
    {AnalysisLevel.TRACE: 15, AnalysisLevel.GENERATION: 20}
)
"""Of a window, at most."""

MOST_EVENTS: Final = 10_000
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of a trace; a larger one is skipped, not cut."""

_LOOK_BACK: Final = timedelta(days=30)
"""Before the end of the window: what happened earlier in a trace is left out."""

_LONGEST_TRACE_ID: Final = 1_000
"""Characters of an id that goes into histories."""

_READING: Final = 2
"""A large trace takes some hundred megabytes while its text is made."""


class _Drawer(NamedTuple):
    """Who draws, and out of what; the filters as they were sent."""

    level: AnalysisLevel
    name: str
    filters: Any


class SummarizationWindowActivities:
    """Summarises windows, all but the questions to models."""

    def __init__(
        self,
        *,
        registry: Registry,
        candidates: WindowCandidates,
        traces: TraceReads,
        answers: ModelAnswers,
        writer: EventWriter,
    ) -> None:
        self._registry = registry
        self._candidates = candidates
        self._traces = traces
        self._answers = answers
        self._writer = writer
        self._reading = asyncio.Semaphore(_READING)

    @activity.defn(name="plan-summarization-window")
    async def plan(self, given: PlanWindow) -> WindowPlan:
        """Draw the sample of a window.

        Raises:
            UnsupportedFilter: a filter of the job cannot be evaluated.
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            if not await has_ai_consent(self._registry.access, given.ref.project_id):
                return WindowPlan(skip=SkipReason.NO_CONSENT)
            found = await self._drawer(given.ref)
            if found is None:
                return WindowPlan(skip=SkipReason.JOB_OFF)
            try:
                await self._answers.choose(given.ref.project_id, None, usual=USUAL_MODEL)
            except ProviderKeyRequired:
                return WindowPlan(skip=SkipReason.NO_MODEL)
            return await asyncio.to_thread(self._drawn, given, found)

    @activity.defn(name="prepare-summary-item")
    async def prepare(self, given: ItemOfWindow) -> PreparedItem:
        """Read an item and keep its text, unless it is summarised already.

        Raises:
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            async with self._reading:
                prepared, text = await asyncio.to_thread(self._prepared, given)
            if prepared.work is None:
                return prepared
            if await self._is_kept(prepared.work):
                return prepared.model_copy(update={"cached": True})
            await self._registry.artifacts.put(
                Artifact(
                    project_id=prepared.work.project_id,
                    kind=ArtifactKind.TEXT,
                    digest=prepared.work.text_digest,
                    body=text,
                    created_at=datetime.now(UTC),
                )
            )
            return prepared

    @activity.defn(name="record-summary")
    async def record(self, given: RecordSummary) -> None:
        """Write the event of a summary; again changes nothing.

        Raises:
            ArtifactMissing: the summary is not kept any more.
            EventsRejected: the event store refuses it.
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            work = given.work
            found = await self._registry.artifacts.get(work.project_id, ArtifactKind.SUMMARY, work.digest)
            if found is None:
                raise ArtifactMissing("The summary is not kept any more.")
            event = summary_event(given, StoredSummary.model_validate(found.body))
            written = await self._writer.write([event], size=len(event.model_dump_json()))
            for reason in written.refused.values():
                raise EventsRejected(reason)

    async def _drawer(self, ref: WindowRef) -> _Drawer | None:
        """The job, or what stands for one in a project without jobs; None if it does not draw any more."""
        if ref.job_id is None:
            if await self._registry.clustering_jobs.list(ref.project_id):
                return None
            config = await self._registry.clustering_config.get(ref.project_id)
            return _Drawer(AnalysisLevel.TRACE, "", list(config.event_filters))
        job = await self._registry.clustering_jobs.get(ref.project_id, ref.job_id)
        if job is None or not job.enabled or job.analysis_level not in ITEMS:
            return None
        filters = list(job.event_filters) if isinstance(job.event_filters, tuple) else job.event_filters
        return _Drawer(job.analysis_level, job.name, filters)

    def _drawn(self, given: PlanWindow, found: _Drawer) -> WindowPlan:
        filters, limit = parse_filters(found.filters), ITEMS[found.level]
        draw = Draw(since=given.since, until=given.until, lot=drawer(given.ref), per_stratum=limit)
        is_trace = found.level is AnalysisLevel.TRACE
        reads = self._candidates.traces if is_trace else self._candidates.generations
        offered = reads(given.ref.project_id, filters, draw)
        return WindowPlan(
            level=found.level,
            job_name=found.name,
            queried=candidates_in_all(offered),
            items=tuple(WindowItem(id=each.id, timestamp=each.timestamp) for each in sample(offered, limit)),
        )

    def _prepared(self, given: ItemOfWindow) -> tuple[PreparedItem, str]:
        """What there is to do about an item, and its text."""
        is_trace = given.level is AnalysisLevel.TRACE
        found = self._trace(given) if is_trace else self._generation(given)
        if isinstance(found, SkipReason):
            return PreparedItem(skip=found), ""
        entity = found.entity
        if not entity.has_payload:
            return PreparedItem(skip=SkipReason.NOTHING_SAID), ""
        text = entity.text
        if len(text) > LONGEST_TEXT:
            return PreparedItem(skip=SkipReason.TRACE_TOO_LARGE), ""
        return PreparedItem(work=_work(given.ref, entity, text), **found.about), text

    def _trace(self, given: ItemOfWindow) -> _Found | SkipReason:
        project_id, trace_id = given.ref.project_id, given.item.id
        span = {"since": given.until - _LOOK_BACK, "until": given.until}
        # First the mark: what arrives later makes the summary an old one, never a wrong one that looks new.
        state = self._traces.state(project_id, trace_id, **span)
        if state is None or not state.events:
            return SkipReason.TRACE_NOT_FOUND
        if state.events > MOST_EVENTS or state.size > MOST_BYTES:
            return SkipReason.TRACE_TOO_LARGE
        events = self._traces.events(project_id, trace_id, **span, limit=MOST_EVENTS)
        about = {"trace_id": trace_id, "events": len(events)}
        return _Found(trace_of(trace_id, events, state), about)

    def _generation(self, given: ItemOfWindow) -> _Found | SkipReason:
        at = given.item.timestamp
        event = self._traces.find(
            given.ref.project_id,
            UUID(given.item.id),
            names=(GENERATION,),
            since=at,
            until=at + timedelta(microseconds=1),
        )
        if event is None:
            return SkipReason.GENERATION_NOT_FOUND
        trace_id = str(event.properties.get("$ai_trace_id") or "")
        about = {"trace_id": trace_id if len(trace_id) <= _LONGEST_TRACE_ID else ""}
        return _Found(event_of(event, str(event.ingested_at)), about)

    async def _is_kept(self, work: SummarizationInput) -> bool:
        """Whether the summary is there. It is told if its trace was touched without a change of its text."""
        artifacts = self._registry.artifacts
        found = await artifacts.get(work.project_id, ArtifactKind.SUMMARY, work.digest)
        if found is not None and found.source != work.source:
            await artifacts.put(found.model_copy(update={"source": work.source}))
        return found is not None


class _Found(NamedTuple):
    """What is summarised, and facts about it for a `PreparedItem`."""

    entity: Entity
    about: dict[str, Any]


def _work(ref: WindowRef, entity: Entity, text: str) -> SummarizationInput:
    """The same work as that of a request for a detailed summary: they share it."""
    subject, text_digest = subject_of(entity.id), digest_of(text)
    variant = variant_of(entity.kind, SummaryMode.DETAILED, None, is_whole=entity.is_whole)
    return SummarizationInput(
        project_id=ref.project_id,
        kind=entity.kind,
        mode=SummaryMode.DETAILED,
        digest=summary_digest(ref.project_id, subject, variant, text_digest),
        text_digest=text_digest,
        text_length=len(text),
        subject=subject,
        variant=variant,
        source=entity.source,
    )

"""What request handlers work with; built once by the composition root."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from temporalio.client import Client

from assay.contracts.sentiment import SentimentSource
from assay.domain.signed_links import PageLinks
from assay.ports import (
    ClusteringArtefacts,
    EventStore,
    EventWriter,
    GenerationInputs,
    HogRunner,
    JudgedRuns,
    ProviderDirectory,
    Registry,
    ReportData,
    TraceReads,
)
from schedules.job_kinds import JobCrons

_LARGE_READS = 2
"""A captured event may have 8 MB, and some ten times that as objects."""


@dataclass(frozen=True, slots=True)
class Deps:
    """Ports and values of the API.

    Attributes:
        writer: the only way by which captured events reach the event store.
        hog: compiles and runs Hog programs, in processes of their own.
        providers: what model providers say about projects' keys.
        temporal: connected client with the engine's data converter.
        report_data: results over time, for the pages of reports.
        page_links: signed links to the pages of runs.
        judged_runs: what evaluations have found.
        traces: events of traces, by what people know of them.
        inputs: what generations were asked.
        sentiment: who says how texts feel.
        clustering_artefacts: what runs of clustering jobs have found.
        trial_eval_limit: evaluations that a project may run on the operator's own model key.
        job_crons: of the Schedules of clustering jobs.
        throttle: whether per-key request limits are on.
        ready_checks: one named probe per dependency; a probe raises when its dependency is down.
        clock: seconds, monotonic; what request limits are counted by.
        large_reads: held while an event is read and worked on for a request, so that requests for long
            events wait for each other instead of filling the memory.
    """

    registry: Registry
    events: EventStore
    writer: EventWriter
    providers: ProviderDirectory
    hog: HogRunner
    temporal: Client
    report_data: ReportData
    page_links: PageLinks
    judged_runs: JudgedRuns
    traces: TraceReads
    inputs: GenerationInputs
    sentiment: SentimentSource
    clustering_artefacts: ClusteringArtefacts
    trial_eval_limit: int
    throttle: bool
    ready_checks: Mapping[str, Callable[[], Awaitable[None]]]
    job_crons: JobCrons = field(default_factory=JobCrons)
    clock: Callable[[], float] = time.monotonic
    large_reads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LARGE_READS))


def deps_of(request: Request) -> Deps:
    """The dependencies of the app that serves `request`."""
    deps: Deps = request.app.state.deps
    return deps
